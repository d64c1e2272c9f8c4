# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The two ways of following a wall, as the node drives them: of ROS only its parameters."""

import math
from typing import Any, Optional

from echo_depth_ros.navigation.ambient_follower import AmbientFollower, Heard
from echo_depth_ros.navigation.messages import Command, Motion, Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits, SafeDrive
from echo_depth_ros.navigation.wall_follower import WallFollower
from echo_depth_ros.nodes.wall_parameters import ambient_settings, follow_settings, scanner
from echo_depth_ros.vision.camera import CameraModel


class EchoPolicy:
    """Follows by echo depth and range."""

    def __init__(self, node, limits: DriveLimits, camera: CameraModel):
        """
        Read the settings off the parameters of ``node``.

        :raises ValueError: for values that do not go together.
        """
        self._follower = WallFollower(follow_settings(node), limits, scanner(node, camera))

    @property
    def drive(self) -> SafeDrive:
        """What limits the commands."""
        return self._follower.drive

    def step(self, percepts: list[Percept], clips: list[Heard], now_s: float,
             motion: Optional[Motion]) -> Command:
        """Take in all that pings have told since the last step, and say what to do."""
        return _step(self._follower.step, percepts, now_s, motion)

    def change(self, node) -> bool:
        """Take over speed and distance without forgetting the wall."""
        self._follower.settings = follow_settings(node)
        return True

    def values(self) -> dict[str, Any]:
        """Figures for the diagnostics."""
        return {'room ahead of the guard m': self.drive.room()}


class AmbientPolicy:
    """
    Follows by the ambient sound of the room, as Algorithm 1 of "Structure from Silence" does.

    Ranges, where pings are heard too, may only stop it sooner.
    """

    def __init__(self, node, limits: DriveLimits, camera: CameraModel):
        """
        Read the settings off the parameters of ``node``.

        :raises ValueError: for values that do not go together.
        """
        self._follower = AmbientFollower(ambient_settings(node), limits)

    @property
    def drive(self):
        """What limits the commands."""
        return self._follower.drive

    def step(self, percepts: list[Percept], clips: list[Heard], now_s: float,
             motion: Optional[Motion]) -> Command:
        """Take in all that has been heard since the last step, and say what to do."""
        follower = self._follower
        for clip in clips[:-1]:
            follower.step(clip, now_s, motion)
            motion = motion and Motion(0.0, 0.0)
        last = clips[-1] if clips else None

        def step(percept: Optional[Percept], now_s: float, motion: Optional[Motion]) -> Command:
            nonlocal last
            clip, last = last, None
            return follower.step(clip, now_s, motion, percept)

        return _step(step, percepts, now_s, motion)

    def change(self, node) -> bool:
        """Return that it has to start anew."""
        return False

    def values(self) -> dict[str, Any]:
        """Figures for the diagnostics."""
        room, decision = self._follower.threshold, self._follower.decision
        return {
            'last decision, degrees': math.nan if decision is None else math.degrees(decision),
            'ears differ by, log odds': math.nan if room is None or room.off is None else room.off}


def _step(step, percepts: list[Percept], now_s: float, motion: Optional[Motion]) -> Command:
    """Step once for each percept; the motion counts once."""
    command = step(percepts[0] if percepts else None, now_s, motion)
    for percept in percepts[1:]:
        command = step(percept, now_s, motion and Motion(0.0, 0.0))
    return command
