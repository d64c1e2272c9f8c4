# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Following walls by the sound of a quiet room: Algorithm 1 of "Structure from Silence".

The robot stands and listens, decides, turns on the spot, drives one step, and stands again. What
it hears while it moves decides nothing, because the motors drown the room; it only shows that the
ears are still alive. See Chen, Hu, Owens, "Structure from Silence" (CoRL 2021), appendix A.2.

Two things are added, and both can be switched off: a threshold that the robot finds by turning
round once (:mod:`~echo_depth_ros.navigation.ambient_threshold`), and an anticipation of where the
step leads. The paper's law turns by how far off the robot is, which swings and never settles.

Nothing here keeps the robot from what it does not hear: unlike the echoes' range, ambient sound
promises no distance. Where pings are heard as well, they may only stop it sooner.
"""

from dataclasses import dataclass, fields
import math
from typing import Optional

from echo_depth_ros.navigation.ambient_threshold import KEPT, RoomThreshold, Sides
from echo_depth_ros.navigation.heard_drive import Heard, HeardDrive
from echo_depth_ros.navigation.messages import (
    Command,
    FOLLOWING,
    LISTENING,
    Motion,
    Percept,
    WAITING,
)
from echo_depth_ros.navigation.safe_drive import DriveLimits

_PATIENCE = 4.0
"""Listening may take so many times what is needed, before the oldest clips no longer count."""
_STEER = 3.0
_LEAST_TURN = 0.1
"""rad/s, of a turn that is nearly done."""
_AIM = math.radians(1.0)
_ROUND = math.radians(8)
"""What may be left of a turn round."""
_THERE = 0.005
"""Metres."""
_STILL = 0.002
"""Metres and radians by which odometry of a robot that stands may differ from nothing."""


@dataclass(frozen=True)
class AmbientSettings:
    """
    How walls are followed by ambient sound. The paper gives no figures but the clips' length.

    :ivar threshold: p of Algorithm 1, 0 to 1: the chance of a near surface, averaged over both
        sides, that is kept; None finds one for the room by turning round once, see
        :mod:`~echo_depth_ros.navigation.ambient_threshold`.
    :ivar alpha: least difference between the sides' chances that is worth a turn.
    :ivar step_length: v of Algorithm 1, metres from one decision to the next.
    :ivar angle_gain: radians of turn for a mean that is off by one.
    :ivar max_angle: radians, most that one decision may turn.
    :ivar anticipation: steps by which the mean's last change is carried on; 0 is the paper's law.
    :ivar listen_seconds: of clips that each decision goes by. The paper takes 20 clips of 3 s.
    :ivar clip_hop: seconds from the begin of a clip to that of the next.
    :ivar speed: m/s of a step.
    :ivar turn_rate: rad/s of a turn.
    """

    threshold: Optional[float] = None
    alpha: float = 0.35
    step_length: float = 0.3
    angle_gain: float = 1.5
    max_angle: float = math.radians(40)
    anticipation: float = 1.0
    listen_seconds: float = 3.0
    clip_hop: float = 0.25
    speed: float = 0.25
    turn_rate: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what makes no algorithm."""
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(f'threshold is {self.threshold}; expected more than 0 and less than '
                             '1, or None for an automatic one')
        if not 0 <= self.alpha < 1:
            raise ValueError(f'alpha is {self.alpha}; expected 0 to less than 1')
        if not 0 <= self.anticipation < 10:
            raise ValueError(f'anticipation is {self.anticipation} steps; expected 0 to less than '
                             '10')
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name not in ('threshold', 'alpha', 'anticipation') and not (
                    math.isfinite(value) and value > 0):
                raise ValueError(f'{entry.name} is {value}; expected a positive number')
        if self.max_angle > math.pi:
            raise ValueError(f'max_angle is {self.max_angle} rad; expected pi at most')


