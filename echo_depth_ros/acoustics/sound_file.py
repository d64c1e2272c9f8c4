# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Read what two ears heard from a sound file."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from echo_depth_ros.acoustics.errors import EchoDepthError


class RecordingError(EchoDepthError, ValueError):
    """A sound file that cannot be used as a recording of two ears."""


def read_ears(path, sample_rate: int) -> tuple[np.ndarray, int]:
    """
    Read a stereo file at the sample rate that is wanted.

    :returns: float32 (2, n) with full scale +-1, and the sample rate of the file.
    :raises RecordingError: no such file, not a sound file, not two channels, or no samples.
    """
    path = Path(path)
    if not path.is_file():
        raise RecordingError(f'{path} does not exist; expected a stereo sound file')
    try:
        samples, rate = soundfile.read(path, dtype='float32', always_2d=True)
    except soundfile.LibsndfileError as error:
        raise RecordingError(
            f'{path} cannot be read as a sound file ({error}); expected WAV, FLAC or '
            'another format of libsndfile') from error
    if samples.shape[1] != 2:
        raise RecordingError(
            f'{path} has {samples.shape[1]} channel{"s" * (samples.shape[1] != 1)}; expected 2, '
            'left ear and right ear: two ears are what tells left from right')
    if not len(samples):
        raise RecordingError(f'{path} holds no samples')
    if rate != sample_rate:
        samples = soxr.resample(samples, rate, sample_rate, quality='VHQ')
    return np.ascontiguousarray(samples.T, np.float32), rate
