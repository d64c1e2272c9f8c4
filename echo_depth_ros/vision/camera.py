# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pinhole cameras, ideal and calibrated, as sensor_msgs/CameraInfo describes them."""

from dataclasses import dataclass
import math

import numpy as np


class _Pinhole:
    """Matrices of anything with ``fx``, ``fy``, ``cx`` and ``cy``."""

    @property
    def k(self) -> np.ndarray:
        """Intrinsic matrix, (3, 3)."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])

    @property
    def p(self) -> np.ndarray:
        """Projection matrix, (3, 4): the intrinsics and no baseline."""
        return np.hstack([self.k, np.zeros((3, 1))])

    @property
    def r(self) -> np.ndarray:
        """Rectification, (3, 3): none."""
        return np.eye(3)


@dataclass(frozen=True)
class CameraModel(_Pinhole):
    """
    Image size and fields of view; the optical axis goes through the middle of the image.

    Pixel centres have whole-number coordinates (ROS, OpenCV), so the middle of an image of
    width 128 is at 63.5, and the field of view reaches from -0.5 to 127.5.
    """

    width: int = 128
    height: int = 128
    hfov_deg: float = 90.0
    vfov_deg: float = 90.0

    def __post_init__(self) -> None:
        """Refuse what no pinhole camera has."""
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f'camera image is {self.width}x{self.height}; expected at least one pixel')
        for name, fov in (('hfov_deg', self.hfov_deg), ('vfov_deg', self.vfov_deg)):
            if not 0 < fov < 180:
                raise ValueError(f'{name} is {fov}; expected degrees between 0 and 180')

    @property
    def fx(self) -> float:
        """Focal length in pixel widths."""
        return self.width / 2 / math.tan(math.radians(self.hfov_deg) / 2)

    @property
    def fy(self) -> float:
        """Focal length in pixel heights."""
        return self.height / 2 / math.tan(math.radians(self.vfov_deg) / 2)

    @property
    def cx(self) -> float:
        """Column of the optical axis."""
        return (self.width - 1) / 2

    @property
    def cy(self) -> float:
        """Row of the optical axis."""
        return (self.height - 1) / 2

    @property
    def d(self) -> np.ndarray:
        """Plumb-bob distortion, (5,): none."""
        return np.zeros(5)

    def rays(self) -> np.ndarray:
        """
        Points at depth 1 m behind every pixel, (height, width, 3).

        Optical frame of REP-103: x right, y down, z forward. Times a depth image they are its
        points; their norm turns depth along the axis into distance from the camera.
        """
        x = (np.arange(self.width) - self.cx) / self.fx
        y = (np.arange(self.height) - self.cy) / self.fy
        grid_x, grid_y = np.meshgrid(x, y)
        return np.stack([grid_x, grid_y, np.ones_like(grid_x)], axis=-1)


@dataclass(frozen=True)
class CalibratedCamera(_Pinhole):
    """
    What a real camera says about its lens: intrinsics in pixels, and plumb-bob distortion.

    Has the matrices of :class:`CameraModel`, and may stand where those are asked for.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def d(self) -> np.ndarray:
        """Plumb-bob distortion, (5,): k1, k2, t1, t2, k3."""
        return np.array(self.distortion, float)
