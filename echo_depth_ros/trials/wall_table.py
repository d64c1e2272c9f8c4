# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of the wall-following study, beside what the paper reports."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from echo_depth_ros.sim.tracks import START_ANGLES, tracks
from echo_depth_ros.trials.wall_policies import DISTANCE, ROBOTS
from echo_depth_ros.trials.wall_study import CONDITIONS, Record

PAPER_ROOMS = ('l', 'straight_1', 'straight_2')
"""Fig. 10 of the paper averages over these three, nine trials each; not the room of Fig. 7."""
PAPER = {'ambient': 0.659, 'straight': 0.515}
"""
Share of the track by Fig. 10, average of all trials: 'Ours' and 'Straight line'.

The figure's eight numbers come without their bars in the paper's text. An average of all must be
that of the three orientations, which leaves one way to share them out: 65.9 (82, 60.4, 55.4) and
51.5 (82, 40.5, 32.2), and the text says which is better. The two 82s are 81.9 and 82.1, facing
ahead; which of 60.4 and 55.4, and of 40.5 and 32.2, is left and which is right is not told.
"""
PAPER_BY_ANGLE = {'ambient': '82 ahead; 60.4 and 55.4 at 30 degrees',
                  'straight': '82 ahead; 40.5 and 32.2 at 30 degrees'}

NOTES = (
    'share: of the track until the first contact; whole: trials that drove all of it without '
    'one;\nerror: RMS of the distance to the wall, or to furniture along it where that is nearer, '
    f'against\n{DISTANCE} m, after 1.5 m of way; nearest: least distance from the centre '
    '(radius 0.20 m)\nto anything; x real: simulated time over computing time, one core each; '
    '+-: standard deviation\nover the seeds, each a robot of its own.')

Key = Callable[[Record], tuple[str, ...]]


def by_condition(records: Sequence[Record]) -> str:
    """Figures by policy and condition."""
    lines = [f'{"policy":12}{"condition":11}{"trials":>7}{"metres":>13}{"share %":>14}'
             f'{"whole %":>14}{"contacts":>9}{"error m":>16}{"nearest":>9}{"x real":>8}']
    for (policy, condition), some in _groups(records, lambda r: (r.policy, r.condition)):
        contacts = sum(record.collided for record in some)
        speed = sum(r.seconds for r in some) / max(sum(r.wall_clock for r in some), 1e-9)
        lines.append(
            f'{policy:12}{condition:11}{len(some):7}'
            f'{over_seeds(some, lambda r: r.metres, 2):>13}'
            f'{over_seeds(some, lambda r: 100 * r.share):>14}'
            f'{over_seeds(some, lambda r: 100 * r.complete):>14}{contacts:9}'
            f'{rms_over_seeds(some):>16}{min(r.nearest for r in some):9.2f}{speed:8.1f}')
    return '\n'.join(lines)


def by_room(records: Sequence[Record]) -> str:
    """Share of the track and trials that drove all of it, by policy, condition and room."""
    rooms = [track.name for track in tracks()]
    lines = [f'{"share % (whole %)":21}' + ''.join(f'{room:>14}' for room in rooms)]
    for names, some in _groups(records, lambda r: (r.policy, r.condition)):
        lines.append(f'{names[0]:12}{names[1]:11}' + ''.join(
            f'{_share([r for r in some if r.room == room]):>14}' for room in rooms))
    return '\n'.join(lines)


def by_angle(records: Sequence[Record]) -> str:
    """Share of the track by where the robot looked at the start, clean, all rooms."""
    lines = [f'{"share % (whole %)":21}' + ''.join(
        f'{angle:>+12.0f} d' for angle in START_ANGLES)]
    clean = [record for record in records if record.condition == 'clean']
    for (policy,), some in _groups(clean, lambda r: (r.policy,)):
        lines.append(f'{policy:21}' + ''.join(
            f'{_share([r for r in some if r.start_angle == angle]):>14}'
            for angle in START_ANGLES))
    return '\n'.join(lines)


def beside_paper(records: Sequence[Record]) -> str:
    """Average share in the three rooms of the paper's Fig. 10, ours beside theirs."""
    lines = ['share of the track, average of all clean trials in the rooms l, straight_1 and '
             'straight_2:', f'{"policy":12}{"simulated here":>18}{"the paper":>12}']
    for policy in ROBOTS:
        some = [r for r in records if r.policy == policy and r.condition == 'clean'
                and r.room in PAPER_ROOMS]
        if some:
            theirs = f'{100 * PAPER[policy]:.1f}' if policy in PAPER else '-'
            more = f'   ({PAPER_BY_ANGLE[policy]})' if policy in PAPER else ''
            lines.append(f'{policy:12}{over_seeds(some, lambda r: 100 * r.share):>18}'
                         f'{theirs:>12}{more}')
    lines.append('Ours is simulation. The paper drove a TurtleBot through real rooms, 27 trials '
                 '(its Fig. 10);\nits Fig. 9, the room with the corner, gives no numbers.')
    return '\n'.join(lines)


def report(records: Sequence[Record]) -> str:
    """All tables."""
    if not records:
        return 'no trials'
    codes = {record.code for record in records}
    mixed = [] if len(codes) == 1 else [
        f'NOTE: these trials were computed by {len(codes)} versions of the program.']
    return '\n\n'.join([by_condition(records), NOTES, by_room(records), by_angle(records),
                        beside_paper(records), *mixed])


def over_seeds(records: Sequence[Record], value: Callable[[Record], float],
               digits: int = 1) -> str:
    """Mean, and the standard deviation of the seeds' means where there are several."""
    means = [np.mean([value(r) for r in some]) for some in _by_seed(records)]
    return _pm(float(np.mean([value(r) for r in records])), means, digits)


def rms_over_seeds(records: Sequence[Record]) -> str:
    """RMS of the distance errors, likewise."""
    def rms(some: Iterable[Record]) -> float:
        errors = [r.error for r in some if r.error is not None]
        return float(np.sqrt(np.mean(np.square(errors)))) if errors else np.nan

    each = [value for value in map(rms, _by_seed(records)) if np.isfinite(value)]
    return _pm(rms(records), each, 3)


def _pm(mean: float, each: Sequence[float], digits: int) -> str:
    if not np.isfinite(mean):
        return '-'
    spread = f' +-{np.std(each, ddof=1):.{digits}f}' if len(each) > 1 else ''
    return f'{mean:.{digits}f}{spread}'


def _share(records: Sequence[Record]) -> str:
    if not records:
        return '-'
    return (f'{100 * np.mean([r.share for r in records]):.1f} '
            f'({100 * np.mean([r.complete for r in records]):.0f})')


def _by_seed(records: Sequence[Record]) -> list[list[Record]]:
    return [[r for r in records if r.seed == seed] for seed in sorted({r.seed for r in records})]


def _groups(records: Sequence[Record], key: Key) -> list[tuple[tuple[str, ...], list[Record]]]:
    """Put records in groups by key, in the order of policies and conditions."""
    order = [*ROBOTS, *CONDITIONS]
    found: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        found.setdefault(key(record), []).append(record)
    return sorted(found.items(), key=lambda item: [order.index(name) for name in item[0]])
