# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The study of robots that follow walls by ear: cases, their trials, and a folder that keeps them.

Rooms, starts and the measure (share of the track until the first contact) are those of
"Structure from Silence" (Chen, Hu, Owens 2021), Fig. 7, 10 and 11. All of it is simulated; the
paper's robot was a real TurtleBot.

A seed is a robot. It decides how the speaker beams and how the ears hear
(:meth:`echo_depth_ros.sim.hearing.Hearing.random`); for each of its trials it also decides the
wheels' bias, drift and noise, the noise of the room and the motors, the scatter of the echoes,
which pings get lost, and the turns of the random policy. Rooms and starts stay the same.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed, ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
import hashlib
import json
import math
import multiprocessing
from pathlib import Path
import time

import numpy as np

from echo_depth_ros.perception.assets import AMBIENT, default_model_path, STUDENT
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import Track, tracks
from echo_depth_ros.sim.wall_trial import Outcome, run_trial, TrialSettings
from echo_depth_ros.trials.wall_policies import DISTANCE, ROBOTS, Trying

POSES_APART = 3
"""Pings from one kept pose to the next: 4.6 Hz."""
FILE = 'trials.jsonl'
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Condition:
    """
    What makes a trial harder.

    :ivar motor_db: how much louder the motors are.
    :ivar dead_ear: whether one ear is dead: left and right by turns, from start to start.
    :ivar lost: share of the pings (or clips) that tell nothing.
    :ivar furniture: whether furniture stands along the wall.
    """

    motor_db: float = 0.0
    dead_ear: bool = False
    lost: float = 0.0
    furniture: bool = False


CONDITIONS = {
    'clean': Condition(), 'motors': Condition(motor_db=10.0), 'dead_ear': Condition(dead_ear=True),
    'lost': Condition(lost=0.5), 'furniture': Condition(furniture=True)}
TOUCHED_BY = {
    'echo': tuple(CONDITIONS), 'ambient': tuple(CONDITIONS), 'ambient_set': ('clean',),
    'truth': ('clean', 'lost', 'furniture'),
    'straight': ('clean', 'furniture'), 'random': ('clean', 'furniture')}
"""The conditions that make a difference to each policy: who does not hear needs no ears."""


@dataclass(frozen=True)
class Case:
    """One trial of the study; ``start`` numbers :meth:`Track.starts`, 0 to 8."""

    policy: str
    room: str
    start: int
    seed: int
    condition: str = 'clean'

    def __post_init__(self) -> None:
        """Refuse a name that is not known."""
        for name, known in (('policy', ROBOTS), ('room', [t.name for t in tracks()]),
                            ('condition', CONDITIONS), ('start', range(9))):
            if getattr(self, name) not in known:
                raise ValueError(f'{name} is {getattr(self, name)!r}; expected one of '
                                 f'{", ".join(map(str, known))}')
        if self.seed < 0:
            raise ValueError(f'seed is {self.seed}; expected 0 or more')


