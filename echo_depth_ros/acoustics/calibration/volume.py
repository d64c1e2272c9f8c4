# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How loud chirps should be: above the noise, below the limit, and no louder than that."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.calibration.analyse import Calibration

GOOD_SNR_DB = 20.0
"""The direct sound should stand this far out of the noise; the echoes are fainter than it."""
WANTED_SNR_DB = 25.0
LEAST_HEADROOM_DB = 6.0
WANTED_HEADROOM_DB = 10.0
"""A wall right in front of the ears is louder than anything heard at the bench."""
_CLIPPED_DB = -12.0
_TIE_DB = 0.5


@dataclass(frozen=True)
class VolumeChange:
    """
    What to do about the volume.

    :ivar wanted_db: by how much chirps should become louder; 0 leaves them.
    :ivar amplitude: of the chirp, of full scale 1.0, within the limit.
    :ivar amplitude_db: by how much that makes them louder; the rest is the amplifier's.
    :ivar advice: in words.
    """

    wanted_db: float
    amplitude: float
    amplitude_db: float
    advice: str


def volume_change(found: Calibration, max_level: float) -> VolumeChange:
    """
    Suggest a volume.

    :param max_level: peak that a chirp may have at most, of full scale 1.0.
    """
    played = found.setup.fmt.chirp_amplitude
    wanted = _wanted(found)
    amplitude = min(played * 10**(wanted / 20), max(max_level, 1e-4))
    # Two digits are heard by nobody, and read by everybody.
    amplitude = float(f'{amplitude:.2g}') if amplitude < max_level else max_level
    by_amplitude = 20 * math.log10(amplitude / played)
    rest = wanted - by_amplitude
    if wanted == 0:
        advice = 'the volume is right'
        if abs(by_amplitude) > _TIE_DB:
            advice = f'set amplitude to {amplitude:g}, which max_level allows'
    elif math.isnan(wanted):
        wanted, advice = 0.0, _no_room()
    else:
        steps = []
        if abs(by_amplitude) > _TIE_DB:
            steps.append(f'set amplitude to {amplitude:g} instead of {played:.2g} '
                         f'({by_amplitude:+.1f} dB)')
        if rest > _TIE_DB:
            steps.append(f'turn up the amplifier of the speaker by {rest:.1f} dB')
        advice = ', and '.join(steps) or 'the volume is right'
    return VolumeChange(wanted, amplitude, by_amplitude, advice)


def _no_room() -> str:
    return ('louder chirps would leave no head-room: move the robot to a quieter place, keep '
            'motors and fans still, or lower the gain of the microphones and raise the volume')


def _wanted(found: Calibration) -> float:
    """Return dB; NaN where chirps should become louder, but cannot."""
    headroom = -float(found.peak_db.max())
    if not np.isnan(found.clipped_at).all():
        # How far it would go over is not known.
        top = 20 * math.log10(float(np.nanmax(found.clipped_at)))
        return min(_CLIPPED_DB, headroom + top - WANTED_HEADROOM_DB)
    if headroom < LEAST_HEADROOM_DB:
        return headroom - WANTED_HEADROOM_DB
    weakest = float(np.nanmin(found.snr_db))
    if weakest >= GOOD_SNR_DB:
        return 0.0
    louder = min(WANTED_SNR_DB - weakest, headroom - WANTED_HEADROOM_DB)
    return louder if louder > 1 else math.nan
