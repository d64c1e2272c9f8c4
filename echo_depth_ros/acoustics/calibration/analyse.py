# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure a speaker and two ears from a recording of their chirps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np
from scipy.signal import resample

from echo_depth_ros.acoustics.calibration.clipping import clipped_at
from echo_depth_ros.acoustics.calibration.noise import (
    noise_floor_of,
    NoiseFloor,
    quiet_parts,
)
from echo_depth_ros.acoustics.calibration.pings import find_pings, Pings
from echo_depth_ros.acoustics.calibration.response import (
    direct_response,
    LEAD,
    mean_ping,
    Response,
)
from echo_depth_ros.acoustics.calibration.surfaces import distance_by_wall, floor_echo
from echo_depth_ros.acoustics.calibration.wiring import by_offset, by_tap, ear_distances, Wiring
from echo_depth_ros.acoustics.checks import check_recording
from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.acoustics.pulse import compress, pulse_energy, SYNC_BASELINE
from echo_depth_ros.acoustics.ranging import FloorEcho

LEAST_PINGS = 3
_PULSE = 10
_NEAR = 64
_FINER = 16
_HEARD = 0.5
_OTHER_RATES = (48000, 32000, 96000, 22050)


@dataclass(frozen=True)
class Setup:
    """
    What is known about the robot before anything is measured.

    :ivar fmt: the ping that was played; ``chirp_amplitude`` is its peak, and
        ``direct_distance`` that of a speaker in the middle.
    :ivar distance_given: whether somebody has measured ``fmt.direct_distance``.
    :ivar speaker_offset: metres by which the speaker sits to the left of the middle.
    :ivar head_height: metres from the floor to the ears, where nothing else is as near; or None.
    :ivar wall: metres from the point halfway between speaker and ears to a wall; or None.
    """

    fmt: PingFormat = PingFormat()
    distance_given: bool = False
    speaker_offset: float = 0.0
    head_height: float | None = None
    wall: float | None = None


@dataclass(frozen=True, eq=False)
class Calibration:
    """
    What was measured. Pairs are left and right ear, channels put right where they were swapped.

    :ivar setup: what was known before.
    :ivar pings: each ping; ``played`` is how many chirps there were, None if nobody told.
    :ivar loop_delay_s: seconds from a chirp's frame to its sound at the ears, the way through the
        air left out; None without chirp frames. ``loop_spread_s`` is between its 5th and 95th
        percentile, ``drift_ppm`` by how much it grows with time.
    :ivar direct_gain: of the direct path, heard over played; NaN for a deaf ear. A chirp that is
        received as loud as it was played has gain one.
    :ivar direct_level_db: the same times the chirp's amplitude, in dB of full scale.
    :ivar level_spread_db: standard deviation from ping to ping, of the ear that varies more.
    :ivar itd_s: seconds by which the left ear hears the direct sound later than the right.
    :ivar distance_m: metres from the speaker to each ear; their mean is measured by a wall, given
        or assumed, as ``distance_by`` says, and their difference is measured.
    :ivar snr_db: mean power of the chirp as received against the noise, over the full band.
    :ivar peak_db: largest sample of all, in dB of full scale.
    :ivar clipped_at: level at which the tops are cut off; NaN where they are not.
    :ivar imbalance_db: level of the left ear over the right, less what its distance explains.
    :ivar ping: the mean ping, (2, LEAD + window), direct sound on sample ``LEAD``.
    :ivar averaged: pings in that mean.
    :ivar floor: the echo of the floor; None where it was not asked for or not heard.
    """

    setup: Setup
    pings: Pings
    played: int | None
    loop_delay_s: float | None
    loop_spread_s: float
    drift_ppm: float
    direct_gain: np.ndarray
    direct_level_db: np.ndarray
    level_spread_db: float
    itd_s: float
    distance_m: np.ndarray
    distance_by: str
    noise: NoiseFloor
    snr_db: np.ndarray
    peak_db: np.ndarray
    clipped_at: np.ndarray
    imbalance_db: float
    wiring: Wiring
    response: Response
    ping: np.ndarray
    averaged: int
    floor: FloorEcho | None

    @property
    def ear_gain_db(self) -> np.ndarray:
        """Gains that make both ears equal, (2,); zero where an ear is deaf."""
        if not math.isfinite(self.imbalance_db):
            return np.zeros(2)
        half = self.imbalance_db / 2
        return np.array([-half, half]) + 0.0  # no -0.0

    @property
    def deaf(self) -> np.ndarray:
        """Whether each ear fails to hear the chirp, (2,)."""
        return np.isnan(self.direct_gain)


