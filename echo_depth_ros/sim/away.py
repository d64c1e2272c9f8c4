# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Conditions that training never saw, one at a time, for test sets away from home.

Each changes one thing and leaves the rest, so that a figure that falls says why. Rooms of the
same seed have the same walls and furniture at home and under every condition that does not change
them; `home` is the control: rooms as in training, under the seeds of the away sets.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
import math

import numpy as np

from echo_depth_ros.sim import away_furniture
from echo_depth_ros.sim.away_noise import AwayNoise
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.materials import HELD_OUT
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.random_world import Range, RoomStyle
from echo_depth_ros.sim.rig import Rig

AWAY_SEED = 1_000_000
"""First room of away sets, far from the rooms of any training set."""


@dataclass(frozen=True)
class Conditions:
    """
    What rooms, robots and noises of a data set are drawn from.

    :ivar name: what `--away` calls it.
    :ivar what: what differs from training, in words.
    :ivar rig: where speaker, ears and camera are.
    :ivar style: what the rooms are drawn from.
    :ivar hearing: draws speaker and ears of a robot.
    :ivar noise: draws the noise of a room and a robot.
    :ivar sizes: least and most times as large that everything, the height of the robot's head
        included, is drawn; see :mod:`~echo_depth_ros.sim.scaled`. None: as it is.
    """

    name: str
    what: str
    rig: Rig = Rig()
    style: RoomStyle = RoomStyle()
    hearing: Callable[[np.random.Generator], Hearing] = Hearing.random
    noise: Callable[[np.random.Generator], Noise] = Noise.random
    sizes: Range | None = None

    def size(self, seed: int) -> float:
        """Draw how many times as large a room is, evenly over its logarithm."""
        if self.sizes is None:
            return 1.0
        low, high = np.log(self.sizes)
        return float(np.exp(np.random.default_rng([seed, 6]).uniform(low, high)))

    def describe(self) -> dict:
        """Name and state the conditions for `dataset.json`."""
        style = self.style
        described = {
            'name': self.name, 'what': self.what,
            'rooms_m': {'box': style.boxes, 'corridor': style.corridors, 'l': style.ls},
            'furniture_per_m2': style.density,
            'furniture': [kind.__name__.rstrip('_') for kind in style.kinds],
            'materials_replaced': dict(style.substitutes),
        }
        # Left out where there are none: data sets that older versions have begun say nothing of
        # them, and can be gone on with.
        if style.panes:
            described['panes'] = {'share': style.panes, 'kinds': style.pane_kinds}
        if self.sizes:
            described['sizes'] = self.sizes
        return described


def _other_speaker(rng: np.random.Generator) -> Hearing:
    """Draw a phone-sized speaker and ears turned elsewhere, outside what training draws."""
    hearing = Hearing.random(rng)
    outward = rng.uniform(20, 32) if rng.random() < 0.5 else rng.uniform(75, 90)
    return replace(
        hearing, low_cut=rng.uniform(380, 600), high_cut=rng.uniform(8000, 12000),
        ear_azimuth=math.radians(outward), ear_gain=tuple(10 ** (rng.uniform(-3, 3, 2) / 20)))


HOME = Conditions('home', 'nothing: the control, new rooms drawn as those of training')

VARIED = Conditions(
    'varied', "for networks that see: everything, the robot's head included, 0.6 to 1.6 times as "
    'large, so that no look tells a size; in one of five rooms a wall is a mirror or a clear '
    'glass front', style=RoomStyle(panes=0.2), sizes=(0.6, 1.6))

FAMILIES: dict[str, Conditions] = {conditions.name: conditions for conditions in (
    replace(HOME, what='what the students that come along are trained in'), VARIED)}
"""What training rooms are drawn from, by name."""

_CLOSETS = RoomStyle(
    boxes=((1.6, 3.0), (1.5, 2.6), (2.0, 2.3)), corridors=((2.5, 7), (1.2, 1.6), (2.0, 2.3)),
    ls=((2.8, 5), (2.8, 5), (2.0, 2.4)))
_HALLS = RoomStyle(
    boxes=((11, 20), (8, 14), (3.8, 7)), corridors=((20, 30), (3.0, 4.5), (3.2, 4.5)),
    ls=((11, 18), (11, 18), (3.4, 6)), density=(0.03, 0.15))
_OTHER_MATERIALS = {m.shown_as: m.name for m in HELD_OUT}
_NO_OTHER_GLASS = {'glass': 'plaster'}


def _elsewhere(style: RoomStyle) -> RoomStyle:
    return replace(style, kinds=away_furniture.KINDS, substitutes=_OTHER_MATERIALS)


AWAY: dict[str, Conditions] = {conditions.name: conditions for conditions in (
    HOME,
    Conditions('closets', 'rooms smaller than any in training', style=_CLOSETS),
    Conditions('halls', 'rooms larger than any in training', style=_HALLS),
    Conditions('materials', 'held-out absorption and scattering in place of all sixteen '
               'materials, shown under the numbers of those they replace',
               style=RoomStyle(substitutes=_OTHER_MATERIALS)),
    Conditions('furniture', 'pieces that no training room has, and more of them', style=RoomStyle(
        density=(0.2, 0.5), kinds=away_furniture.KINDS)),
    Conditions('noise', 'a louder room, a fan, a voice or impulses, one of these in each room',
               noise=AwayNoise.random),
    Conditions('narrow_ears', 'ears 0.15 m apart instead of 0.235', rig=Rig(ear_spacing=0.15)),
    Conditions('wide_ears', 'ears 0.30 m apart instead of 0.235', rig=Rig(ear_spacing=0.30)),
    Conditions('low_robot', 'head 0.25 m above the floor instead of 0.5', rig=Rig(height=0.25)),
    Conditions('tall_robot', 'head 1.1 m above the floor instead of 0.5', rig=Rig(height=1.1)),
    Conditions('speaker', 'a phone-sized speaker (from 380-600 Hz to 8-12 kHz), ears turned '
               '20-32 or 75-90 degrees outward, each with +-3 dB',
               hearing=_other_speaker),
    Conditions('small_elsewhere', 'sizes of closets, held-out materials, unknown furniture, all '
               'at once', style=_elsewhere(_CLOSETS)),
    Conditions('large_elsewhere', 'sizes of halls, held-out materials, unknown furniture, all '
               'at once', style=_elsewhere(_HALLS)),
    Conditions('mirrors', 'a wall of each room is a mirror, and nothing else is of glass',
               style=RoomStyle(panes=1.0, pane_kinds=('mirror',), substitutes=_NO_OTHER_GLASS)),
    Conditions('glass_fronts', 'a wall of each room is a clear glass front on a yard, and nothing '
               'else is of glass', style=RoomStyle(
                   panes=1.0, pane_kinds=('clear_glass',), substitutes=_NO_OTHER_GLASS)),
)}
"""Every condition by name."""
