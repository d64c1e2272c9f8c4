# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.avs.figures import AvsFigures
from echo_depth_ros.learning.avs.study.kept import Kept, Model

from .made import made, model, rooms


def test_a_model_is_asked_once_for_each_set(tmp_path):
    half, test = model('half', lambda depth: depth / 2, confidence=0.7), made(rooms())
    said = Kept(tmp_path).said(half, test)
    again = Kept(tmp_path).said(half, test)
    assert half.predictor.asked == 1
    np.testing.assert_array_equal(again.depth, said.depth)
    assert (again.confidence == np.float32(0.7)).all()
    Kept(tmp_path).said(half, made(rooms(), seed=1))  # the same images, other echoes
    assert half.predictor.asked == 2


def test_models_are_told_apart_by_what_their_files_hold(tmp_path):
    path = tmp_path / 'model.pt'
    path.write_bytes(b'one')
    before = Model.of('it', path, None)
    path.write_bytes(b'two')
    assert Model.of('it', path, None).mark != before.mark
    assert Model.of('it', 'hf:some/name', None).mark == 'hf:some/name'


def test_figures_are_worked_out_once_and_no_half_file_is_left(tmp_path):
    row = AvsFigures(*range(8))
    kept = Kept(tmp_path / 'new')
    assert kept.figures('key', lambda: [row, row]) == [row, row]
    assert kept.figures('key', lambda: pytest.fail('asked again')) == [row, row]
    with pytest.raises(KeyboardInterrupt):
        kept.figures('other', lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert len(list((tmp_path / 'new').iterdir())) == 1


def test_some_samples_stay_what_they_were():
    test = made(rooms())
    some = test.some([3, 1])
    np.testing.assert_array_equal(some.truth, test.truth[[3, 1]])
    assert some.split.sources == [test.split.sources[3], test.split.sources[1]]
    assert torch.equal(some.split.rgb, test.split.rgb[[3, 1]]) and some.name == 'made'


def test_less_light_changes_what_is_seen_only():
    test = made(rooms())
    as_it_was, dim, none = (test.in_light(light) for light in (1, 0.1, 0))
    assert torch.equal(as_it_was.split.rgb, test.split.rgb) and as_it_was.mark == test.mark
    dimmer = float(dim.split.rgb.float().mean() / test.split.rgb.float().mean())
    assert dimmer == pytest.approx(0.1, rel=0.1)
    assert none.split.rgb.max() < 10 and dim.mark != test.mark
    np.testing.assert_array_equal(dim.truth, test.truth)
    assert torch.equal(dim.split.waveform, test.split.waveform)
