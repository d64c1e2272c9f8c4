# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Ambient sound as the network of *Structure from Silence* hears it: log-mel pictures.

Chen, Hu and Owens, CoRL 2021: VGGish's front end, but from 0 Hz, since walls show in the lowest
bands. NumPy only, so that a robot needs no PyTorch.
"""

from dataclasses import dataclass
from functools import lru_cache
import math

import numpy as np
from scipy import fft
from scipy.signal import get_window

from echo_depth_ros.acoustics.errors import WindowError


@dataclass(frozen=True)
class AmbientFormat:
    """
    Clips of ambient sound and their pictures.

    :ivar sample_rate: Hz.
    :ivar clip: samples that the network hears at once.
    :ivar n_fft: points of the Fourier transform.
    :ivar window: samples of the Hann window, in the middle of the transform.
    :ivar hop: samples from frame to frame.
    :ivar mels: bands, from ``low_hz`` to ``high_hz``.
    :ivar offset: added to each band's power before the logarithm is taken.
    """

    sample_rate: int = 16000
    clip: int = 15360
    n_fft: int = 512
    window: int = 400
    hop: int = 160
    mels: int = 64
    low_hz: float = 0.0
    high_hz: float = 8000.0
    offset: float = 1e-10

    @property
    def frames(self) -> int:
        """Frames of a clip's picture."""
        return self.clip // self.hop

    @property
    def clip_duration(self) -> float:
        """Seconds of a clip."""
        return self.clip / self.sample_rate


def log_mel(sound: np.ndarray, fmt: AmbientFormat = AmbientFormat()) -> np.ndarray:
    """
    Draw clips: frame n is centred on sample n · hop, the edges are mirrored.

    :param sound: full scale ±1, shape (..., n): :attr:`AmbientFormat.clip` samples for what the
        network was made for, more for a picture of a whole recording.
    :returns: natural logarithm of the power per band, float32, shape (..., n // hop, mels).
    :raises WindowError: too short, not of a floating type, or not finite.
    """
    sound = np.asarray(sound)
    if sound.ndim < 1 or sound.shape[-1] <= fmt.n_fft // 2:
        raise WindowError(f'ambient sound has shape {sound.shape}; expected (..., n) with n above '
                          f'{fmt.n_fft // 2}, {fmt.clip} for one clip')
    if sound.dtype not in (np.float32, np.float64):
        raise WindowError(f'ambient sound has type {sound.dtype}; expected float32 with full '
                          'scale 1.0: divide integers by their full scale')
    if not np.isfinite(sound.sum(dtype=np.float64)):
        raise WindowError('ambient sound holds NaN or infinite samples; expected finite numbers: '
                          'check the audio driver, or discard it')
    half = fmt.n_fft // 2
    padding = [(0, 0)] * (sound.ndim - 1) + [(half, half)]
    padded = np.pad(sound.astype(np.float32, copy=False), padding, mode='reflect')
    frames = np.lib.stride_tricks.sliding_window_view(padded, fmt.n_fft, axis=-1)
    frames = frames[..., :sound.shape[-1] // fmt.hop * fmt.hop:fmt.hop, :]
    spectrum = fft.rfft(frames * _window(fmt), axis=-1)
    power = spectrum.real ** 2 + spectrum.imag ** 2
    return np.log(power @ mel_filters(fmt).T + np.float32(fmt.offset))


def to_mono(ears: np.ndarray) -> np.ndarray:
    """Average of both channels, as the paper's network hears: (..., 2, n) to (..., n)."""
    return ears.mean(axis=-2, dtype=np.float32)


def cut_clips(sound: np.ndarray, hop: int | None = None,
              fmt: AmbientFormat = AmbientFormat()) -> np.ndarray:
    """
    Cut a recording into clips; what is left at the end is dropped.

    :param sound: shape (n,).
    :param hop: samples from clip to clip; a clip's length when omitted.
    :returns: shape (clips, fmt.clip), a view.
    """
    if len(sound) < fmt.clip:
        return np.empty((0, fmt.clip), sound.dtype)
    return np.lib.stride_tricks.sliding_window_view(sound, fmt.clip)[::hop or fmt.clip]


@lru_cache(maxsize=4)
def mel_filters(fmt: AmbientFormat = AmbientFormat()) -> np.ndarray:
    """
    Triangles of height one, evenly spaced on O'Shaughnessy's mel scale.

    The lowest are as narrow as the spectrum's grid; the first holds the bin at 31 Hz.

    :returns: float32, shape (mels, n_fft // 2 + 1).
    """
    edges = np.linspace(_mel(fmt.low_hz), _mel(fmt.high_hz), fmt.mels + 2)
    hertz = 700 * (10 ** (edges / 2595) - 1)
    bins = np.arange(fmt.n_fft // 2 + 1) * fmt.sample_rate / fmt.n_fft
    rising = (bins - hertz[:-2, None]) / np.diff(hertz)[:-1, None]
    falling = (hertz[2:, None] - bins) / np.diff(hertz)[1:, None]
    filters = np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
    filters.setflags(write=False)
    return filters


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


@lru_cache(maxsize=4)
def _window(fmt: AmbientFormat) -> np.ndarray:
    left = (fmt.n_fft - fmt.window) // 2
    hann = get_window('hann', fmt.window)
    return np.pad(hann, (left, fmt.n_fft - fmt.window - left)).astype(np.float32)