@dataclass(frozen=True)
class Record:
    """
    What came of a case; one JSON line.

    :ivar start_distance: metres from the wall.
    :ivar start_angle: degrees from the wall's direction, plus is left.
    :ivar metres: along the track until the first contact.
    :ivar share: of the track, 0 to 1.
    :ivar complete: whether the whole track was driven without a contact.
    :ivar seconds: simulated time.
    :ivar wall_clock: seconds that it took to compute.
    :ivar error: RMS in metres of the distance to the wall, or to furniture along it, against
        0.6 m, after 1.5 m of way; None for a robot that did not get that far.
    :ivar nearest: least distance in metres from the robot's centre to anything.
    :ivar poses: x, y and yaw at 4.6 Hz.
    :ivar code: of the program and network that computed it, 12 hex digits.
    """

    policy: str
    room: str
    start: int
    seed: int
    condition: str
    start_distance: float
    start_angle: float
    metres: float
    share: float
    complete: bool
    collided: bool
    seconds: float
    wall_clock: float
    error: float | None
    nearest: float
    poses: tuple[tuple[float, float, float], ...]
    code: str = ''

    @property
    def case(self) -> Case:
        """The case that it answers."""
        return Case(self.policy, self.room, self.start, self.seed, self.condition)

    def to_json(self) -> str:
        """Write it as one line."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> 'Record':
        """
        Read a line that :meth:`to_json` wrote.

        :raises ValueError: when it is none.
        """
        try:
            data = json.loads(line)
            names = {entry.name for entry in fields(cls)}
            if not isinstance(data, dict) or data.keys() != names:
                raise ValueError(f'expected the fields {", ".join(sorted(names))}')
            record = cls(**{**data, 'poses': tuple(tuple(pose) for pose in data['poses'])})
            record.case  # noqa: B018 - refuses unknown names
        except (TypeError, ValueError) as error:
            raise ValueError(f'not the record of a trial: {error}') from error
        return record


def cases(policies: Iterable[str], seeds: Iterable[int], conditions: Iterable[str] = CONDITIONS,
          rooms: Iterable[str] | None = None, starts: Iterable[int] = range(9)) -> list[Case]:
    """List the trials of a study; conditions that do not touch a policy are left out."""
    rooms = [track.name for track in tracks()] if rooms is None else list(rooms)
    conditions, seeds, starts = list(conditions), list(seeds), list(starts)
    return [Case(policy, room, start, seed, condition)
            for policy in policies for condition in conditions if condition in TOUCHED_BY[policy]
            for seed in seeds for room in rooms for start in starts]


def find_track(room: str, furnished: bool = False) -> Track:
    """Build one of the four tracks."""
    track = next(track for track in tracks() if track.name == room)
    return track.furnished() if furnished else track


def run_case(case: Case) -> Record:
    """Run one trial."""
    begin = time.perf_counter()
    condition = CONDITIONS[case.condition]
    track = find_track(case.room, condition.furniture)
    distance, angle, pose = track.starts()[case.start]
    # One number for each robot, room and start: the same whatever policy and condition.
    room = [t.name for t in tracks()].index(case.room)
    seed = 1000 * case.seed + 10 * room + case.start
    noise = Noise()
    simulation = Simulation(
        track.world, seed=seed, start=pose,
        hearing=Hearing.random(np.random.default_rng([case.seed, 8])),
        noise=replace(noise, motor_db=noise.motor_db + condition.motor_db))
    dead_ear = (case.start + case.seed) % 2 if condition.dead_ear else None
    robot = ROBOTS[case.policy](Trying(track, pose, simulation, seed, dead_ear))
    outcome = run_trial(track, pose, robot.policy, robot.sense, seed=seed, simulation=simulation,
                        settings=TrialSettings(lost=condition.lost, longest=robot.longest,
                                               patience=robot.patience))
    return _record(case, distance, angle, outcome, time.perf_counter() - begin)


def _record(case: Case, distance: float, angle: float, outcome: Outcome,
            wall_clock: float) -> Record:
    error = outcome.distance_error(DISTANCE)
    poses = [(round(p.x, 3), round(p.y, 3), round(p.yaw, 3)) for p in outcome.poses]
    kept = poses[::POSES_APART]
    if (len(poses) - 1) % POSES_APART:
        kept.append(poses[-1])
    return Record(
        **asdict(case), start_distance=distance, start_angle=angle,
        metres=round(outcome.metres, 4), share=round(outcome.share, 5), complete=outcome.complete,
        collided=outcome.collided, seconds=round(outcome.seconds, 3),
        wall_clock=round(wall_clock, 3), error=None if math.isnan(error) else round(error, 4),
        nearest=round(outcome.nearest, 4), poses=tuple(kept), code=code_version())


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a hash of everything that a trial's outcome depends on, 12 hex digits."""
    digest = hashlib.sha256()
    for part in ('acoustics', 'navigation', 'perception', 'sim', 'trials', 'vision'):
        for path in sorted((_PACKAGE / part).rglob('*.py')):
            digest.update(path.read_bytes())
    for asset in (STUDENT, AMBIENT):
        digest.update(default_model_path(asset).read_bytes())
    return digest.hexdigest()[:12]


def load(folder: Path) -> list[Record]:
    """
    Read the trials that a folder keeps; a last line that was cut off is left out.

    :raises ValueError: naming file and line of anything else that is no record.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return []
    *lines, last = path.read_text(encoding='utf-8').split('\n')
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(Record.from_json(line))
        except ValueError as error:
            raise ValueError(f'{path}, line {number}: {error}; delete the line, and that trial '
                             'will be run again') from error
    return records


def run_all(wanted: Iterable[Case], folder: Path, jobs: int = 1) -> Iterator[Record]:
    """
    Run the cases that a folder does not keep yet, and keep each as soon as it is done.

    :param jobs: processes.
    :yields: the new records, in the order in which they are done.
    :raises ValueError: when the folder keeps something else, or ``jobs`` is below one.
    """
    if jobs < 1:
        raise ValueError(f'jobs is {jobs}; expected 1 or more')
    done = {record.case for record in load(folder)}
    todo = [case for case in dict.fromkeys(wanted) if case not in done]
    path = Path(folder) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    _cut_broken_end(path)
    with path.open('a', encoding='utf-8') as file:
        for record in _run(todo, jobs):
            file.write(record.to_json() + '\n')
            file.flush()
            yield record


def _run(todo: list[Case], jobs: int) -> Iterator[Record]:
    if jobs == 1:
        yield from map(run_case, todo)
        return
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context('spawn'))
    try:
        for future in as_completed([pool.submit(run_case, case) for case in todo]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _cut_broken_end(path: Path) -> None:
    """Cut off what a crash left of a line, lest the next record is written behind it."""
    if path.exists():
        text = path.read_bytes()
        if text and not text.endswith(b'\n'):
            path.write_bytes(text[:text.rfind(b'\n') + 1])
