# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.vision.pairing import FramePairing

MS = 10**6
SECOND = 10**9
TOLERANCE = 50 * MS
WAIT = 100 * MS


class Sight:
    """A pairing, with frames and windows told in milliseconds, and its outcome."""

    def __init__(self, wait=WAIT):
        self.pairing = FramePairing(TOLERANCE, wait)
        self.pairs = []

    def frame(self, stamp, at):
        """Let a frame of ``stamp`` come at ``at``."""
        self._note(self.pairing.add(stamp * MS, stamp, at * MS, at * MS))

    def window(self, stamp, at):
        """Publish the window of ``stamp`` at ``at``."""
        self._note(self.pairing.window(stamp * MS, at * MS))

    def settle(self, at):
        """Look at the clock."""
        self._note(self.pairing.settle(at * MS))

    def _note(self, pairs):
        self.pairs += [(pair.window // MS, pair.frame.item) for pair in pairs]


def test_a_frame_after_the_window_decides_it_at_once():
    sight = Sight()
    sight.frame(980, 1010)
    sight.frame(1013, 1040)
    sight.window(1000, 1073)
    assert sight.pairs == [(1000, 1013)]


def test_a_window_is_awaited_until_it_is_decided():
    sight = Sight()
    sight.window(1000, 1073)
    assert sight.pairing.awaits(1000 * MS) and not sight.pairing.awaits(999 * MS)
    sight.settle(1180)
    assert sight.pairs == [] and not sight.pairing.awaits(1000 * MS)


def test_a_nearer_frame_that_is_on_its_way_is_waited_for():
    sight = Sight()
    sight.frame(960, 1010)
    sight.window(1000, 1073)
    assert sight.pairs == []
    sight.frame(993, 1100)
    assert sight.pairs == []
    sight.frame(1026, 1120)
    assert sight.pairs == [(1000, 993)]
    assert sight.pairing.late == sight.pairing.missing == 0


def test_the_wait_is_bounded_and_the_best_there_is_is_taken():
    sight = Sight()
    sight.frame(960, 1010)
    sight.window(1000, 1073)
    sight.settle(1172)
    assert sight.pairs == []
    sight.settle(1173)
    assert sight.pairs == [(1000, 960)]


def test_a_frame_that_comes_later_than_that_is_counted_late():
    sight = Sight()
    sight.frame(960, 1010)
    sight.window(1000, 1073)
    # Nobody looked at the clock meanwhile: the frame itself must not be taken any more.
    sight.frame(1001, 1174)
    assert sight.pairs == [(1000, 960)] and sight.pairing.late == 1
    sight.frame(1030, 1200)
    assert sight.pairing.late == 1 and sight.pairing.missing == 0


def test_a_late_frame_of_a_window_without_any():
    sight = Sight()
    sight.window(1000, 1073)
    sight.settle(1200)
    assert (sight.pairing.missing, sight.pairing.missed, sight.pairing.late) == (1, 1, 0)
    sight.frame(1010, 1300)
    assert sight.pairs == [] and sight.pairing.late == 1
    sight.window(1040, 1301)
    sight.settle(1500)
    assert sight.pairs == [(1040, 1010)] and sight.pairing.missed == 0


def test_without_a_wait_a_window_takes_what_is_there():
    sight = Sight(wait=0)
    sight.frame(960, 1010)
    sight.window(1000, 1073)
    assert sight.pairs == [(1000, 960)]


def test_a_clock_that_jumps_makes_the_frames_before_forgotten():
    sight = Sight()
    for n in range(30):
        sight.frame(1000 + 33 * n, 1020 + 33 * n)
    # Back by 0.7 s: by their stamps alone, frames from before lie in the new present.
    pairs = len(sight.pairs)
    for n in range(30, 60):
        sight.frame(300 + 33 * n, 1020 + 33 * n)
    assert sight.pairing.jumps == 1 and sight.pairing.delay.step == -700 * MS
    sight.window(1957, 2980)
    assert sight.pairs[pairs:] == [(1957, 300 + 33 * 50)]


def test_offset_is_of_the_nearest_frame_though_it_be_beyond_the_tolerance():
    sight = Sight()
    for n in range(5):
        sight.frame(1000 + 200 * n, 1130 + 200 * n)
        sight.window(930 + 200 * n, 1131 + 200 * n)
    assert sight.pairing.missing == 5 and sight.pairing.offset == pytest.approx(70 * MS, abs=1)


def test_clear_keeps_the_counts():
    sight = Sight()
    sight.frame(1000, 1020)
    sight.window(1000, 1073)
    sight.window(1070, 1143)
    sight.pairing.clear()
    sight.settle(9000)
    assert sight.pairing.paired == 1 and sight.pairing.missing == 0
    assert sight.pairing.offset != sight.pairing.offset


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data(), wait=st.sampled_from([0, 30, 100]),
       period=st.integers(10, 120), latency=st.integers(0, 200))
def test_a_window_gets_the_nearest_of_what_came_in_time(data, wait, period, latency):
    """Whatever the order of events, as if everything were known when the wait is over."""
    jitter = data.draw(st.lists(st.integers(0, 40), min_size=20, max_size=20))
    frames, at = [], 0
    for n, late in enumerate(jitter):
        at = max(at, period * n + latency + late)  # one camera's frames come in order
        frames.append((period * n, at))
    begins = sorted(data.draw(st.sets(st.integers(0, 20 * period), max_size=8)))
    windows = [(stamp, stamp + 73) for stamp in begins]
    sight = Sight(wait * MS)
    events = sorted([(at, 0, stamp) for stamp, at in frames]
                    + [(at, 1, stamp) for stamp, at in windows])
    for at, kind, stamp in events:
        (sight.window if kind else sight.frame)(stamp, at)
    sight.settle(10**6)
    expected = []
    for stamp, at in windows:
        known = [f for f, came in frames if came <= at or came < at + wait]
        best = min(known, key=lambda f: abs(f - stamp), default=None)
        if best is not None and abs(best - stamp) <= TOLERANCE // MS:
            expected.append((stamp, best))
    assert sight.pairs == expected
    assert sight.pairing.paired == len(expected)
    assert sight.pairing.missing == len(windows) - len(expected)
    assert sight.pairing.jumps == 0
