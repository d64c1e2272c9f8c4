# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.audio.host.lines import LineTracker, Note, Stamps

RATE = 44100
NS = 1_000_000_000


def notes(adc, dac, count=6):
    return [Note(441 * i, 441, i * 10_000_000, adc, dac) for i in range(count)]


def test_sensible_times_are_believed():
    stamps = Stamps(RATE, 0.5)
    stamps.judge(notes(-0.012, 0.06))
    assert stamps.trusted == {'input': True, 'output': True}
    note = Note(0, 441, NS, -0.012, 0.06)
    assert stamps.heard(note) == NS - 12_000_000
    assert stamps.played(note) == NS + 60_000_000


@pytest.mark.parametrize('adc, dac', [(0.0, 0.0), (-1e9, 1e9), (float('nan'), float('nan'))])
def test_without_sensible_times_the_callback_serves(adc, dac):
    stamps = Stamps(RATE, 0.5)
    stamps.judge(notes(adc, dac))
    assert stamps.trusted == {'input': False, 'output': False}
    note = Note(0, 441, NS, adc, dac)
    assert stamps.heard(note) == NS - 10_000_000
    assert stamps.played(note) == NS + 500_000_000


def test_the_very_first_note_does_not_count():
    stamps = Stamps(RATE, 0.5)
    stamps.judge([Note(0, 441, 0, 0.0, 0.0), *notes(-0.01, 0.05)])
    assert all(stamps.trusted.values())


def follow(tracker, seconds, *, ppm=0.0, jitter=0.0, start=0.0, offset=0.0, seed=0):
    """Feed stamps of a crystal that is off, and return the line's error at each."""
    random = np.random.default_rng(seed)
    errors = []
    for number in range(round(100 * start), round(100 * (start + seconds))):
        frame = 441 * number
        true = offset * NS + frame * NS / RATE * (1 - ppm * 1e-6)
        tracker.observe(frame, round(true + random.uniform(-jitter, jitter) * NS))
        if tracker.line:
            errors.append((tracker.line.stamp(frame) - true) / NS)
    return np.array(errors)


def test_a_line_is_good_from_the_start_and_becomes_better():
    tracker = LineTracker(RATE)
    errors = follow(tracker, 120, ppm=50, jitter=0.002)
    assert np.abs(errors[:300]).max() < 0.0021
    assert np.abs(errors[1000:]).max() < 0.0004
    assert tracker.ppm == pytest.approx(50, abs=20)
    assert (NS / RATE / tracker.line.period - 1) * 1e6 == pytest.approx(tracker.ppm)


def test_few_stamps_make_no_line():
    tracker = LineTracker(RATE)
    tracker.observe(0, 0)
    assert tracker.line is None


def test_a_step_is_followed_at_once():
    tracker = LineTracker(RATE)
    follow(tracker, 30, jitter=0.0005)
    errors = follow(tracker, 5, start=30, offset=0.008, jitter=0.0005)
    assert np.abs(errors[60:]).max() < 0.001
    assert np.abs(errors[:25]).min() > 0.006  # ... but not before it is sure


def test_jitter_is_no_step():
    tracker = LineTracker(RATE, steady=False)
    follow(tracker, 30, jitter=0.02)
    before = tracker.line
    follow(tracker, 1, start=30, offset=0.01, jitter=0.02)
    assert abs(tracker.line.stamp(before.frame) - before.ns) < 6_000_000


def test_after_lost_frames_it_settles_anew_but_keeps_its_line_meanwhile():
    tracker = LineTracker(RATE)
    follow(tracker, 10)
    before = tracker.line
    tracker.begin_again()
    assert tracker.line == before
    errors = follow(tracker, 1, start=10, offset=0.3)
    assert np.abs(errors[3:]).max() < 1e-6
