# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.contract import ModelContract
from echo_depth_ros.perception.echo_depth import EchoDepth, PROBLEM_KINDS
from echo_depth_ros.perception.model import Prediction, StudentModel

FMT = PingFormat()


@pytest.fixture
def echo_depth(make_model):
    return EchoDepth(StudentModel(make_model(), providers=('cpu',)))


def test_aligned_window_becomes_depth_and_range(echo_depth, make_recording):
    window = make_recording(echoes=[(2.0, 0.4)])
    heard = echo_depth.perceive(window)
    assert heard.problem is None
    assert heard.depth.shape == (128, 128)
    assert heard.depth.dtype == np.float32
    assert heard.range_m == pytest.approx(2.0, abs=0.01)
    assert heard.direct.index == pytest.approx(64, abs=0.5)
    np.testing.assert_array_equal(heard.window, window)


def test_depth_is_encoded_with_the_limits_of_the_model(make_model, make_recording):
    path = make_model(contract=ModelContract(depth_min=2.0, depth_max=12.0))
    depth = EchoDepth(StudentModel(path, providers=('cpu',))).perceive(make_recording()).depth
    assert np.isnan(depth[0]).all()
    assert np.isposinf(depth[-1]).all()
    seen = depth[np.isfinite(depth)]
    assert seen.min() >= 2
    assert seen.max() < 12


@settings(max_examples=15, deadline=None, derandomize=True)
@given(direct=st.integers(100, 6000), seed=st.integers(0, 99))
def test_recording_is_aligned_wherever_the_chirp_is(make_recording, direct, seed):
    heard = EchoDepth().perceive(make_recording(direct, 10000, seed=seed))
    assert heard.direct.index == pytest.approx(direct, abs=1)
    assert heard.window.shape == (2, FMT.window)
    assert heard.range_m == pytest.approx(2.0, abs=0.01)


def test_recording_and_its_window_are_seen_alike(echo_depth, make_recording):
    recording = make_recording(500, 8000)
    cut = echo_depth.perceive(recording)
    again = echo_depth.perceive(cut.window)
    np.testing.assert_array_equal(cut.window, again.window)
    np.testing.assert_array_equal(cut.depth, again.depth)
    assert cut.range_m == again.range_m


def test_search_picks_the_ping(make_recording):
    recording = np.hstack([make_recording(300, 5000), make_recording(400, 5000, seed=1)])
    heard = EchoDepth().perceive(recording, search=(5000, 6000))
    assert heard.direct.index == pytest.approx(5400, abs=1)


def test_range_needs_no_model(make_recording):
    heard = EchoDepth().perceive(make_recording(echoes=[(3.0, 0.3)]))
    assert heard.depth is None
    assert heard.problem is None
    assert heard.range_m == pytest.approx(3.0, abs=0.01)


def test_depth_is_computed_on_demand(echo_depth, make_recording, monkeypatch):
    monkeypatch.setattr(echo_depth.model, 'infer', lambda *_: pytest.fail('it was computed'))
    heard = echo_depth.perceive(make_recording(), want_depth=False)
    assert heard.depth is None
    assert heard.problem is None
    assert heard.range_m == pytest.approx(2.0, abs=0.01)
    assert set(heard.seconds) == {'sync', 'quality', 'range'}


def test_no_echo_is_beyond_range_not_unknown(echo_depth, make_recording):
    heard = echo_depth.perceive(make_recording(echoes=[]))
    assert heard.range_m == math.inf
    assert heard.problem is None


def test_times_every_stage(echo_depth, make_recording):
    seconds = echo_depth.perceive(make_recording()).seconds
    assert list(seconds) == ['sync', 'quality', 'range', 'depth']
    assert all(duration >= 0 for duration in seconds.values())


def refused(heard, *says):
    assert heard.depth is None
    for part in says:
        assert part in heard.problem


def test_silence(echo_depth):
    heard = echo_depth.perceive(np.zeros((2, FMT.window), np.float32))
    refused(heard, 'silent: peak 0, expected')
    assert math.isnan(heard.range_m)


@pytest.mark.parametrize('samples', [FMT.window, 10000])
def test_noise_without_a_chirp(echo_depth, samples):
    noise = np.random.default_rng(3).normal(0, 0.1, (2, samples)).astype(np.float32)
    heard = echo_depth.perceive(noise)
    refused(heard, 'no chirp')
    assert math.isnan(heard.range_m)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('samples', [FMT.window, 10000])
def test_samples_that_are_no_numbers(echo_depth, make_recording, samples, value):
    recording = make_recording(100 if samples > FMT.window else 64, samples)
    recording[1, 700:703] = value
    heard = echo_depth.perceive(recording)
    refused(heard, '3 samples are NaN or infinite')
    assert math.isnan(heard.range_m)


