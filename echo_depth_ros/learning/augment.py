# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Random changes of windows: what differs between robots and takes, but not between rooms.

A network that has heard one loudspeaker, one pair of microphones and one sample clock learns
those too. Here every sample gets its own. All that is linear and the same at every instant
(responses, gains, the error of the cut, added noise) is one multiplication of spectra; a clock
that is off is a stretch, which is a Taylor series about the middle of the window.
"""

from dataclasses import dataclass, fields
import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.hardware import (
    add_noise,
    DB,
    Draw,
    fast_length,
    KNOTS,
    minimum_phase_basis,
    omega,
    overload,
)

_TAIL = 512
"""Samples of room for the responses' decay, so that it does not come round to the start."""
_CHUNK = 16
"""Samples changed at a time: their spectra stay in the processor's cache."""


class AugmentationError(EchoDepthError, ValueError):
    """A range that makes no sense, or a batch of another shape than expected."""


class Augmented(NamedTuple):
    """
    A changed batch.

    :ivar waveform: (B, 2, window) full scale ±1.
    :ivar depth: (B, H, W); mirrored where ``mirrored``.
    :ivar mirrored: (B,) bool; what else belongs to these samples must be mirrored as well.
    """

    waveform: Tensor
    depth: Tensor
    mirrored: Tensor


