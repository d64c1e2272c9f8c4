# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The picture and the figures of a drive."""

from matplotlib import image
import numpy as np
import pytest

from echo_depth_ros.perception.journey import Journey


def _drive(moments=3):
    journey = Journey(seconds=3.0, moments=moments)
    truth = np.full((16, 16), 2.0, np.float32)
    for step in range(30):
        journey.add(step / 10, truth, truth * 1.1, np.zeros((16, 16, 3), np.uint8))
    return journey


def test_figures_are_the_mean_over_all_windows():
    journey = _drive()
    assert journey.figures.images == 30
    assert journey.figures.mean.rel == pytest.approx(0.1, abs=1e-6)


def test_moments_are_spread_over_the_drive():
    assert [moment.time for moment in _drive().kept] == pytest.approx([0.5, 1.5, 2.5])


def test_picture_is_drawn_with_and_without_holes(tmp_path):
    journey = _drive()
    journey.draw(tmp_path / 'new' / 'a.png', 'title')
    assert (tmp_path / 'new' / 'a.png').stat().st_size > 5000
    journey = Journey(seconds=0.1, moments=1)
    depth = np.full((8, 8), np.nan, np.float32)
    depth[0, 0] = np.inf
    journey.add(1.0, np.full((8, 8), 3.0, np.float32), depth, None)
    journey.draw(tmp_path / 'b.png', '')
    assert (tmp_path / 'b.png').exists()


def test_confidence_gets_a_row_of_its_own(tmp_path):
    plain, journey = _drive(1), _drive(0)
    journey.moments = 2
    truth = np.full((16, 16), 2.0, np.float32)
    sure = np.full((16, 16), 0.8, np.float32)
    journey.add(2.0, truth, truth, None, sure)
    journey.add(3.0, truth, truth, None)
    assert journey.kept[1].confidence is None
    sure[:] = 0.0
    assert (journey.kept[0].confidence == np.float32(0.8)).all()
    heights = []
    for drive in (plain, journey):
        drive.draw(tmp_path / 'd.png', 'title')
        heights.append(image.imread(tmp_path / 'd.png').shape[0])
    assert heights[1] > heights[0]


def test_an_empty_drive_still_draws(tmp_path):
    Journey(seconds=1.0).draw(tmp_path / 'c.png', 'nothing heard')
    assert (tmp_path / 'c.png').exists()
