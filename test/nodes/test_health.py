# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

import pytest

from echo_depth_ros.nodes.health import figure, Recent


def test_percentiles_and_rate_of_what_came_lately():
    recent = Recent(length=100, window=5.0)
    assert math.isnan(recent.percentile(50)) and recent.rate(0.0) == 0.0
    for i in range(200):
        recent.add(float(i), i * 0.1)
    assert recent.percentile(50) == pytest.approx(149.5)
    assert recent.rate(19.9) == pytest.approx(10.0)
    assert recent.rate(30.0) == 0.0


def test_the_rate_is_of_the_present_where_the_clock_was_set_back():
    recent = Recent()
    for i in range(20):
        recent.add(0.0, 3600 + i * 0.1)
    for i in range(20):
        recent.add(0.0, i * 0.1)
    assert recent.rate(1.9) == pytest.approx(10.0)


def test_figures_are_for_people():
    assert (figure(13.70001), figure(3), figure('cpu')) == ('13.7', '3', 'cpu')
