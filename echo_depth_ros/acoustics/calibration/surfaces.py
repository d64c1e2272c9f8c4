# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What surfaces at known places tell: the floor's echo, and the way to the ears by a wall."""

import math

import numpy as np

from echo_depth_ros.acoustics.arrival import GUARD, noise_floor
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.pulse import compress, RANGING_BASELINE
from echo_depth_ros.acoustics.ranging import first_echo, FloorEcho

_NEAREST, _FARTHEST = 0.75, 1.3
"""Where the floor may answer, in units of the head's height."""
_LEAST_HEIGHT = 0.3
_OUT_OF_NOISE = 10.0
_FADES = 10**-1.5
_GAP = 10
LOUDEST_FLOOR_DB = -4.0
"""Speaker and ears look ahead: a floor is never louder than this, in dB of the direct sound."""
_MARGIN_M = 0.03
_MARGIN_DB = 3.0
_WALL_REACH = 0.2


def floor_echo(window: np.ndarray, ears: np.ndarray, head_height: float,
               fmt: PingFormat) -> FloorEcho | None:
    """
    Measure the echo of the floor, with nothing else as near as that.

    :param window: the mean window, (2, fmt.window).
    :param ears: samples on which the direct sound begins, (2,).
    :param head_height: metres from the floor to the ears.
    :returns: what ranging should pass over, 3 dB and 3 cm wider than measured; None where the
        floor is not heard.
    """
    if not _LEAST_HEIGHT <= head_height <= 3:
        raise WindowError(
            f'head height is {head_height} m; expected {_LEAST_HEIGHT} to 3 m: lower, the echo '
            'of the floor falls into the direct sound')
    response = compress(window, fmt, RANGING_BASELINE)
    starts = [round(float(ear)) for ear in ears]
    begin = max(starts)
    # Both ears laid one over the other at their direct sounds, as ranging does.
    power = sum(np.concatenate((np.zeros(begin - start), ear[:ear.size - (begin - start)]))**2
                for ear, start in zip(response, starts, strict=True))
    lo, hi = (begin + round(fmt.range_to_samples(share * head_height))
              for share in (_NEAREST, _FARTHEST))
    lo = max(lo, begin + RANGING_BASELINE // 2 + GUARD)
    if lo >= hi or hi >= power.size:
        return None
    peak = lo + int(np.argmax(power[lo:hi]))
    if power[peak] < _OUT_OF_NOISE * noise_floor(power):
        return None
    near, far = (fmt.samples_to_range(at - begin) for at in _extent(power, lo, peak, hi))
    direct = power[max(begin - GUARD, 0):begin + GUARD].max()
    return FloorEcho(
        near=round(near - _MARGIN_M, 3), far=round(far + _MARGIN_M, 3),
        level_db=round(float(10 * np.log10(power[peak] / direct)) + _MARGIN_DB, 1))


def _extent(power: np.ndarray, lo: int, peak: int, hi: int) -> tuple[int, int]:
    """First and last sample of what hangs together with a peak, 15 dB below it or more."""
    loud = np.flatnonzero(power[lo:hi] >= _FADES * power[peak]) + lo
    at = int(np.searchsorted(loud, peak))
    apart = np.flatnonzero(np.diff(loud) > _GAP)
    begin = apart[apart < at].max(initial=-1) + 1
    end = apart[apart >= at].min(initial=loud.size - 1)
    return int(loud[begin]), int(loud[end])


def distance_by_wall(window: np.ndarray, wall: float, fmt: PingFormat) -> float:
    """
    Metres from the speaker to the ears, such that a wall is ranged where it is.

    :param window: the mean window.
    :param wall: metres to it from the point halfway between speaker and ears.
    :returns: NaN where no wall answers within 0.2 m of there.
    """
    if not 0.5 <= wall <= 5:
        raise WindowError(f'the wall is {wall} m away; expected 0.5 to 5 m')
    echo = first_echo(window, fmt, wall - _WALL_REACH, wall + _WALL_REACH)
    if math.isinf(echo.range_m):
        return math.nan
    return fmt.direct_distance + 2 * (wall - echo.range_m)
