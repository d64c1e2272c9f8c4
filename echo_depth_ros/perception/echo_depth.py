# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One ping, one window, one depth image: the method of this package in one place."""

from dataclasses import dataclass, field
import math
from time import perf_counter
from typing import NamedTuple, Optional, Union

import numpy as np

from echo_depth_ros.acoustics import quality as kinds
from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.quality import assess, Quality, silence
from echo_depth_ros.acoustics.ranging import Echo, first_echo, FloorEcho
from echo_depth_ros.acoustics.sync import align, DirectSound, find_direct_sound
from echo_depth_ros.perception.encoding import encode_confidence, encode_depth, hide_unsure
from echo_depth_ros.perception.model import odd_confidence, StudentModel

MIN_SNR_DB = 6.0
"""Least signal-to-noise ratio of a direct sound whose window is believed."""
MIN_RANGE = 0.25
"""Metres from which on an echo counts: nearer ones overlap the direct sound."""

NO_CHIRP = 'no_chirp'
DEAF_EAR = 'deaf_ear'
MODEL = 'model'
PROBLEM_KINDS = (*kinds.KINDS, NO_CHIRP, DEAF_EAR, MODEL)
"""What may keep a ping from becoming depth: what quality finds, no chirp where one should be, one
ear that did not hear it, numbers of the network that cannot be."""


@dataclass(frozen=True, eq=False)
class Perception:
    """
    What one ping has told.

    :ivar depth: float32 (height, width), metres along the optical axis, NaN unknown and +Inf
        beyond range; None where it was not wanted, there is no model, or there is a problem.
    :ivar confidence: float32 (height, width), 0 to 1: how likely that ``depth`` lies within 25 %
        of the truth, NaN where the network gave no depth; None where it was not wanted, the model
        predicts none, or there is a problem. A pixel that ``min_confidence`` has hidden in
        ``depth`` keeps the confidence that it was hidden for.
    :ivar range_m: metres from the rig to the nearest surface by the first echo, without the
        network; +Inf where no echo came back, NaN where it could not be heard.
    :ivar problem: why there is no depth although it was wanted, in words; None if all is well.
    :ivar problem_kind: the same as one of :data:`PROBLEM_KINDS`, to count by.
    :ivar confidence_problem: why there is no confidence with a depth that is there, although the
        model should predict one.
    :ivar window: float32 (2, window), aligned; None where no direct sound was found.
    :ivar direct: the direct sound, in samples of what was given to ``perceive``.
    :ivar seconds: time each stage took: ``sync``, ``quality``, ``range``, ``depth``.
    """

    depth: Optional[np.ndarray] = None
    confidence: Optional[np.ndarray] = None
    range_m: float = math.nan
    problem: Optional[str] = None
    confidence_problem: Optional[str] = None
    window: Optional[np.ndarray] = None
    quality: Optional[Quality] = None
    direct: Optional[DirectSound] = None
    echo: Optional[Echo] = None
    seconds: dict[str, float] = field(default_factory=dict)
    problem_kind: Optional[str] = None


