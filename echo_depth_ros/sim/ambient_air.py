# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The ambient sound of a room as a stream without end, for a robot that stands or drives.

:class:`~echo_depth_ros.sim.ambient_room.AmbientRoom` renders stretches for one place each. Here
they overlap: one fades out while the next, of its own noise, fades in, with gains whose squares
add up to one, so that the level of steady noise stays. A robot that stands hears each stretch
almost to its end; one that drives hears the next one, from where it is then, after each fade.
"""

import math
import threading

import numpy as np

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.sim.ambient_room import AmbientRoom
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene

FADE = 0.2
"""Seconds of an overlap, and so the age that a stretch has at most when a driving robot hears
it first."""
_STRETCH = AmbientFormat().clip_duration
"""Seconds; as long as the clips of training, since hums stand out by the stretch's length."""
_MOVED, _TURNED, _FASTER = 0.005, math.radians(0.5), 0.02
"""Metres, radians and share of full speed that ask for another stretch."""


class AmbientAir:
    """
    Ambient sound at the ears, rendered ahead of its time.

    :meth:`fill` renders, and belongs to the thread that moves the robot, for both ask one scene;
    :meth:`sample` takes what is ready, from any thread.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), hearing: Hearing = Hearing(), *,
                 seed: int = 0, sample_rate: int = 44100, room: AmbientRoom | None = None):
        """
        Draw what sounds in a room; nothing is rendered yet.

        :param seed: of what sounds, and of the noise.
        :param sample_rate: Hz, such that it and 4 kHz have stretches in common: 16000 or 44100.
        :param room: in place of one that is drawn; of the same rate.
        """
        fmt = AmbientFormat(sample_rate=sample_rate, clip=round(_STRETCH * sample_rate))
        self.room = room or AmbientRoom(scene, rig, hearing, seed=seed, fmt=fmt)
        self._rng = np.random.default_rng([seed, 22])
        count = round(FADE * self.room.fmt.sample_rate)
        angle = np.pi / 2 * (np.arange(count) + 0.5) / count
        self._fade_in, self._fade_out = np.float32(np.sin(angle)), np.float32(np.cos(angle))
        self._stretch = np.zeros((2, 0), np.float32)
        self._heard_at: tuple[Pose, float] | None = None
        self._ready = np.zeros((2, 0), np.float32)
        self._lock = threading.Lock()

    @property
    def ready(self) -> int:
        """Frames that :meth:`sample` can give now."""
        return self._ready.shape[1]

    def fill(self, count: int, pose: Pose, speed: float = 0.0) -> None:
        """
        Render until so many frames are ready; what is missing is heard from here.

        :param speed: of the wheels, 0 standing to 1 full.
        """
        while (missing := count - self.ready) > 0:
            fade = len(self._fade_in)
            if self._heard_at is None:
                self._stretch = self._hear(pose, speed)
            elif self._stretch.shape[1] <= fade or self._moved(pose, speed):
                self._put(self._faded_over(pose, speed))
                continue
            part = min(missing, self._stretch.shape[1] - fade)
            self._put(self._stretch[:, :part])
            self._stretch = self._stretch[:, part:]

    def sample(self, count: int, sample_rate: int, speed: float,
               rng: np.random.Generator) -> np.ndarray:
        """
        Take the next frames, as of :class:`~echo_depth_ros.sim.noise.Noise`.

        :param speed: is that of :meth:`fill`, and ``rng`` its own.
        :returns: float32, shape (2, count).
        :raises ValueError: another rate, or fewer frames are ready.
        """
        if sample_rate != self.room.fmt.sample_rate:
            raise ValueError(f'ambient sound of {sample_rate} Hz was asked for; expected '
                             f'{self.room.fmt.sample_rate}')
        with self._lock:
            if count > self.ready:
                raise ValueError(f'{count} frames of ambient sound were asked for and '
                                 f'{self.ready} are ready; fill first')
            taken, self._ready = self._ready[:, :count], self._ready[:, count:]
        return taken

    def _hear(self, pose: Pose, speed: float) -> np.ndarray:
        self._heard_at = pose, speed
        return self.room.hear(pose, self._rng, speed)

    def _faded_over(self, pose: Pose, speed: float) -> np.ndarray:
        """Go over to a stretch from here; returns the overlap."""
        fade = len(self._fade_in)
        ending, self._stretch = self._stretch[:, :fade], self._hear(pose, speed)
        overlap = ending * self._fade_out + self._stretch[:, :fade] * self._fade_in
        self._stretch = self._stretch[:, fade:]
        return overlap

    def _moved(self, pose: Pose, speed: float) -> bool:
        was, then = self._heard_at
        turned = abs(math.remainder(pose.yaw - was.yaw, 2 * math.pi))
        return (math.hypot(pose.x - was.x, pose.y - was.y) > _MOVED or turned > _TURNED
                or abs(speed - then) > _FASTER)

    def _put(self, sound: np.ndarray) -> None:
        with self._lock:
            self._ready = np.concatenate([self._ready, sound], axis=1)
