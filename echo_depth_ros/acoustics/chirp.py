# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The linear sweep that is played once per ping."""

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat


def linear_chirp(fmt: PingFormat) -> np.ndarray:
    """
    One linear sweep, ``a sin(2 pi (f0 t + (f1 - f0) t^2 / (2 T)))``.

    The sweep has no fade: its abrupt end sounds like a click but keeps the full bandwidth, as
    the reference sweep of VisualEchoes does.

    :param fmt: sample rate, duration, frequencies and amplitude of the ping.
    :returns: float32 array of shape ``(fmt.chirp_samples,)``, peak ``fmt.chirp_amplitude``.
    """
    time = np.arange(fmt.chirp_samples) / fmt.sample_rate
    slope = (fmt.chirp_end_hz - fmt.chirp_start_hz) / fmt.chirp_duration
    phase = 2 * np.pi * (fmt.chirp_start_hz * time + slope * time**2 / 2)
    return (fmt.chirp_amplitude * np.sin(phase)).astype(np.float32)
