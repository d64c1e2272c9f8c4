# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from echo_depth_ros.learning.avs.export import export
from echo_depth_ros.learning.avs.study.files import difference, files_table, judge_files

from ..small import tiny
from .made import made, rooms


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp('files') / 'avs.onnx'
    export(tiny(), path, 'nothing')
    return path


def test_a_file_says_what_its_network_says_and_not_what_another_does(file):
    test = made(rooms(3))
    largest, mean = difference(tiny(), file, test, threads=1)
    assert mean <= largest < 1e-3
    other = tiny()
    other.metric.head.seed_bin_regressor.conv2.bias.data += 1
    assert difference(other, file, test, threads=1)[0] > 10 * largest


def test_files_are_counted_and_timed(file):
    found, = judge_files({'ours': file}, rounds=2, threads=(1,))
    assert found.megabytes == pytest.approx(file.stat().st_size / 1e6)
    parameters = sum(each.numel() for each in tiny().parameters()) / 1e6
    assert found.parameters_m == pytest.approx(parameters, rel=0.4) and found.ms[1] > 0
    assert math.isnan(found.largest) and found.to_dict()['largest'] is None
    head, rule, line = files_table([found]).splitlines()
    assert head.count('|') == rule.count('|') == line.count('|') and '| – | – | – |' in line
