# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import os
import threading

import pytest
import torch

from echo_depth_ros.learning.networks.teacher import RgbTeacher
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.teacher_bank import fingerprint, open_bank


class _Corners:
    """Teacher that averages cells of 16×16 pixels, and counts how often it is asked."""

    channels = 3

    def __init__(self, factor: float = 1.0) -> None:
        self.factor, self.asked = factor, 0

    def embed(self, rgb):
        self.asked += 1
        return self.factor * torch.nn.functional.adaptive_avg_pool2d(rgb, 8)


def test_looks_up_as_they_are_and_mirrored(splits, tmp_path):
    split, teacher = splits[1], _Corners()
    bank = open_bank(tmp_path, teacher, 'corners', split, batch=10)
    indices = torch.tensor([5, 0, 63, 5])
    mirrored = torch.tensor([False, True, True, True])
    rgb = split.rgb_batch(indices)
    rgb = torch.where(mirrored[:, None, None, None], rgb.flip(-1), rgb)
    got = bank.batch(indices, mirrored)
    assert bank.channels == 3 and got.shape == (4, 3, 8, 8) and got.dtype == torch.float32
    torch.testing.assert_close(got, teacher.embed(rgb), rtol=1e-3, atol=1e-3)


def test_is_computed_once(splits, tmp_path):
    teacher = _Corners()
    first = open_bank(tmp_path, teacher, 'corners', splits[1])
    asked = teacher.asked
    again = open_bank(tmp_path, teacher, 'corners', splits[1])
    assert teacher.asked == asked and (first.values == again.values).all()


def test_only_one_of_several_computes(splits, tmp_path):
    teacher = _Corners()
    threads = [threading.Thread(target=open_bank, args=(tmp_path, teacher, 'c', splits[1], 64))
               for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert teacher.asked == 2


def test_a_failure_leaves_nothing_behind(splits, tmp_path):
    with pytest.raises(TrainingError, match='not finite'):
        open_bank(tmp_path, _Corners(1e9), 'corners', splits[1])
    assert not [name for name in os.listdir(tmp_path) if not name.endswith('.lock')]


def test_other_weights_or_images_have_another_bank(splits):
    torch.manual_seed(0)
    one, two = RgbTeacher('depth'), RgbTeacher('depth')
    prints = {fingerprint(one, 't', splits[0]), fingerprint(two, 't', splits[0]),
              fingerprint(one, 't', splits[1]), fingerprint(_Corners(), 't', splits[0]),
              fingerprint(_Corners(), 'u', splits[0])}
    assert len(prints) == 5
    assert fingerprint(one, 'x', splits[0]) == fingerprint(one, 'y', splits[0])