def test_clipping_gives_no_depth_but_still_a_range(echo_depth, make_recording):
    loud = np.clip(make_recording(gain=4.0, echoes=[(1.5, 3.0)]), -1, 1)
    heard = echo_depth.perceive(loud)
    refused(heard, 'clip')
    assert heard.range_m == pytest.approx(1.5, abs=0.03)


def test_chirp_below_the_noise_floor_gives_neither(make_model, make_recording):
    deaf = EchoDepth(StudentModel(make_model(), providers=('cpu',)), min_snr_db=90)
    heard = deaf.perceive(make_recording())
    refused(heard, 'dB against the noise, expected at least 90 dB')
    assert math.isnan(heard.range_m)


@pytest.mark.parametrize('offset', [-40, 20, 900])
def test_window_out_of_line(echo_depth, make_recording, offset):
    heard = echo_depth.perceive(make_recording(64 + offset))
    refused(heard, 'not aligned', 'sample 64 +-8')


@pytest.mark.parametrize('offset', [-6, 6])
def test_window_nearly_in_line_is_taken_as_it_is(echo_depth, make_recording, offset):
    heard = echo_depth.perceive(make_recording(64 + offset))
    assert heard.problem is None
    assert heard.direct.index == pytest.approx(64 + offset, abs=0.5)


def test_network_that_breaks_down_later_invents_nothing(echo_depth, make_recording, monkeypatch):
    nothing = Prediction(np.full((128, 128), np.nan))
    monkeypatch.setattr(echo_depth.model, 'infer', lambda *_: nothing)
    heard = echo_depth.perceive(make_recording())
    refused(heard, 'no finite depth')
    assert heard.range_m == pytest.approx(2.0, abs=0.01)


@pytest.fixture
def sure(make_model):
    """Model that is the surer, the more to the right: 0 to 1; its lowest rows are beyond range."""
    columns = np.linspace(0, 1, 128, dtype=np.float32)
    return StudentModel(make_model(confidence=np.tile(columns, (128, 1))), providers=('cpu',))


def test_confidence_comes_with_depth(sure, make_recording):
    heard = EchoDepth(sure).perceive(make_recording())
    assert heard.confidence.dtype == np.float32
    assert heard.confidence.shape == heard.depth.shape
    np.testing.assert_allclose(heard.confidence[:, -1], 1)
    assert heard.problem is None and heard.confidence_problem is None
    assert np.isposinf(heard.depth[-1]).all()


def test_confidence_is_unknown_where_there_is_no_depth(make_model, make_recording):
    path = make_model(confidence=np.full((128, 128), 0.5),
                      contract=ModelContract(depth_min=2.0, confidence='confidence'))
    heard = EchoDepth(StudentModel(path, providers=('cpu',))).perceive(make_recording())
    np.testing.assert_array_equal(np.isnan(heard.confidence), np.isnan(heard.depth))
    assert np.isnan(heard.confidence[0]).all() and (heard.confidence[-1] == 0.5).all()


def test_confidence_is_asked_for_on_demand(sure, make_recording, monkeypatch):
    ears, infer, asked = EchoDepth(sure), sure.infer, []

    def noted(window, want_confidence):
        asked.append(want_confidence)
        return infer(window, want_confidence)

    monkeypatch.setattr(sure, 'infer', noted)
    heard = ears.perceive(make_recording(), want_confidence=False)
    assert heard.depth is not None and heard.confidence is None
    assert ears.perceive(make_recording(), want_depth=False).confidence is None
    assert asked == [False]


def test_model_without_confidence_gives_none(echo_depth, make_recording):
    heard = echo_depth.perceive(make_recording())
    assert heard.confidence is None and heard.confidence_problem is None


@pytest.mark.parametrize('want_confidence', [True, False])
def test_unsure_pixels_become_unknown(sure, make_recording, want_confidence):
    every = EchoDepth(sure).perceive(make_recording())
    heard = EchoDepth(sure, min_confidence=0.75).perceive(
        make_recording(), want_confidence=want_confidence)
    hidden = every.confidence < 0.75
    assert np.isnan(heard.depth[hidden]).all()
    np.testing.assert_array_equal(heard.depth[~hidden], every.depth[~hidden])
    assert heard.problem is None
    if want_confidence:
        np.testing.assert_array_equal(heard.confidence, every.confidence)
    else:
        assert heard.confidence is None


def test_network_that_is_sure_of_nothing_gives_an_unknown_image(make_model, make_recording):
    model = StudentModel(make_model(confidence=np.zeros((128, 128))), providers=('cpu',))
    heard = EchoDepth(model, min_confidence=0.5).perceive(make_recording())
    assert np.isnan(heard.depth).all() and heard.problem is None


