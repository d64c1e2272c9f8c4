# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What pings told: joined by stamp, refused where nothing may be driven by it. No ROS here."""

from collections import Counter
import math
from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.navigation.messages import Percept
from echo_depth_ros.vision.camera import CameraModel

_NS = 1_000_000_000
_KEPT = 4
"""Parts of pings that are kept until the rest has come."""
_WAIT = _NS
"""Nanoseconds after the first depth image in which its confidence must come, if it ever does."""
_OFF_AXIS = 0.02


class Ages(NamedTuple):
    """Seconds since what came last was heard; +inf where nothing came."""

    range: float
    good_range: float
    depth: float


class PingInput:
    """
    Collects ranges, depth images and their confidence.

    A range is handed on at once. A depth image waits for its confidence; without confidence it is
    taken only where nobody publishes any, or none has come within a second of the first depth
    image. Once one has come, depth without it is never taken again.

    All stamps are nanoseconds on the clock of ``now``, of the ping's first sample.

    :param stop_within: seconds after which a ping is too old to drive by.
    :param epoch: stamp that is second 0 of the percepts.
    :param camera: for which depth is drawn, until :attr:`camera` is set to another.
    """

    def __init__(self, stop_within: float, epoch: int, camera: CameraModel = CameraModel()):
        self._stop_within, self._epoch = stop_within, epoch
        self.camera = camera
        self.refused: Counter[str] = Counter()
        self.last_refusal = ''
        self.refused_at: Optional[int] = None
        self.sure: Optional[bool] = None
        self._last: dict[str, int] = {}
        self._good_range: Optional[int] = None
        self._ranges: dict[int, float] = {}
        self._depths: dict[int, np.ndarray] = {}
        self._confidences: dict[int, np.ndarray] = {}
        self._first_depth: Optional[int] = None

    def emptied(self, epoch: int) -> 'PingInput':
        """Return one that has heard nothing yet, for the same camera, with the counts so far."""
        fresh = PingInput(self._stop_within, epoch, self.camera)
        fresh.refused, fresh.last_refusal = self.refused, self.last_refusal
        return fresh

    def take_range(self, stamp: int, range_m: float, now: int) -> None:
        """Take the first echo, in metres; +Inf is nothing in range, NaN was not heard."""
        if not self._accepts('range', stamp, now):
            return
        if range_m < 0:
            self.refuse('layout', f'range is {range_m} m; expected 0 or more', now)
            return
        self._ranges[stamp] = range_m
        if not math.isnan(range_m):
            self._good_range = stamp

    def take_depth(self, stamp: int, depth: np.ndarray, now: int) -> None:
        """Take a depth image, metres, (height, width)."""
        if self._fits('depth', depth, now) and self._accepts('depth', stamp, now):
            _put(self._depths, stamp, depth)
            if self._first_depth is None:
                self._first_depth = now

    def take_confidence(self, stamp: int, confidence: np.ndarray, now: int) -> None:
        """Take the confidence of a depth image, 0 to 1 or NaN, (height, width)."""
        if confidence.dtype != np.float32 or np.any((confidence < 0) | (confidence > 1)):
            self.refuse('layout', f'confidence came as {confidence.dtype} that is not within 0 '
                        'to 1; expected 32FC1, 0 to 1', now)
        elif self._fits('confidence', confidence, now) and self._accepts('confidence', stamp, now):
            _put(self._confidences, stamp, confidence)
            self.sure = True

    def due(self, now: int, confidence_published: bool) -> list[Percept]:
        """
        Hand out what is new, oldest first.

        :param confidence_published: whether anybody publishes confidence.
        """
        self._depths = {stamp: depth for stamp, depth in self._depths.items()
                        if (now - stamp) / _NS < self._stop_within}
        ready = {stamp: depth for stamp, depth in self._depths.items()
                 if stamp in self._confidences}
        if not ready and self._does_without(now, confidence_published):
            ready = dict(self._depths)
        if ready:
            newest = max(ready)
            self._depths = {s: d for s, d in self._depths.items() if s > newest}
        percepts = [
            Percept(self.seconds(stamp), self._ranges.get(stamp, math.nan), ready.get(stamp),
                    self._confidences.pop(stamp, None) if stamp in ready else None)
            for stamp in sorted(self._ranges.keys() | ready.keys())]
        self._ranges = {}
        return percepts

    def seconds(self, stamp: int) -> float:
        """Seconds since the epoch."""
        return (stamp - self._epoch) / _NS

    def ages(self, now: int) -> Ages:
        """Tell how long ago was heard what came last."""
        good = math.inf if self._good_range is None else (now - self._good_range) / _NS
        return Ages(self.age('range', now), good, self.age('depth', now))

    def age(self, name: str, now: int) -> float:
        """Seconds since the last 'range', 'depth', ... was heard; +inf where none came."""
        return (now - self._last[name]) / _NS if name in self._last else math.inf

    def lacks_confidence(self, now: int, stop_within: float) -> bool:
        """Whether depth comes without the confidence that came before."""
        return bool(self.sure) and self.age('confidence', now) >= stop_within

    def refuse(self, kind: str, reason: str, now: int) -> None:
        """Count what was refused, and remember why."""
        self.refused[kind] += 1
        self.last_refusal, self.refused_at = reason, now

    def check_stamp(self, name: str, stamp: int, now: int, oldest: float) -> bool:
        """Whether a message may be driven by, which is refused otherwise; ``oldest`` seconds."""
        age = (now - stamp) / _NS
        if age < 0:
            self.refuse('in the future', f'{name} is stamped {-age:.3f} s in the future; do the '
                        'clocks of the computers agree, and use_sim_time of the nodes', now)
        elif age > oldest:
            self.refuse('too old', f'{name} is stamped {age:.2f} s ago; expected at most '
                        f'{oldest:g} s', now)
        elif stamp <= self._last.get(name, stamp - 1):
            self.refuse('not newer', f'{name} is not newer than the last one; do two nodes '
                        'publish it', now)
        else:
            self._last[name] = stamp
            return True
        return False

    def _accepts(self, name: str, stamp: int, now: int) -> bool:
        return self.check_stamp(name, stamp, now, self._stop_within)

    def _fits(self, name: str, image: np.ndarray, now: int) -> bool:
        height, width = self.camera.height, self.camera.width
        if image.shape == (height, width):
            return True
        self.refuse('size', f'{name} is an image of shape {image.shape}, but depth/camera_info '
                    f'tells of {(height, width)}', now)
        return False

    def _does_without(self, now: int, published: bool) -> bool:
        """Whether depth is taken without confidence."""
        if not self._depths or self.sure:
            return False
        if published and now - self._first_depth < _WAIT:
            return False
        self.sure = False
        return True


def camera_of(width: int, height: int, k: np.ndarray) -> CameraModel:
    """
    Ideal camera of given intrinsics.

    :param k: intrinsic matrix, (3, 3).
    :raises ValueError: when the optical axis does not go through the middle of the image.
    """
    for name, centre, size in (('cx', k[0, 2], width), ('cy', k[1, 2], height)):
        if abs(centre - (size - 1) / 2) > _OFF_AXIS * size:
            raise ValueError(f'depth/camera_info has {name} {centre:.1f}; expected the middle of '
                             f'the image, {(size - 1) / 2}')
    return CameraModel(width, height, *(
        math.degrees(2 * math.atan(size / 2 / focal))
        for size, focal in ((width, k[0, 0]), (height, k[1, 1]))))


def same_camera(one: CameraModel, other: CameraModel) -> bool:
    """Whether two cameras see the same, but for rounding."""
    return (one.width, one.height) == (other.width, other.height) and bool(
        np.allclose(one.k, other.k, rtol=1e-4))


def _put(kept: dict[int, np.ndarray], stamp: int, image: np.ndarray) -> None:
    kept[stamp] = image
    while len(kept) > _KEPT:
        del kept[min(kept)]
