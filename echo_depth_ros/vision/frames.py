# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Static frames of the sensor head (REP-103, REP-105)."""

from math import pi
from typing import NamedTuple


class StaticFrame(NamedTuple):
    """A child frame in its parent: metres, and roll, pitch, yaw in radians."""

    parent: str
    child: str
    xyz: tuple[float, float, float]
    rpy: tuple[float, float, float]

    def publisher_arguments(self) -> list[str]:
        """Return what tf2_ros' static_transform_publisher wants to be told."""
        names = ('--x', '--y', '--z', '--roll', '--pitch', '--yaw')
        numbers = [text for name, value in zip(names, (*self.xyz, *self.rpy))
                   for text in (name, str(value))]
        return ['--frame-id', self.parent, '--child-frame-id', self.child, *numbers]


FRAMES = (
    StaticFrame('base_link', 'echo_depth_link', (0.0, 0.0, 0.5), (0.0, 0.0, 0.0)),
    StaticFrame('echo_depth_link', 'speaker', (0.10, 0.0, -0.08), (0.0, 0.0, 0.0)),
    StaticFrame('echo_depth_link', 'ears', (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    # REP-103: z forward, x right, y down.
    StaticFrame('echo_depth_link', 'echo_depth_optical_frame', (0.0, 0.0, 0.0),
                (-pi / 2, 0.0, -pi / 2)),
)
"""Of the head as the simulator has it; measure your own and change them in your description."""
