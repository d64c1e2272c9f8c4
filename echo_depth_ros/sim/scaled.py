# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Worlds of another size that look the same.

One image shows directions only: of a room in which everything, the camera's height included, is
k times as large it is the same image, and all depths are k times as long. Echoes take k times as
long. So no picture tells the size of such rooms, but a chirp does.
"""

from dataclasses import replace

from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.world import Box, Furniture, World


def scaled_world(world: World, factor: float) -> World:
    """Return a room with all that is in it, ``factor`` times as large."""
    return replace(
        world, height=world.height * factor,
        corners=tuple((x * factor, y * factor) for x, y in world.corners),
        furniture=tuple(_scaled(item, factor) for item in world.furniture))


def scaled_rig(rig: Rig, factor: float) -> Rig:
    """Return the same sensor head ``factor`` times as high above the floor."""
    return replace(rig, height=rig.height * factor)


def scaled_pose(pose: Pose, factor: float) -> Pose:
    """Return the place in the scaled world that looks as ``pose`` does in the other."""
    return Pose(pose.x * factor, pose.y * factor, pose.yaw)


def _scaled(item: Furniture, factor: float) -> Furniture:
    sides = ('x', 'y', 'z', 'height') + (
        ('length', 'width') if isinstance(item, Box) else ('radius',))
    return replace(item, **{side: getattr(item, side) * factor for side in sides})