class EchoDepth:
    """
    Depth from one chirp, as the node, the offline command and the benchmarks all compute it.

    :ivar model: the student, or None for the first-echo range alone.
    :ivar fmt: the ping that is heard.
    """

    def __init__(self, model: Optional[StudentModel] = None, fmt: PingFormat = PingFormat(), *,
                 min_snr_db: float = MIN_SNR_DB, min_range: float = MIN_RANGE,
                 max_range: float = 12.0, floor: Optional[FloorEcho] = FloorEcho(),
                 alignment_tolerance: int = 8, min_confidence: float = 0.0,
                 min_direct_level_db: Union[float, tuple[float, float]] = -math.inf,
                 look_for_foreign: bool = True):
        """
        Set the limits within which a ping is believed.

        :param min_snr_db: least signal-to-noise ratio of the direct sound, as
            :attr:`Quality.snr_db` defines it. Below it there is no depth and no range.
        :param min_range: metres; nearer echoes do not count.
        :param max_range: metres; further first echoes count as none.
        :param floor: where the floor answers, which is no obstacle; None counts it like any other.
        :param alignment_tolerance: samples by which the direct sound of a window that comes
            aligned may miss its place.
        :param min_confidence: depth that is less sure becomes unknown; 0 takes it all.
        :param min_direct_level_db: least level of the direct sound in both ears, or in each, as
            :attr:`Quality.direct_level_db` defines it; below it there is no depth.
        :param look_for_foreign: False where somebody has looked for other robots' chirps already.
        :raises ValueError: limits that make no sense, or a ``min_confidence`` for a model that
            does not say how sure it is.
        """
        if not 0 < min_range < max_range:
            raise ValueError(
                f'range limits are {min_range} and {max_range} m; expected 0 < min < max')
        if not 0 <= min_confidence <= 1:
            raise ValueError(f'min_confidence is {min_confidence}; expected 0 to 1')
        if min_confidence > 0 and model is not None and not model.predicts_confidence:
            raise ValueError(
                f'min_confidence is {min_confidence:g}, but {model.path} predicts no confidence; '
                'set it to 0, or choose a model that does')
        self.model = model
        self.fmt = fmt
        self._min_snr_db = min_snr_db
        self._range_limits = (min_range, max_range)
        self._floor = floor
        self._tolerance = alignment_tolerance
        self._min_confidence = min_confidence
        self._min_direct_level_db = min_direct_level_db
        self._look_for_foreign = look_for_foreign

    def perceive(self, recording: np.ndarray, want_depth: bool = True, want_range: bool = True,
                 search: Optional[tuple[int, int]] = None,
                 want_confidence: bool = True) -> Perception:
        """
        Find the direct sound, cut the window, judge it, range the first echo, and see.

        A sound that cannot be believed (silence, NaN, clipping, noise, no chirp, a window out of
        line, somebody else's chirp in it) comes back with a ``problem`` and without depth; it does
        not raise.

        Nor is there a range where a foreign chirp was found: loud as it is, it makes nearer echoes
        seem not to count, and its tail hides them: half of these ranges would be too long. One
        that was not found does the same to one range in six (`benchmarks/foreign_chirps.py`):
        where several robots ping, the range is no guarantee.

        :param recording: float (2, n), full scale +-1, left ear first. Exactly one window long and
            without ``search``, it is taken to be aligned already, and that is verified.
        :param want_depth: False skips the network, where nobody looks at depth.
        :param want_range: False skips the first echo, likewise; ``range_m`` is NaN then.
        :param search: first and last sample on which the direct sound of a recording may begin.
        :param want_confidence: False leaves confidence out; without depth there is none either.
        :raises WindowError: wrong shape or type, or too short.
        :raises ModelError: the network failed.
        """
        timer = _StageTimer()
        try:
            _require_numbers(recording)
            direct, window = self._hear(recording, search)
        except (NoChirpError, _NotNumbersError) as error:
            problem = silence(float(np.abs(recording).max())) or str(error)
            return Perception(problem=problem, seconds=timer.lap('sync'),
                              problem_kind=_kind_unheard(recording, error))
        timer.lap('sync')
        quality = assess(window, self.fmt, self._min_snr_db, direct.snr_db,
                         min_direct_level_db=self._min_direct_level_db,
                         look_for_foreign=self._look_for_foreign)
        timer.lap('quality')
        echo = self._first_echo(window, quality) if want_range else None
        timer.lap('range')
        seen = _Seen(problem=quality.problem, problem_kind=quality.kind)
        if seen.problem is None:
            deaf = _deaf_ear(direct)
            seen = _Seen(problem=deaf, problem_kind=DEAF_EAR if deaf else None)
        if want_depth and self.model is not None and seen.problem is None:
            seen = self._see(window, want_confidence)
            timer.lap('depth')
        return Perception(
            **seen._asdict(), range_m=echo.range_m if echo else math.nan, window=window,
            quality=quality, direct=direct, echo=echo, seconds=timer.seconds)

    def _hear(self, recording: np.ndarray,
              search: Optional[tuple[int, int]]) -> tuple[DirectSound, np.ndarray]:
        """Direct sound and window: cut, or verified where the recording is a window already."""
        if search is not None or np.shape(recording)[-1:] != (self.fmt.window,):
            window, direct = align(recording, self.fmt, search)
            return direct, window
        expected = self.fmt.direct_index
        try:
            direct = find_direct_sound(
                recording, self.fmt, (expected - self._tolerance, expected + self._tolerance))
        except NoChirpError as error:
            raise NoChirpError(
                f'the window is not aligned: its direct sound should begin on sample {expected} '
                f'+-{self._tolerance}; {error}') from error
        return direct, np.asarray(recording, np.float32)

    def _see(self, window: np.ndarray, want_confidence: bool) -> '_Seen':
        """Depth and confidence, encoded; numbers that cannot be are named and left out."""
        contract, least = self.model.contract, self._min_confidence
        said = self.model.infer(window, want_confidence or least > 0)
        depth = encode_depth(said.depth, contract.depth_min, contract.depth_max)
        if np.isnan(depth).all():
            return _Seen(problem='the model returned no finite depth for this window',
                         problem_kind=MODEL)
        if said.confidence is None:
            return _Seen(depth)
        odd = odd_confidence(said.confidence, depth)
        if odd:
            return (_Seen(problem=odd, problem_kind=MODEL) if least > 0
                    else _Seen(depth, confidence_problem=odd))
        confidence = encode_confidence(said.confidence, depth)
        if least > 0:
            depth = hide_unsure(depth, confidence, least)
        return _Seen(depth, confidence if want_confidence else None)

    def _first_echo(self, window: np.ndarray, quality: Quality) -> Optional[Echo]:
        """First echo, clipped or not; None where other sounds would make one up or hide it."""
        if not quality.snr_db >= self._min_snr_db or quality.foreign is not None:
            return None
        return first_echo(window, self.fmt, *self._range_limits, floor=self._floor)


class _Seen(NamedTuple):
    """What the network adds to a :class:`Perception`."""

    depth: Optional[np.ndarray] = None
    confidence: Optional[np.ndarray] = None
    problem: Optional[str] = None
    confidence_problem: Optional[str] = None
    problem_kind: Optional[str] = None


class _NotNumbersError(WindowError):
    """A recording of the right shape whose samples are not all numbers."""


def _kind_unheard(recording: np.ndarray, error: Exception) -> str:
    if isinstance(error, _NotNumbersError):
        return kinds.NUMBERS
    return kinds.SILENT if silence(float(np.abs(recording).max())) else NO_CHIRP


def _deaf_ear(direct: DirectSound) -> Optional[str]:
    """Depth needs both ears: noise in one would be taken for an echo from the other side."""
    for ear, index in zip(('left', 'right'), direct.ear_indices):
        if math.isnan(index):
            return (f'the {ear} ear did not hear the chirp, the other did; expected it in both: '
                    'check its microphone and cable')
    return None


def _require_numbers(recording: np.ndarray) -> None:
    if not np.isfinite(recording).all():
        raise _NotNumbersError(
            f'{np.count_nonzero(~np.isfinite(recording))} samples are NaN or infinite; expected '
            'numbers: check the audio driver')


class _StageTimer:
    """Seconds from one lap to the next, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, stage: str) -> dict[str, float]:
        now = perf_counter()
        self.seconds[stage], self._last = now - self._last, now
        return self.seconds
