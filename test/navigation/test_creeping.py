# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot that stands too near to something may try to get away, a little."""

from dataclasses import replace

import pytest

from echo_depth_ros.navigation.messages import Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits, SafeDrive

LIMITS = DriveLimits()


def test_a_robot_that_stands_too_near_may_turn_and_creep_a_little():
    drive, now, way = SafeDrive(LIMITS), 0.0, 0.0
    for _ in range(200):
        drive.hear(Percept(now - 0.1, LIMITS.stop_range - 0.005))
        speed, turn = drive.command(9.0, 0.5, now)
        way += abs(speed) * LIMITS.tick
        now += LIMITS.tick
    assert speed == 0 and turn == pytest.approx(0.5)
    assert 0 < way < LIMITS.creep_distance


def creep(drive, now, range_m, seconds=4.0, speed=9.0):
    """Let it try at a range; returns the time and the metres that slipping wheels went."""
    way, end = 0.0, now + seconds
    while now < end:
        drive.hear(Percept(now - 0.1, range_m))
        way += abs(drive.command(speed, 0.0, now)[0]) * LIMITS.tick * (1 + LIMITS.slip)
        now += LIMITS.tick
    return now, way


@pytest.mark.parametrize('speed', [9.0, -9.0])
def test_creeping_ends_within_its_distance_and_begins_anew_only_in_the_open(speed):
    drive, near = SafeDrive(LIMITS), LIMITS.stop_range - 0.005
    now, way = creep(drive, 0.0, near, speed=speed)
    assert 0 < way <= LIMITS.creep_distance + 1e-9
    now, more = creep(drive, now, LIMITS.stop_range + 0.5 * 0.01, seconds=0.2, speed=0.0)
    now, more = creep(drive, now, near, speed=speed)
    assert more < LIMITS.creep_distance / 2  # half a centimetre of room is not the open
    now, _ = creep(drive, now, 0.5, seconds=0.5, speed=0.0)
    now, again = creep(drive, now, near, speed=speed)
    assert again == pytest.approx(way)


def test_slip_counts_while_creeping():
    limits = replace(LIMITS, slip=1.0, creep_distance=0.03, sure_range=0.6)
    drive, now, way = SafeDrive(limits), 0.0, 0.0
    for _ in range(100):
        drive.hear(Percept(now - 0.1, limits.stop_range - 0.005))
        way += drive.command(9.0, 0.0, now)[0] * limits.tick * (1 + limits.slip)
        now += limits.tick
    assert 0 < way <= limits.creep_distance + 1e-9