def analyse(
        recording: np.ndarray, setup: Setup = Setup(), *,
        chirps: Sequence[float] | None = None, silence: np.ndarray | None = None,
        tap: np.ndarray | None = None) -> Calibration:
    """
    Measure everything.

    :param recording: float array (2, n) of a few chirps, full scale 1.0.
    :param chirps: samples of the recording on which they would have been heard, had neither the
        electronics nor the air taken any time; None where that is not known.
    :param silence: float array (2, m) in which nothing is played; None to use what precedes the
        chirps in the recording.
    :param tap: float array (2, k) in which somebody taps the left ear.
    :raises WindowError: when something is not a finite recording of two ears, or is too short.
    :raises NoChirpError: when fewer than three chirps are heard.
    """
    fmt = setup.fmt
    check_recording(recording, LEAD + fmt.window)
    if silence is not None:
        check_recording(silence, fmt.sample_rate // 10)
    pings = _enough_pings(recording, fmt, chirps)
    # Every ping tells the lag between the ears; of their median one in two may be wrong.
    both = pings.ears[~np.isnan(pings.ears).any(axis=1)]
    lag = float(np.median(both[:, 0] - both[:, 1])) if len(both) else math.nan
    wiring = (by_tap(tap, fmt.sample_rate) if tap is not None
              else by_offset(lag, setup.speaker_offset, fmt))
    if wiring.swapped:
        lag = -lag
        recording = recording[::-1]
        silence = None if silence is None else silence[::-1]
        pings = replace(pings, ears=pings.ears[:, ::-1], gains=pings.gains[:, ::-1])
    parts = (quiet_parts(recording, pings.at, fmt.sample_rate) if silence is None
             else [silence])
    noise = noise_floor_of(parts, fmt.sample_rate)
    ping, averaged = mean_ping(recording, pings.at, fmt)
    ears = _begins(pings, lag)
    gain = _gain(compress(ping.astype(np.float32), fmt), ears, fmt)
    window = ping[:, LEAD - fmt.direct_index:][:, :fmt.window].astype(np.float32)
    # A deaf ear begins with the other; nothing is read from it.
    ears = np.where(np.isnan(ears), LEAD, ears)
    in_window = ears - LEAD + fmt.direct_index
    distance, by = _distance(setup, window)
    expected = ear_distances(replace(fmt, direct_distance=distance), setup.speaker_offset)
    per_ear = np.array([distance] * 2)
    if math.isfinite(lag):
        per_ear += np.array([0.5, -0.5]) * lag / fmt.sample_rate * SPEED_OF_SOUND
    loop, spread, drift = _loop(pings, distance, fmt)
    return Calibration(
        setup=setup, pings=pings, played=None if chirps is None else len(chirps),
        loop_delay_s=loop, loop_spread_s=spread, drift_ppm=drift, direct_gain=gain,
        direct_level_db=20 * np.log10(gain * fmt.chirp_amplitude),
        level_spread_db=_level_spread(pings, gain), itd_s=lag / fmt.sample_rate,
        distance_m=per_ear, distance_by=by, noise=noise,
        snr_db=_snr(ping, ears, gain, noise, fmt),
        peak_db=20 * np.log10(np.abs(recording).max(axis=1) + 1e-12),
        clipped_at=np.array([clipped_at(ear) for ear in recording]),
        imbalance_db=float(20 * np.log10(gain[0] / gain[1] * expected[0] / expected[1])),
        wiring=wiring,
        response=direct_response(ping, ears, noise, averaged, fmt),
        ping=ping, averaged=averaged,
        floor=None if setup.head_height is None else floor_echo(
            window, in_window, setup.head_height, fmt))


def _enough_pings(recording: np.ndarray, fmt: PingFormat, chirps) -> Pings:
    try:
        pings = find_pings(recording, fmt, chirps)
    except NoChirpError as error:
        raise NoChirpError(f'{error}: {_why_silent(recording, fmt)}') from error
    if len(pings) < LEAST_PINGS:
        raise NoChirpError(
            f'{len(pings)} chirp{"s" * (len(pings) != 1)} of equal level heard; expected at '
            f'least {LEAST_PINGS}: record for longer, at a steady volume')
    return pings


def _why_silent(recording: np.ndarray, fmt: PingFormat) -> str:
    """Say what a recording without chirps sounds like, and what may be wrong."""
    for rate in _OTHER_RATES:
        other = replace(fmt, sample_rate=rate)
        try:
            if rate != fmt.sample_rate and len(find_pings(recording, other)) >= LEAST_PINGS:
                return (f'but taken as {rate} Hz instead of {fmt.sample_rate} Hz it holds chirps: '
                        'give its true sample rate')
        except (NoChirpError, WindowError):
            continue
    peak = np.abs(recording).max(axis=1)
    rms = np.sqrt(np.mean(recording.astype(np.float64)**2, axis=1))
    levels = ', '.join(
        f'{name} ear {20 * math.log10(level + 1e-12):.0f} dBFS' if level > 0
        else f'{name} ear silent to the last bit' for name, level in zip(('left', 'right'), rms))
    if peak.max() < 1e-4:
        return (f'both ears are silent ({levels}); unmute the microphones, choose another input '
                'device (`echo-depth devices`), or raise their gain')
    return (f'the ears hear something ({levels}), but no chirp of {fmt.chirp_start_hz:g} to '
            f'{fmt.chirp_end_hz:g} Hz in {1e3 * fmt.chirp_duration:g} ms; turn up the speaker, '
            'choose another output device, and switch off noise suppression, which takes chirps '
            'for noise')


def _begins(pings: Pings, lag: float) -> np.ndarray:
    """Return where the direct sound begins at each ear in the mean ping, (2,); NaN if deaf."""
    heard = np.mean(~np.isnan(pings.ears), axis=0) >= _HEARD
    shift = np.array([0.5, -0.5]) * lag if heard.all() else np.zeros(2)
    return np.where(heard, LEAD + shift, np.nan)


def _gain(response: np.ndarray, ears: np.ndarray, fmt: PingFormat) -> np.ndarray:
    """Height of the compressed pulse at each ear, also between samples; NaN if deaf."""
    gain = np.full(2, np.nan)
    for ear in np.flatnonzero(~np.isnan(ears)):
        at = round(float(ears[ear]))
        fine = resample(response[ear, at - _NEAR:at + _NEAR].astype(float), 2 * _NEAR * _FINER)
        centre, reach = _NEAR * _FINER, _PULSE * _FINER
        gain[ear] = np.abs(fine[centre - reach:centre + reach]).max()
    return gain


def _level_spread(pings: Pings, gain: np.ndarray) -> float:
    heard = ~np.isnan(gain)
    return float(np.std(20 * np.log10(pings.gains[:, heard] + 1e-12), axis=0).max(initial=0.0))


def _loop(pings: Pings, distance: float, fmt: PingFormat) -> tuple[float | None, float, float]:
    if pings.delays is None:
        return None, math.nan, math.nan
    travel = distance / SPEED_OF_SOUND * fmt.sample_rate
    delay = float(np.median(pings.delays)) - travel
    low, high = np.quantile(pings.delays, (0.05, 0.95))
    slope = np.polyfit(pings.at - pings.at[0], pings.delays, 1)[0]
    return delay / fmt.sample_rate, float(high - low) / fmt.sample_rate, 1e6 * float(slope)


def _distance(setup: Setup, window: np.ndarray) -> tuple[float, str]:
    """Return metres from speaker to ears, and how that is known."""
    if setup.wall is not None:
        measured = distance_by_wall(window, setup.wall, setup.fmt)
        if 0.02 <= measured <= 0.6:
            return measured, 'wall'
    return setup.fmt.direct_distance, 'given' if setup.distance_given else 'assumed'


def _snr(ping, ears, gain, noise: NoiseFloor, fmt: PingFormat) -> np.ndarray:
    """Power of the chirp as received, by its compressed pulse, over that of the noise, in dB."""
    response = compress(ping.astype(np.float32), fmt, SYNC_BASELINE)
    unit = pulse_energy(fmt, SYNC_BASELINE)
    ratios = np.full(2, np.nan)
    for ear in np.flatnonzero(~np.isnan(gain)):
        at = round(float(ears[ear]))
        energy = float(np.sum(response[ear, at - _PULSE:at + _PULSE + 1]**2)) / unit
        heard = energy * fmt.chirp_amplitude**2 / 2
        ratios[ear] = 10 * math.log10(heard + 1e-20) - noise.level_db[ear]
    return ratios
