# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.nodes.wall_input import camera_of, PingInput, same_camera
from echo_depth_ros.vision.camera import CalibratedCamera, CameraModel

NS = 10**9
NOW = 1_700_000_000 * NS
DEPTH = np.ones((128, 128), np.float32)
quick = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture
def given_():
    return PingInput(0.5, NOW)


@quick
@given(st.permutations(['range', 'depth', 'confidence']), st.integers(0, 3))
def test_the_parts_of_a_ping_are_joined_in_whatever_order_they_come(order, asked_after):
    pings, stamp, got = PingInput(0.5, NOW - NS), NOW - NS // 10, []
    for number, part in enumerate(order):
        {'range': lambda: pings.take_range(stamp, 1.5, NOW),
         'depth': lambda: pings.take_depth(stamp, DEPTH, NOW),
         'confidence': lambda: pings.take_confidence(stamp, DEPTH, NOW)}[part]()
        if number == asked_after:
            got += pings.due(NOW, confidence_published=True)
    got += pings.due(NOW, confidence_published=True)
    assert all(p.stamp_s == pytest.approx(0.9) for p in got)
    assert [p.range_m for p in got if not math.isnan(p.range_m)] == [1.5]
    depths = [p for p in got if p.depth is not None]
    assert len(depths) == 1 and depths[0].confidence is not None
    assert pings.due(NOW, confidence_published=True) == []


@quick
@given(st.lists(st.integers(-NS, NS), min_size=1, max_size=12))
def test_whatever_is_handed_out_is_fresh_and_newer_than_what_was_before(offsets):
    pings, got = PingInput(0.5, NOW), []
    for offset in offsets:
        pings.take_range(NOW + offset, 1.0, NOW)
        got += [p.stamp_s for p in pings.due(NOW, False)]
    assert all(-0.5 <= stamp <= 0 for stamp in got)
    assert got == sorted(set(got))
    assert len(got) + sum(pings.refused.values()) == len(offsets)


@pytest.mark.parametrize(('stamp', 'kind', 'words'), [
    (NOW + 1, 'in the future', '0.000 s in the future'),
    (NOW - NS, 'too old', '1.00 s ago; expected at most 0.5 s'),
    (0, 'too old', 's ago'), (NOW - 2, 'not newer', 'is not newer than the last one')])
def test_stamps_that_nothing_may_be_driven_by(given_, stamp, kind, words):
    given_.take_range(NOW - 1, 1.0, NOW)
    given_.take_range(stamp, 1.0, NOW)
    assert given_.refused == {kind: 1} and words in given_.last_refusal
    assert len(given_.due(NOW, False)) == 1


def test_depth_waits_for_its_confidence_and_is_never_taken_without_again(given_):
    def depth(at):
        given_.take_depth(NOW + at, DEPTH, NOW + at)
        return given_.due(NOW + at, confidence_published=True)

    assert depth(0) == [] and depth(NS // 2) == []
    assert len(depth(NS)) == 1  # a second after the first; those that waited are old by now
    assert given_.sure is False and len(depth(2 * NS)) == 1
    given_.take_confidence(NOW + 3 * NS, DEPTH, NOW + 3 * NS)
    assert given_.sure and len(depth(3 * NS)) == 1
    assert depth(4 * NS) == [] and depth(9 * NS) == []
    assert given_.lacks_confidence(NOW + 4 * NS, 0.5)


def test_depth_is_taken_at_once_where_nobody_publishes_confidence(given_):
    given_.take_depth(NOW, DEPTH, NOW)
    percept, = given_.due(NOW, confidence_published=False)
    assert percept.confidence is None and math.isnan(percept.range_m)


def test_what_waits_does_not_pile_up(given_):
    given_.take_confidence(NOW, DEPTH, NOW)
    for at in range(1, 100):
        given_.take_depth(NOW + at, DEPTH, NOW + at)
    assert len(given_._depths) <= 4


def test_ages_tell_ranges_that_were_heard_from_those_that_were_not(given_):
    assert given_.ages(NOW) == (math.inf, math.inf, math.inf)
    given_.take_range(NOW - NS // 4, 1.0, NOW)
    given_.take_range(NOW, math.nan, NOW)
    assert given_.ages(NOW) == (0.0, 0.25, math.inf)


def test_one_that_is_emptied_keeps_its_counts_and_its_camera(given_):
    given_.camera = CameraModel(64, 48)
    given_.take_range(NOW + 9, 1.0, NOW)
    fresh = given_.emptied(NOW - NS)
    assert fresh.refused == {'in the future': 1} and fresh.camera.width == 64
    assert fresh.seconds(NOW) == 1.0 and fresh.ages(NOW).range == math.inf


@quick
@given(st.integers(2, 400), st.integers(2, 400), st.floats(10, 150), st.floats(10, 150))
def test_a_camera_comes_back_from_its_intrinsics(width, height, hfov, vfov):
    camera = CameraModel(width, height, hfov, vfov)
    assert same_camera(camera_of(width, height, camera.k), camera)


@pytest.mark.parametrize('axis', ['cx', 'cy'])
def test_a_camera_that_looks_aside_is_refused(axis):
    place = {'cx': 63.5, 'cy': 63.5, axis: 50.0}
    with pytest.raises(ValueError, match=f'{axis} 50.0; expected the middle'):
        camera_of(128, 128, CalibratedCamera(128, 128, 64.0, 64.0, **place).k)
