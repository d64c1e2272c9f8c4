# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which microphone is which ear, and how much louder one is than the other."""

import numpy as np


def wire(block: np.ndarray, swap: bool, gain: tuple[float, float]) -> np.ndarray:
    """
    Put right what was plugged in crosswise, and make the ears equal.

    :param block: float32 ``(2, n)`` as the microphones gave it.
    :param swap: row 0 is the right ear and row 1 the left.
    :param gain: factors of the left and the right ear, after the swap.
    :returns: float32 ``(2, n)``; ``block`` itself where there is nothing to do.
    """
    if swap:
        block = block[::-1]
    if tuple(gain) != (1.0, 1.0):
        block = block * np.array(gain, np.float32)[:, None]
    return np.ascontiguousarray(block)