@dataclass(frozen=True)
class Augmentation:
    """
    How far robots and takes differ; every sample of a batch draws its own, evenly.

    The defaults suit small loudspeakers and MEMS microphones in ear shells. Ranges are
    (least, most) and may be lists, as YAML gives them; shares are of the samples, 0 to 1.

    :ivar enabled: False changes nothing, exactly.
    :ivar gain_db: overall gain. What passes full scale is clipped.
    :ivar ear_db: largest difference between the ears' gains, either way; ≥ 0.
    :ivar speaker_tilt_db: largest rise or fall of the speaker's response from 1.4 kHz to 16 kHz,
        and the other way to 125 Hz, straight over octaves; ≥ 0.
    :ivar speaker_ripple_db: largest deviation from that, smooth over half octaves; ≥ 0.
    :ivar ear_tilt_db: the same of each microphone on its own; ≥ 0.
    :ivar ear_ripple_db: likewise.
    :ivar noise_share: share that gets added noise: a third each white, rumbling like rooms (3 dB
        less an octave, uncorrelated), and humming like motors (the same at both ears).
    :ivar noise_snr_db: RMS of the window over RMS of the noise.
    :ivar clip_share: share whose gain is such that the converter clips.
    :ivar clip_db: by how much its peak then passes full scale; ≥ 0.
    :ivar overload_share: share that a speaker or microphone driven too hard compresses softly.
    :ivar overload_db: by how much its peak then passes the level at which that sets in.
    :ivar jitter: largest error of the window's cut in samples, either way, fractions too; ≥ 0.
    :ivar drift_ppm: largest error of the ears' sample clock, parts per million; 0 to 1000. It
        stretches the window about the direct sound, on which it is aligned.
    :ivar polarity_share: share with both ears' signs turned, as by a cable wired the other way.
    :ivar mirror_share: share with ears swapped and depth mirrored: the rig is symmetric.
    :ivar fmt: sample rate, and where the direct sound lies.
    """

    enabled: bool = True
    gain_db: tuple[float, float] = (-12.0, 6.0)
    ear_db: float = 2.0
    speaker_tilt_db: float = 5.0
    speaker_ripple_db: float = 3.0
    ear_tilt_db: float = 1.0
    ear_ripple_db: float = 1.5
    noise_share: float = 0.5
    noise_snr_db: tuple[float, float] = (8.0, 40.0)
    clip_share: float = 0.02
    clip_db: tuple[float, float] = (0.5, 6.0)
    overload_share: float = 0.03
    overload_db: tuple[float, float] = (-6.0, 6.0)
    jitter: float = 1.0
    drift_ppm: float = 100.0
    polarity_share: float = 0.5
    mirror_share: float = 0.5
    fmt: PingFormat = PingFormat()

    def __post_init__(self) -> None:
        """Refuse ranges that make no sense; raises AugmentationError."""
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if name in ('enabled', 'fmt'):
                continue
            if isinstance(getattr(type(self), name), tuple):
                least = 0.0 if name == 'clip_db' else -math.inf
                object.__setattr__(self, name, _range(name, value, least))
            else:
                most = 1.0 if name.endswith('_share') else 1000.0 if name == 'drift_ppm' else 60.0
                _number(name, value, 0.0, most)
        if not isinstance(self.enabled, bool):
            raise AugmentationError(f'enabled is {self.enabled!r}; expected true or false')

    @classmethod
    def neutral(cls, **changes) -> 'Augmentation':
        """Nothing but ``changes``: every other range is zero, so that each effect stands alone."""
        nothing = {
            field.name: (0.0, 0.0) if isinstance(field.default, tuple) else 0.0
            for field in fields(cls) if field.name not in ('enabled', 'fmt')}
        return cls(**nothing | changes)

    def __call__(self, waveform: Tensor, depth: Tensor, generator: Generator) -> Augmented:
        """
        Change a batch.

        :param waveform: float (B, 2, window) full scale ±1, aligned on ``fmt.direct_index``.
        :param depth: (B, H, W), metres or whatever unit.
        :param generator: the only source of randomness; on the CPU.
        :returns: new tensors of the same shapes; the arguments are left as they are.
        :raises AugmentationError: other shapes.
        """
        if waveform.ndim != 3 or waveform.shape[1] != 2 or len(depth) != len(waveform):
            raise AugmentationError(
                f'waveforms have shape {tuple(waveform.shape)} and depth {tuple(depth.shape)}; '
                'expected (B, 2, window) and (B, H, W)')
        mirrored = Draw(len(waveform), generator).chosen(self.mirror_share * self.enabled)
        seen = depth.clone()
        seen[mirrored] = depth[mirrored].flip(2)
        heard = torch.empty_like(waveform)
        for start in range(0, len(waveform), _CHUNK):
            piece = slice(start, start + _CHUNK)
            sound = _swap_ears(waveform[piece], mirrored[piece])
            heard[piece] = self._hear(sound, generator) if self.enabled else sound
        return Augmented(heard, seen, mirrored)

    def _hear(self, sound: Tensor, generator: Generator) -> Tensor:
        """Let other speakers, microphones, clocks and converters have recorded these windows."""
        draw = Draw(len(sound), generator)
        if self._filters:
            sound = self._through_air(sound, draw)
        if self.overload_share:
            sound = overload(sound, draw.chosen(self.overload_share), draw(*self.overload_db))
        return self._convert(sound, draw)

    @property
    def _filters(self) -> bool:
        """Whether anything is done to spectra."""
        return any((self.speaker_tilt_db, self.speaker_ripple_db, self.ear_tilt_db,
                    self.ear_ripple_db, self.noise_share, self.jitter, self.drift_ppm))

    def _through_air(self, waveform: Tensor, draw: Draw) -> Tensor:
        """Respond, delay, add noise and stretch."""
        length = waveform.shape[2]
        size = fast_length(length + _TAIL)
        turn = omega(size)
        drift = draw.about(self.drift_ppm) * 1e-6
        # The stretch is expanded about the window's middle; the spectrum carries its delay there.
        middle = (length - 1) / 2
        delay = draw.about(self.jitter) + drift * (middle - self.fmt.direct_index)
        spectrum = torch.fft.rfft(waveform, size)
        spectrum = spectrum * self._response(size, delay, draw)
        if self.noise_share:
            add_noise(spectrum, length, size, draw.chosen(self.noise_share),
                      draw(*self.noise_snr_db), draw, self.fmt.sample_rate)
        sound = torch.fft.irfft(spectrum, size)[..., :length]
        if not self.drift_ppm:
            return sound.contiguous()
        # Beyond the second order nothing is left: a tenth of a sample is 0.3 rad at 20 kHz.
        shift = drift[:, None, None] * (torch.arange(length) - middle)
        slope = spectrum * torch.complex(torch.zeros_like(turn), turn)
        bend = torch.fft.irfft(spectrum * -turn.square(), size)[..., :length]
        slope = torch.fft.irfft(slope, size)[..., :length]
        return torch.addcmul(sound, shift, (bend * shift).mul_(0.5).sub_(slope))

    def _response(self, size: int, delay: Tensor, draw: Draw) -> Tensor:
        """Complex response of speaker and microphones and a delay, (B, 2, size // 2 + 1)."""
        tilt = torch.linspace(-1, 1, KNOTS)
        level = draw.about(self.speaker_tilt_db, 1, 1) * tilt
        level = level + draw.about(self.speaker_ripple_db, 1, KNOTS)
        level = level + draw.about(self.ear_tilt_db, 2, 1) * tilt
        level = level + draw.about(self.ear_ripple_db, 2, KNOTS)
        phase = -delay[:, None, None] * omega(size)
        if not level.any():
            return torch.complex(phase.cos(), phase.sin())
        gains, phases = minimum_phase_basis(size, self.fmt.sample_rate)
        level = level * DB
        gain, phase = (level @ gains).exp_(), (level @ phases).add_(phase)
        return torch.complex(phase.cos().mul_(gain), phase.sin_().mul_(gain))

    def _convert(self, waveform: Tensor, draw: Draw) -> Tensor:
        """Gains, polarity and the converter's full scale."""
        mismatch = draw.about(self.ear_db / 2)
        gain = torch.stack([mismatch, -mismatch], dim=1) + draw(*self.gain_db)[:, None]
        gain = torch.exp(DB * gain)[:, :, None]
        clips, excess = draw.chosen(self.clip_share), draw(*self.clip_db)
        if clips.any():
            peak = (waveform * gain).abs().amax((1, 2)).clamp_min(1e-9)
            wanted = torch.exp(DB * excess) / peak
            gain = gain * torch.where(clips, wanted, 1.0)[:, None, None]
        gain = torch.where(draw.chosen(self.polarity_share)[:, None, None], -gain, gain)
        if (gain.abs() == 1).all() and not self._filters:
            return waveform * gain
        return (waveform * gain).clamp_(-1, 1)


def _swap_ears(waveform: Tensor, chosen: Tensor) -> Tensor:
    """Swap left and right in some samples."""
    order = torch.tensor([[0, 1], [1, 0]])[chosen.long()]
    return waveform[torch.arange(len(waveform))[:, None], order]


def _number(name: str, value: object, least: float, most: float) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (good and least <= value <= most):
        raise AugmentationError(
            f'{name} is {value!r}; expected a number from {least:g} to {most:g}')
    return float(value)


def _range(name: str, value: object, least: float) -> tuple[float, float]:
    expected = AugmentationError(
        f'{name} is {value!r}; expected two numbers, least and most, such as [-6, 6]'
        + (f', from {least:g} on' if math.isfinite(least) else ''))
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise expected
    for limit in value:
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) \
                or not math.isfinite(limit) or limit < least:
            raise expected
    if value[0] > value[1]:
        raise expected
    return float(value[0]), float(value[1])
