# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Octave bands in which surfaces, speaker and ears are described."""

import numpy as np

CENTRES = np.array([125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0])
"""Band centres in Hz, as pyroomacoustics uses them at 44.1 kHz."""

AIR_ABSORPTION = np.array([0.1, 0.3, 0.6, 1.0, 1.9, 5.8, 20.3, 55.0]) * 1e-3
"""
Energy lost to air, nepers per metre, 20 degrees Celsius and 30 to 50 % humidity.

The first seven are pyroomacoustics' table; the 16 kHz value follows ISO 9613-1's growth.
"""


def crossover(frequencies: np.ndarray) -> np.ndarray:
    """
    Weights of each band at each frequency, shape (8, n); they add up to one everywhere.

    Neighbouring bands cross over with raised cosines on a logarithmic axis, so that a gain
    given per band becomes a smooth response, and equal gains leave a sound untouched.

    :param frequencies: Hz, shape (n,).
    """
    position = np.log2(np.maximum(frequencies, 1e-3) / CENTRES[0])
    position = np.clip(position, 0, len(CENTRES) - 1)
    distance = np.abs(position[None] - np.arange(len(CENTRES))[:, None])
    return np.where(distance < 1, 0.5 + 0.5 * np.cos(np.pi * np.minimum(distance, 1)), 0.0)


def response(gains: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Turn amplitudes per band, shape (8,), into a response over ``frequencies``, shape (n,)."""
    return np.asarray(gains) @ crossover(frequencies)
