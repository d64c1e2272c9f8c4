# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Each effect of the augmentation against what physics says it does."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.learning.augment import Augmentation, AugmentationError

FMT = PingFormat()
LENGTH = FMT.window


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _batch(count=8, seed=5):
    generator = _generator(seed)
    wave = 0.1 * torch.randn(count, 2, LENGTH, generator=generator)
    return wave, torch.rand(count, 16, 16, generator=generator)


def _pulse(place, count=16, width=6.0):
    """Band-limited pulse, so that its place means something between samples."""
    bell = torch.exp(-0.5 * ((torch.arange(LENGTH) - place) / width) ** 2)
    return (0.5 * bell).expand(count, 2, -1).clone(), torch.zeros(count, 4, 4)


def _centroid(wave):
    power = wave.double().square()
    return (power * torch.arange(LENGTH)).sum(-1) / power.sum(-1)


def _change(wave, depth, seed=0, **ranges):
    return Augmentation.neutral(**ranges)(wave, depth, _generator(seed))


def _decibels(ratio):
    return 20 * torch.log10(ratio)


@pytest.mark.parametrize('augmentation', [Augmentation.neutral(), Augmentation(enabled=False)])
def test_nothing_changes_nothing(augmentation):
    wave, depth = _batch()
    new = augmentation(20 * wave, depth, _generator())  # beyond full scale too
    assert torch.equal(new.waveform, 20 * wave)
    assert torch.equal(new.depth, depth)
    assert not new.mirrored.any()


def test_the_arguments_are_left_alone():
    wave, depth = _batch()
    before = wave.clone(), depth.clone()
    new = Augmentation(mirror_share=1.0)(wave, depth, _generator())
    assert torch.equal(wave, before[0]) and torch.equal(depth, before[1])
    assert new.waveform.dtype == torch.float32 and new.waveform.isfinite().all()


@pytest.mark.parametrize('count', [1, 16, 37])
def test_same_seed_same_batch(count):
    wave, depth = _batch(count)
    first, again = (Augmentation()(wave, depth, _generator(3)) for _ in range(2))
    other = Augmentation()(wave, depth, _generator(4))
    assert all(torch.equal(a, b) for a, b in zip(first, again))
    assert not torch.equal(first.waveform, other.waveform)


@given(st.floats(-30, 12))
@settings(max_examples=20, deadline=None)
def test_gain_is_in_decibels(decibels):
    wave, depth = _batch(2)
    new = _change(0.1 * wave, depth, gain_db=(decibels, decibels)).waveform
    assert torch.allclose(new, 0.1 * wave * 10 ** (decibels / 20), rtol=1e-5)


def test_gains_and_mismatch_fill_their_ranges():
    wave, depth = _batch(64)
    new = _change(0.1 * wave, depth, gain_db=(-9, 6), ear_db=2.0).waveform
    level = _decibels(new.norm(dim=2) / (0.1 * wave).norm(dim=2))
    mismatch = level[:, 0] - level[:, 1]
    assert mismatch.abs().max() <= 2.001 and mismatch.min() < -1 and mismatch.max() > 1
    both = level.mean(1)
    assert -9.001 <= both.min() < -8 and 5 < both.max() <= 6.001


@given(st.floats(-3, 3), st.integers(300, 2900))
@settings(max_examples=20, deadline=None)
def test_jitter_moves_a_pulse_by_fractions_of_a_sample(place, whole):
    wave, depth = _pulse(whole + place)
    new = _change(wave, depth, jitter=1.0).waveform
    moved = _centroid(new) - _centroid(wave)
    assert torch.allclose(moved[:, 0], moved[:, 1], atol=1e-3)
    assert moved.abs().max() <= 1.001 and moved.abs().max() > 0.6
    assert not torch.allclose(moved, moved.round(), atol=0.05)
    assert torch.allclose(new.norm(dim=2), wave.norm(dim=2), rtol=1e-4)


