# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Refuse arrays that are not what the rest of the package works on."""

import numpy as np

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat


def _check_ears(array: np.ndarray, what: str) -> None:
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.shape[0] != 2:
        got = getattr(array, 'shape', type(array).__name__)
        raise WindowError(
            f'{what} is {got}; expected an array of shape (2, n), left ear first: '
            'transpose it, or record in stereo')
    if array.dtype not in (np.float32, np.float64):
        raise WindowError(
            f'{what} has type {array.dtype}; expected float32 with full scale 1.0: '
            'divide integers by their full scale')


def _check_finite(array: np.ndarray, what: str) -> None:
    # One pass without a temporary: a sum is finite only if every term is, overflow apart.
    if not np.isfinite(array.sum(dtype=np.float64)):
        bad = int(np.count_nonzero(~np.isfinite(array)))
        raise WindowError(
            f'{what} holds {bad} NaN or infinite samples; expected finite numbers: '
            'check the audio driver, or discard it')


def check_recording(recording: np.ndarray, least: int = 1) -> None:
    """
    Refuse what is not a finite two-ear recording of at least ``least`` samples.

    :raises WindowError: naming what came and what was expected.
    """
    _check_ears(recording, 'recording')
    if recording.shape[1] < least:
        raise WindowError(
            f'recording has {recording.shape[1]} samples; expected at least {least}: '
            'record for longer')
    _check_finite(recording, 'recording')


def check_window_shape(window: np.ndarray, fmt: PingFormat) -> None:
    """
    Refuse what is not a float array of shape ``(2, fmt.window)``.

    :raises WindowError: naming what came and what was expected.
    """
    _check_ears(window, 'window')
    if window.shape[1] != fmt.window:
        raise WindowError(
            f'window has {window.shape[1]} samples; expected {fmt.window} '
            f'({fmt.window_duration * 1e3:.1f} ms at {fmt.sample_rate} Hz): give sender and '
            'receiver the same sample rate and window')


def check_window(window: np.ndarray, fmt: PingFormat) -> None:
    """
    Refuse what is not a finite float array of shape ``(2, fmt.window)``.

    :raises WindowError: naming what came and what was expected.
    """
    check_window_shape(window, fmt)
    _check_finite(window, 'window')