def decide(sides: Sides, threshold: float, settings: AmbientSettings,
           change: float = 0.0) -> float:
    """
    Run the body of Algorithm 1 once.

    :param sides: chances of a near surface, 0 to 1.
    :param threshold: p, 0 to 1.
    :param change: of the mean since the last decision; see
        :attr:`AmbientSettings.anticipation`.
    :returns: radians to turn before the robot goes forward, counter-clockwise.
    """
    left, right = sides
    mean = 0.5 * (left + right) + settings.anticipation * change
    angle = min(settings.angle_gain * abs(mean - threshold), settings.max_angle)
    if abs(left - right) < settings.alpha:
        return 0.0
    if mean > threshold:  # the robot might be near the wall
        return -angle if left > right else angle
    return angle if left > right else -angle  # the robot might be far from the wall


class AmbientFollower:
    """
    Keeps along walls by what the room sounds like on both sides.

    Call :meth:`step` at least every ``limits.tick`` seconds, with the clip that has come in
    since, or with None.

    :ivar drive: what limits the commands.
    :ivar threshold: what is known of the room, None where the settings have a threshold.
    :ivar decision: the last one of Algorithm 1, radians to turn; None before the first.
    """

    def __init__(self, settings: AmbientSettings = AmbientSettings(),
                 limits: DriveLimits = DriveLimits()):
        self.settings = settings
        self.drive = HeardDrive(limits, settings.clip_hop)
        self.threshold = RoomThreshold() if settings.threshold is None else None
        self.decision: Optional[float] = None
        self._clips: list[Heard] = []
        self._stands_s = math.inf
        self._last_stamp = -math.inf
        self._now: Optional[float] = None
        self._listening, self._turning = True, False
        self._to_turn = self._to_go = self._ends_s = 0.0
        self._told = self._least = 0.0
        self._before: Optional[Sides] = None
        self._back = False
        self._mean: Optional[float] = None

    def step(self, heard: Optional[Heard], now_s: float, motion: Optional[Motion] = None,
             percept: Optional[Percept] = None) -> Command:
        """
        Take in what has been heard, and say what to do.

        :param heard: a new clip, or None when there is none.
        :param now_s: seconds, never falling.
        :param motion: since the last step, where there is odometry; else commands are believed.
        :param percept: of a ping, where there are any; may stop the robot, never move it.
        """
        self._move(now_s, motion)
        if percept is not None:
            self.drive.hear(percept)
        if heard is not None:
            self._hear(heard, now_s)
        fresh = self._fresh(now_s)
        if not self._listening and (not fresh or now_s > self._ends_s):
            self._listening = True
        if self._listening and fresh and self._heard_enough(now_s):
            self._decide(now_s)
        wanted = (0.0, 0.0) if self._listening else self._stride()
        speed, turn = self.drive.command(*wanted, now_s)
        if not self._listening:
            return Command(speed, turn, FOLLOWING)
        return Command(speed, turn, LISTENING if fresh else WAITING)

    def _fresh(self, now_s: float) -> bool:
        return self.drive.age(now_s) < self.drive.limits.stop_within

    def _move(self, now_s: float, motion: Optional[Motion]) -> None:
        """Count down the step, and note since when the robot stands."""
        limits = self.drive.limits
        elapsed = 0.0 if self._now is None else max(0.0, now_s - self._now)
        commanded = Motion(self.drive.speed * elapsed, self.drive.turn * elapsed)
        if self.drive.stopped or elapsed > limits.stop_within:
            # Who was stopped may have been carried away meanwhile.
            self.drive.stopped, self._listening = False, True
            self._stands_s, self._mean = math.inf, None
            self._before, self._back = None, False
        self._now = now_s
        told = motion if motion is not None and math.isfinite(
            motion.ahead + motion.turned) else commanded
        self._to_go -= self._advance(told, commanded)
        self._to_turn -= told.turned
        moves = (commanded.ahead or commanded.turned or self.drive.speed or self.drive.turn
                 or max(abs(told.ahead), abs(told.turned)) > _STILL)
        if moves or not self._listening:
            self._stands_s = math.inf
        elif math.isinf(self._stands_s):
            self._stands_s = now_s + limits.latency
            self._clips.clear()

    def _advance(self, told: Motion, commanded: Motion) -> float:
        """Metres by which the step has come on."""
        if told is commanded:
            return abs(commanded.ahead)
        # Odometry that stays behind what slip explains is broken, and must not lengthen a step.
        # It may come more seldom than commands, so the whole step counts.
        before = max(self._told, self._least)
        self._told += abs(told.ahead)
        self._least += abs(commanded.ahead) / (1 + self.drive.limits.slip)
        return max(self._told, self._least) - before

    def _hear(self, heard: Heard, now_s: float) -> None:
        if not heard.tells or heard.end_s > now_s + 1e-6 or heard.stamp_s <= self._last_stamp:
            return
        self._last_stamp = heard.stamp_s
        self.drive.listen(heard)
        if heard.stamp_s >= self._stands_s:
            self._clips.append(heard)

    def _heard_enough(self, now_s: float) -> bool:
        """Whether clips of the robot's standing time cover all that a decision needs."""
        needed = self.settings.listen_seconds
        oldest = now_s - _PATIENCE * needed
        self._clips = [clip for clip in self._clips if clip.end_s > oldest]
        covered, until = 0.0, -math.inf
        for clip in self._clips:
            covered += max(0.0, clip.end_s - max(clip.stamp_s, until))
            until = max(until, clip.end_s)
        return covered >= needed - 1e-6

    def _decide(self, now_s: float) -> None:
        settings = self.settings
        sides = Sides(sum(clip.left for clip in self._clips) / len(self._clips),
                      sum(clip.right for clip in self._clips) / len(self._clips))
        threshold = settings.threshold
        if self.threshold is not None:
            if self._turns_round(sides, now_s):
                return
            sides, threshold = self.threshold.balance(sides), KEPT
        mean = 0.5 * (sides.left + sides.right)
        change = 0.0 if self._mean is None else mean - self._mean
        self._mean = mean
        self.decision = decide(sides, threshold, settings, change)
        self._set_off(self.decision, settings.step_length, now_s)

    def _turns_round(self, sides: Sides, now_s: float) -> bool:
        """Turn to the other way once and back, and learn from it; False when that is done."""
        if self._back or self._before is not None:
            if abs(self._to_turn) > _ROUND:  # the turn was broken off
                self._set_off(self._to_turn, 0.0, now_s)
                return True
            if self._back:
                self._back = False
                return False
            self.threshold.turn_round(self._before, sides)
            self._before, self._back = None, True
            self._set_off(-math.pi, 0.0, now_s)
            return True
        if self.threshold.off is None:
            self._before = sides
            self._set_off(math.pi, 0.0, now_s)
            return True
        return False

    def _set_off(self, turn: float, ahead: float, now_s: float) -> None:
        """Turn, then go ahead, with all that was heard used up."""
        settings, limits = self.settings, self.drive.limits
        self._to_turn, self._to_go = turn, ahead
        self._told = self._least = 0.0
        takes = (abs(turn) / min(settings.turn_rate, limits.max_turn)
                 + ahead / min(settings.speed, limits.max_speed))
        self._ends_s = now_s + 2 * takes + 2.0
        self._clips.clear()
        self._stands_s = math.inf
        self._listening, self._turning = False, True

    def _stride(self) -> tuple[float, float]:
        """Turn first, then go; the step ends the decision."""
        settings, drive = self.settings, self.drive
        self._turning = self._turning and abs(self._to_turn) > _AIM
        if self._turning:
            rate = min(settings.turn_rate, max(_LEAST_TURN, _STEER * abs(self._to_turn)))
            return 0.0, math.copysign(rate, self._to_turn)
        left = self._to_go
        if left <= _THERE:
            self._listening = True
            return 0.0, 0.0
        return min(settings.speed, drive.limits.speed_for(left)), 0.0