@pytest.mark.parametrize('place', [64.0, 1000.0, 3100.0])
def test_drift_moves_a_late_pulse_by_parts_per_million_of_its_time(place):
    wave, depth = _pulse(place, count=64)
    new = _change(wave, depth, drift_ppm=100.0).waveform
    per_million = (_centroid(new) - _centroid(wave)) / max(place - FMT.direct_index, 1) * 1e6
    limit = 100.0 if place > 64 else 2000.0  # at the direct sound nothing moves: 0.002 samples
    assert per_million.abs().max() <= 1.02 * limit
    if place > 64:
        assert per_million.min() < -80 and per_million.max() > 80


def test_drift_keeps_the_highs():
    time = torch.arange(LENGTH) - FMT.direct_index
    omega = 2 * torch.pi * 15000 / FMT.sample_rate
    tone = 0.5 * torch.sin(omega * time).expand(32, 2, -1).clone()
    new = _change(tone, torch.zeros(32, 4, 4), drift_ppm=100.0).waveform
    inner = slice(200, LENGTH - 100)
    for sound in new[:, 0]:
        errors = [(sound - 0.5 * torch.sin(omega * time / (1 + ppm * 1e-6)))[inner].abs().max()
                  for ppm in np.linspace(-100, 100, 401)]
        assert min(errors) < 0.005


@pytest.mark.parametrize('snr', [8.0, 20.0, 35.0])
def test_noise_has_the_asked_level(snr):
    wave, depth = _batch(96)
    wave[:48] *= torch.exp(-torch.arange(LENGTH) / 600)
    new = _change(wave, depth, noise_share=1.0, noise_snr_db=(snr, snr)).waveform
    level = _decibels(wave.square().mean((1, 2)).sqrt()
                      / (new - wave).square().mean((1, 2)).sqrt())
    assert level.median().item() == pytest.approx(snr, abs=0.5)
    assert (level - snr).abs().max() < 4