@pytest.mark.parametrize('value', [np.nan, -1, 1.5])
def test_impossible_confidence_is_named_and_left_out(sure, make_recording, monkeypatch, value):
    said = sure.infer(make_recording())
    said.confidence[5, 5] = value
    monkeypatch.setattr(sure, 'infer', lambda *_: said)
    heard = EchoDepth(sure).perceive(make_recording())
    assert heard.confidence is None and heard.depth is not None and heard.problem is None
    assert f'confidence of {value:.4g} in 1 pixels' in heard.confidence_problem
    # Without confidence nothing tells which pixels to hide.
    refused(EchoDepth(sure, min_confidence=0.1).perceive(make_recording()), 'expected 0 to 1')


def test_least_confidence_needs_a_model_that_has_one(make_model):
    model = StudentModel(make_model(), providers=('cpu',))
    with pytest.raises(ValueError, match=r'is 0.5, but .*tiny.onnx predicts no confidence'):
        EchoDepth(model, min_confidence=0.5)
    EchoDepth(None, min_confidence=0.5)


@pytest.mark.parametrize('least', [-0.1, 1.1, math.nan])
def test_least_confidence_that_is_none(least):
    with pytest.raises(ValueError, match='expected 0 to 1'):
        EchoDepth(min_confidence=least)


@pytest.mark.parametrize('recording', [
    np.zeros((1, FMT.window), np.float32), np.zeros(FMT.window, np.float32),
    np.zeros((2, 50), np.float32), np.zeros((2, FMT.window), np.int16)])
def test_wrong_shape_or_type_raises(echo_depth, recording):
    with pytest.raises(WindowError, match='expected'):
        echo_depth.perceive(recording)


def test_recording_that_ends_inside_the_window(echo_depth, make_recording):
    with pytest.raises(WindowError, match='expected all of it inside'):
        echo_depth.perceive(make_recording(9000, 10000))


@pytest.mark.parametrize('limits', [(0.0, 12.0), (3.0, 2.0), (math.nan, 12.0)])
def test_range_limits_that_are_none(limits):
    with pytest.raises(ValueError, match='expected 0 < min < max'):
        EchoDepth(min_range=limits[0], max_range=limits[1])


def test_one_deaf_ear_gives_no_depth(echo_depth, make_recording):
    window = make_recording()
    window[1] = np.random.default_rng(1).normal(0, 3e-3, FMT.window)
    refused(echo_depth.perceive(window), 'right ear did not hear')


@pytest.fixture
def crowded(make_recording):
    """Window in which another robot pings, loud and late, with its echoes."""
    window = make_recording(noise=1e-4, echoes=[(2.0, 0.1)])
    echoes = [(0.4 + 0.13 * k, 0.5 * 0.85**k) for k in range(16)]
    window[:, 1800:] += make_recording(
        noise=0.0, gain=0.8, echoes=echoes)[:, FMT.direct_index:][:, :FMT.window - 1800]
    return window


def test_somebody_elses_chirp_gives_neither_depth_nor_range(echo_depth, crowded):
    heard = echo_depth.perceive(crowded)
    refused(heard, "somebody else's chirp", 'after the direct sound')
    assert heard.problem_kind == 'foreign'
    assert math.isnan(heard.range_m) and heard.echo is None


@pytest.mark.parametrize('spoil, kind', [
    (lambda w: w * 0, 'silent'), (lambda w: np.clip(5 * w, -1, 1), 'clipped'),
    (lambda w: np.roll(w, 500, axis=1), 'no_chirp'), (lambda w: w * np.nan, 'numbers')])
def test_names_the_kind_of_a_problem(echo_depth, make_recording, spoil, kind):
    heard = echo_depth.perceive(spoil(make_recording(gain=0.9)).astype(np.float32))
    assert heard.problem is not None
    assert heard.problem_kind == kind
    assert kind in PROBLEM_KINDS


def test_no_problem_is_of_no_kind(echo_depth, make_recording):
    assert echo_depth.perceive(make_recording()).problem_kind is None


def test_kinds_of_what_model_and_ears_do(echo_depth, make_recording, monkeypatch):
    window = make_recording()
    window[1] = np.random.default_rng(1).normal(0, 3e-3, FMT.window)
    assert echo_depth.perceive(window).problem_kind == 'deaf_ear'
    nothing = Prediction(np.full((128, 128), np.nan))
    monkeypatch.setattr(echo_depth.model, 'infer', lambda *_: nothing)
    assert echo_depth.perceive(make_recording()).problem_kind == 'model'


def test_a_covered_speaker_gives_no_depth(make_model, make_recording):
    model = StudentModel(make_model(), providers=('cpu',))
    window = make_recording(noise=1e-4)
    level = EchoDepth().perceive(window).quality.direct_level_db
    ears = EchoDepth(model, min_direct_level_db=(level[0] - 10, level[1] - 10))
    assert ears.perceive(window).problem is None
    covered = ears.perceive(make_recording(gain=0.05, noise=1e-4))
    refused(covered, 'volume')
    assert covered.problem_kind == 'level'
