# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge what came with each window, and keep what a network can learn from."""

from typing import NamedTuple

import numpy as np

from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.quality import assess
from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.recording.description import RAW
from echo_depth_ros.recording.images import colour_array, depth_array, sound_array
from echo_depth_ros.recording.tally import Tally
from echo_depth_ros.recording.writer import LocationWriter, Sample
from echo_depth_ros.vision.errors import ImageError

MIN_SNR_DB = 6.0
"""As depth_inference asks for."""
_NEAR = 40
_OFF = 3.0
"""Samples by which the direct sound may be off, as for the readers of data sets."""


class Arrived(NamedTuple):
    """
    Messages of one moment; any but the window may be missing.

    :ivar rgb_stamp: when the picture was taken, where that is known; ``depth_stamp`` likewise.
    """

    stamp: int
    window: object
    raw: object = None
    depth: object = None
    rgb: object = None
    rgb_stamp: int | None = None
    depth_stamp: int | None = None


class Intake:
    """
    Turns messages into samples, counting whatever does not become one.

    What it keeps, the readers of data sets take: the same tests are applied.
    """

    def __init__(self, writer: LocationWriter, min_snr_db: float = MIN_SNR_DB,
                 limit: int | None = None) -> None:
        """
        Write to ``writer``.

        :param min_snr_db: windows whose direct sound is weaker are skipped.
        :param limit: so many samples are kept at most.
        """
        self.writer, self.tally = writer, Tally()
        self.tally.seen.update({'depth': 0, **({'rgb': 0} if writer.about.colour else {})})
        self._fmt = writer.about.fmt
        self._min_snr_db = min_snr_db
        self._limit = limit

    @property
    def done(self) -> bool:
        """Whether as much was kept as was asked for."""
        return self._limit is not None and self.tally.kept >= self._limit

    def take(self, arrived: Arrived) -> bool:
        """
        Keep a window with its images, or count why not.

        :returns: whether it was kept.
        :raises RecorderError: it could not be written.
        """
        if self.done:
            return False
        self.tally.come()
        self.tally.pair(*(kind for kind in self.tally.seen if getattr(arrived, kind) is not None))
        try:
            self.writer.add(self._judge(arrived))
        except _UnfitError as unfit:
            self.tally.skip(*unfit.args)
            return False
        except (ImageError, WindowError) as error:
            self.tally.skip(str(error), 'unreadable')
            return False
        self.tally.kept += 1
        self.writer.learn(frames={
            name: msg.header.frame_id for name, msg in (
                ('binaural', arrived.window), ('rgb', arrived.rgb), ('depth', arrived.depth))
            if msg is not None})
        return True

    def _judge(self, arrived: Arrived) -> Sample:
        about, fmt = self.writer.about, self._fmt
        window = sound = sound_array(arrived.window)
        quality = assess(window, fmt, self._min_snr_db)
        level = tuple(20 * np.log10(np.sqrt(np.mean(window**2, axis=1)) + 1e-9))
        self.tally.hear(quality.snr_db, level)
        if quality.problem:
            raise _UnfitError(quality.problem, quality.kind)
        if about.wav == RAW:
            sound = self._raw(arrived, window)
        if arrived.depth is None:
            raise _UnfitError('no depth image came with the window', 'no depth')
        if about.colour and arrived.rgb is None:
            raise _UnfitError('no colour image came with the window', 'no colour')
        self._check_place(sound)
        depth = depth_array(arrived.depth)
        if not np.any(depth > 0):
            raise _UnfitError('the depth image is all holes: is the camera covered, or too near?',
                              'depth all holes')
        return Sample(
            stamp=arrived.stamp, window=window, sound=sound, depth=depth,
            rgb=colour_array(arrived.rgb) if about.colour else None,
            rgb_stamp=arrived.rgb_stamp if about.colour else None,
            depth_stamp=arrived.depth_stamp, snr_db=quality.snr_db, level_dbfs=level)

    def _raw(self, arrived: Arrived, window: np.ndarray) -> np.ndarray:
        """Return the recording that the window was cut from."""
        if arrived.raw is None:
            raise _UnfitError(f'nothing came on {RAW} with the window', 'no raw recording')
        sound = sound_array(arrived.raw)
        lead = self.writer.about.direct_index - self._fmt.direct_index
        if sound.shape[1] != lead + self._fmt.window or not np.array_equal(
                sound[:, lead:], window):
            raise _UnfitError(
                f'{RAW} came with {sound.shape[1]} samples that are not {lead} and then the '
                f'{self._fmt.window} of the window', 'raw recording of another sound')
        return sound

    def _check_place(self, sound: np.ndarray) -> None:
        """Look for the direct sound as the readers of data sets do."""
        place = self.writer.about.direct_index
        try:
            direct = find_direct_sound(sound, self._fmt, (place - _NEAR, place + _NEAR))
        except NoChirpError as error:
            raise _UnfitError(str(error), 'no direct sound') from error
        if abs(direct.index - place) > _OFF:
            raise _UnfitError(
                f'the direct sound is on sample {direct.index:.1f}; expected {place}: is another '
                'robot chirping?', 'direct sound in another place')


class _UnfitError(Exception):
    """A window that is not kept: the problem in words, and its kind."""
