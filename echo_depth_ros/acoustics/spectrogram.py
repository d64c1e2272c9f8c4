# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The magnitude spectrogram that echo networks look at."""

from functools import lru_cache

import numpy as np
from scipy import fft

from echo_depth_ros.acoustics.checks import check_window
from echo_depth_ros.acoustics.format import PingFormat


@lru_cache(maxsize=4)
def analysis_window(fmt: PingFormat) -> np.ndarray:
    """
    Periodic Hann window of ``stft_window`` samples in the middle of ``n_fft`` zeros.

    :returns: float32 array of shape ``(fmt.n_fft,)``; not to be written to.
    """
    length = fmt.stft_window
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    left = (fmt.n_fft - length) // 2
    window = np.pad(hann, (left, fmt.n_fft - length - left)).astype(np.float32)
    window.flags.writeable = False
    return window


def spectrogram(window: np.ndarray, fmt: PingFormat) -> np.ndarray:
    """
    Magnitude of the short-time Fourier transform, as BatVision and its successors take it.

    Frame ``k`` is centred on sample ``k * stft_hop``; the window is mirrored at its ends. Equals
    ``torch.stft(x, 512, hop_length=16, win_length=64, window=torch.hann_window(64),
    center=True, pad_mode='reflect', return_complex=True).abs()``.

    :param window: float array of shape ``(2, fmt.window)``, full scale 1.0.
    :param fmt: sizes of the transform.
    :returns: float32 array of shape ``(2, n_fft // 2 + 1, 1 + window // stft_hop)``: ears,
        frequencies from 0 Hz up, time. (2, 257, 200) for the default format.
    :raises WindowError: when the window is not a finite array of that shape.
    """
    check_window(window, fmt)
    # Outside its middle stft_window samples the analysis window is zero: only those are needed.
    length, half = fmt.stft_window, fmt.n_fft // 2
    left = (fmt.n_fft - length) // 2
    padded = np.pad(window.astype(np.float32, copy=False), ((0, 0), (half, half)), mode='reflect')
    views = np.lib.stride_tricks.sliding_window_view(padded[:, left:], length, axis=1)
    count = 1 + fmt.window // fmt.stft_hop
    frames = views[:, :count * fmt.stft_hop:fmt.stft_hop]
    tapered = frames * analysis_window(fmt)[left:left + length]
    return np.ascontiguousarray(np.abs(fft.rfft(tapered, fmt.n_fft)).transpose(0, 2, 1))
