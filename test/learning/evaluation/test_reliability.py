# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.learning.evaluation.pixels import Pixels
from echo_depth_ros.learning.evaluation.reliability import draw_reliability, Reliability


def _pixels(confidence, right):
    right = np.asarray(right, bool)
    truth = np.ones(len(right), np.float32)
    confidence = np.asarray(confidence, np.float32)
    predicted = np.where(np.isnan(confidence), np.nan, np.where(right, 1.1, 2)).astype(np.float32)
    return Pixels(truth, predicted, confidence)


def _judged(confidence, right):
    reliability = Reliability()
    reliability.add(_pixels(confidence, right))
    return reliability


@pytest.fixture(scope='module')
def calibrated():
    """200 000 pixels, right exactly as often as their confidence says."""
    rng = np.random.default_rng(0)
    confidence = rng.beta(3, 1, 200_000)
    return _judged(confidence, rng.random(200_000) < confidence)


def test_true_confidence_has_no_calibration_error(calibrated):
    assert calibrated.calibration_error() < 0.005
    # E[p (1 - p)] of a beta distribution with the parameters 3 and 1.
    assert calibrated.brier() == pytest.approx(3 / 20, abs=0.003)


def test_true_confidence_keeps_what_theory_says(calibrated):
    # The mean of a beta(3, 1) above t is 3/4 (1 - t⁴) / (1 - t³); it is 0.9 at t = 0.782.
    kept = calibrated.keep(0.9)
    assert kept.threshold == pytest.approx(0.782, abs=0.01)
    assert kept.share == pytest.approx(1 - 0.782**3, abs=0.02)
    assert 0.9 <= kept.delta1 < 0.901


def test_confidence_that_is_always_too_high():
    reliability = _judged(np.full(100, 0.9), np.arange(100) < 60)
    assert reliability.calibration_error() == pytest.approx(0.3)
    assert reliability.brier() == pytest.approx(0.6 * 0.01 + 0.4 * 0.81)
    assert reliability.keep(0.9).share == 0
    assert np.isnan(reliability.keep(0.9).threshold)


def test_keeping_by_hand():
    # Two of the five most confident are wrong, but the four next are right: 7 of 10 pass 0.7.
    confidence = np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.6, 0.5, 0.4, 0.3, 0.1])
    right = np.array([1, 1, 0, 1, 0, 1, 1, 1, 0, 0])
    reliability = _judged(confidence, right)
    assert reliability.keep(1.0)[::2] == (0.2, 1.0)
    kept = reliability.keep(0.75)
    assert (kept.share, kept.delta1) == (0.8, 0.75)
    assert 0.399 <= kept.threshold <= 0.4
    share, delta1, thresholds = reliability.coverage_curve()
    assert share == pytest.approx(np.arange(1, 11) / 10)
    assert delta1 == pytest.approx(np.cumsum(right) / np.arange(1, 11))
    assert (np.diff(thresholds) < 0).all()


def test_pixels_without_an_answer_are_never_kept():
    reliability = _judged([0.9, 0.9, np.nan, np.nan], [1, 1, 0, 0])
    assert reliability.keep(0.9).share == 0.5
    assert reliability.calibration_error() == pytest.approx(0.1)


def test_batches_add_up():
    rng = np.random.default_rng(1)
    confidence, right = rng.random(1000), rng.random(1000) < 0.5
    parts = Reliability()
    for part in np.split(np.arange(1000), 4):
        parts.add(_pixels(confidence[part], right[part]))
    whole = _judged(confidence, right)
    assert parts.calibration_error() == pytest.approx(whole.calibration_error())
    assert parts.brier() == pytest.approx(whole.brier())
    assert parts.keep(0.4) == whole.keep(0.4)


def test_nothing_seen_has_no_figures():
    reliability = Reliability()
    assert np.isnan(reliability.calibration_error()) and np.isnan(reliability.brier())
    assert reliability.keep().share == 0


def test_impossible_confidence_is_refused():
    with pytest.raises(ValueError, match='expected 0 to 1'):
        _judged([0.5, 1.5], [1, 1])
    with pytest.raises(ValueError, match='no confidence'):
        Reliability().add(Pixels(np.ones(2), np.ones(2)))


def test_picture(calibrated, tmp_path):
    draw_reliability(tmp_path / 'new' / 'r.png', {'ours': calibrated, 'empty': Reliability()})
    assert (tmp_path / 'new' / 'r.png').read_bytes().startswith(b'\x89PNG')


def test_the_surer_half_is_the_half_that_is_more_confident():
    # Of 80 pixels the surer 40: all 20 of 0.9, of which 20 are right, and of 0.5 10 of 20.
    confidence = np.repeat([0.1, 0.5, 0.9], [40, 20, 20])
    right = np.concatenate([np.arange(40) < 10, np.arange(20) % 2 == 0, np.ones(20, bool)])
    assert _judged(confidence, right).surest(0.5) == pytest.approx(30 / 40)
    assert _judged(confidence, right).surest(1.0) == pytest.approx(40 / 80)
    # What is cut out of a bin counts as the whole of it does.
    assert _judged(confidence, right).surest(30 / 80) == pytest.approx(25 / 30)
    assert np.isnan(Reliability().surest())