def test_half_of_the_samples_get_noise_of_several_colours():
    wave, depth = _batch(128)
    noise = _change(wave, depth, noise_share=0.5, noise_snr_db=(10, 10)).waveform - wave
    noisy = noise.abs().amax((1, 2)) > 1e-3
    assert 40 < noisy.sum() < 88
    noise = noise[noisy]
    power = torch.fft.rfft(noise).abs().square().sum(1)
    lows = power[:, :power.shape[1] // 20].sum(1) / power.sum(1)  # below 1.1 kHz
    assert lows.min() < 0.1 and lows.max() > 0.4
    alike = (noise[:, 0] * noise[:, 1]).sum(1) / noise.square().sum((1, 2)) * 2
    assert alike.min() < 0.1 and alike.max() > 0.99


def test_responses_are_minimum_phase():
    start = 500
    wave = torch.zeros(64, 2, LENGTH)
    wave[:, :, start] = 0.5
    new = _change(wave, torch.zeros(64, 4, 4), speaker_tilt_db=5.0, speaker_ripple_db=3.0,
                  ear_tilt_db=1.0, ear_ripple_db=1.5).waveform
    before = new[:, :, :start].square().sum(2)
    assert _decibels((before / new.square().sum(2)).sqrt()).max() < -40
    assert (new.abs().argmax(2) - start).abs().max() <= 1


def test_responses_stay_inside_their_limits_and_differ():
    wave = torch.zeros(64, 2, LENGTH)
    wave[:, :, 64] = 0.5
    depth = torch.zeros(64, 4, 4)

    def levels(**ranges):
        spectrum = torch.fft.rfft(_change(wave, depth, **ranges).waveform, 8192).abs() / 0.5
        bins = torch.tensor([250, 1000, 4000, 15000]) * 8192 // FMT.sample_rate
        return _decibels(spectrum[..., bins])

    speaker = levels(speaker_tilt_db=5.0)
    assert torch.allclose(speaker[:, 0], speaker[:, 1], atol=1e-3)
    assert 4 < speaker.abs().max() < 5.3
    assert torch.allclose(speaker[:, 0, 0] + speaker[:, 0, 3] * 5 / 7, torch.zeros(64), atol=0.6)
    ripple = levels(speaker_ripple_db=3.0)
    assert 2 < ripple.abs().max() < 3.3
    ears = levels(ear_ripple_db=1.5)
    assert 1 < (ears[:, 0] - ears[:, 1]).abs().max() < 3.3


def test_the_converter_clips_at_full_scale():
    wave, depth = _batch(32)
    new = _change(wave, depth, clip_share=0.5, clip_db=(3.0, 3.0)).waveform
    clipped = (new.abs() == 1).any(2).any(1)
    assert 8 < clipped.sum() < 24
    assert torch.equal(new[~clipped], wave[~clipped])
    loud = wave[clipped] / wave[clipped].abs().amax((1, 2), keepdim=True) * 10 ** (3 / 20)
    assert torch.allclose(new[clipped], loud.clamp(-1, 1), atol=1e-5)
    assert _change(wave, depth, gain_db=(40, 40)).waveform.abs().max() == 1


def test_overload_presses_peaks_and_leaves_quiet_sound():
    wave, depth = _pulse(500.0, count=4)
    wave[:, :, 2000] = 1e-3
    new = _change(wave, depth, overload_share=1.0, overload_db=(6.0, 6.0)).waveform
    limit = 0.5 / 10 ** (6 / 20)
    assert new.max().item() == pytest.approx(limit * np.tanh(10 ** (6 / 20)), rel=1e-3)
    assert new[:, :, 2000].allclose(torch.tensor(1e-3), rtol=1e-3)


def test_polarity_turns_both_ears():
    wave, depth = _batch(32)
    new = _change(wave, depth, polarity_share=0.5).waveform
    turned = (new == -wave).all((1, 2))
    assert 4 < turned.sum() < 28
    assert torch.equal(new[~turned], wave[~turned])


def test_mirror_swaps_ears_and_flips_depth_together():
    wave, depth = _batch(32)
    new = _change(wave, depth, mirror_share=0.5)
    assert torch.equal(new.mirrored, (new.waveform == wave.flip(1)).all((1, 2)))
    assert torch.equal(new.mirrored, (new.depth == depth.flip(2)).all((1, 2)))
    assert 4 < new.mirrored.sum() < 28
    assert torch.equal(new.depth[~new.mirrored], depth[~new.mirrored])
    again = _change(new.waveform, new.depth, mirror_share=0.5)  # the same draw
    assert torch.equal(again.waveform, wave) and torch.equal(again.depth, depth)


def test_the_direct_sound_stays_where_the_live_chain_looks_for_it():
    chirp = torch.as_tensor(linear_chirp(FMT), dtype=torch.float32)
    wave = torch.zeros(32, 2, LENGTH)
    wave[:, :, FMT.direct_index:FMT.direct_index + len(chirp)] = 0.3 * chirp
    wave += 1e-4 * torch.randn(wave.shape, generator=_generator(1))
    new = Augmentation(noise_share=0.0)(wave, torch.zeros(32, 4, 4), _generator()).waveform
    places = [find_direct_sound(window.numpy(), FMT).index for window in new]
    assert np.abs(np.array(places) - FMT.direct_index).max() < 4


@pytest.mark.parametrize('ranges, words', [
    ({'gain_db': (3, -3)}, 'gain_db'), ({'gain_db': 3}, 'two numbers'),
    ({'gain_db': (0, float('nan'))}, 'gain_db'), ({'ear_db': -1}, 'ear_db'),
    ({'noise_share': 1.5}, 'noise_share'), ({'drift_ppm': 1e6}, '1000'),
    ({'clip_db': (-1, 2)}, 'from 0'), ({'jitter': 'much'}, 'jitter'),
    ({'enabled': 3}, 'enabled'), ({'mirror_share': True}, 'mirror_share'),
])
def test_senseless_ranges_are_refused(ranges, words):
    with pytest.raises(AugmentationError, match=words):
        Augmentation(**ranges)


def test_lists_will_do_as_ranges():
    assert Augmentation(gain_db=[-6, 6]) == Augmentation(gain_db=(-6.0, 6.0))


def test_other_shapes_are_refused():
    wave, depth = _batch(2)
    with pytest.raises(AugmentationError, match='expected'):
        Augmentation()(wave[:, 0], depth, _generator())
