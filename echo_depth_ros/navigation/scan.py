# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A depth image as a horizontal scan of what a robot could bump into."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from echo_depth_ros.vision.camera import CameraModel

_COLUMN_STEP = 2
_NEARER_SHARE = 0.3
"""A column is as near as this share of its pixels: one pixel is noise, half of them a wall."""
_FAR = 1e3


@dataclass(frozen=True, eq=False)
class Scan:
    """
    Bearings, from left to right.

    :ivar bearing: radians from straight ahead, counter-clockwise, shape (n,), falling.
    :ivar distance: metres over the floor, shape (n,); +Inf where the way is clear, NaN unknown.
    :ivar confidence: 0 to 1, shape (n,).
    """

    bearing: np.ndarray
    distance: np.ndarray
    confidence: np.ndarray

    def points(self) -> np.ndarray:
        """Places, x ahead and y left, shape (n, 2); not finite where distances are not."""
        return self.distance[:, None] * np.stack(
            [np.cos(self.bearing), np.sin(self.bearing)], axis=1)

    def along_sight(self, steepest: float) -> np.ndarray:
        """
        Return where distance changes with bearing as on a surface that is seen very obliquely.

        An edge of something near before something far becomes such a surface in a soft image.

        :param steepest: tangent of the angle from the surface's normal; shape (n,) is returned.
        """
        metres = np.minimum(self.distance, _FAR)
        slope = np.abs(np.gradient(metres, self.bearing))
        return ~(slope <= steepest * metres)


class Scanner:
    """
    Reads scans off depth images of one camera.

    :param camera: for which depth is drawn.
    :param camera_height: metres from the floor to the camera.
    :param low: metres above the floor; lower things are floor.
    :param high: metres above the floor; the robot passes under what is higher. Not under what is
        so little above the ears that the range stops it there.
    """

    def __init__(self, camera: CameraModel = CameraModel(), camera_height: float = 0.5,
                 low: float = 0.10, high: float = 0.80):
        if not 0 <= low < camera_height < high:
            raise ValueError(f'low, camera_height and high are {low}, {camera_height} and {high} '
                             'm; expected them to rise')
        self._shape = camera.height, camera.width
        rays = camera.rays()[:, ::_COLUMN_STEP]
        self._down, across = rays[..., 1], rays[0, :, 0]
        self._bearing = np.arctan(-across)
        self._stretch = np.hypot(1, across)
        self._drop = camera_height - high, camera_height - low
        middle = (camera.height - 1) / 2
        self._level = (np.abs(np.arange(camera.height) - middle) < 1.5)[:, None]

    def read(self, depth: np.ndarray, confidence: Optional[np.ndarray] = None) -> Scan:
        """
        Read one image.

        :param depth: metres along the optical axis, (height, width), NaN unknown, +Inf clear.
        :param confidence: 0 to 1, likewise; None is sure of everything.
        :raises ValueError: when an image has another shape than the camera.
        """
        for name, image in (('depth', depth), ('confidence', confidence)):
            if image is not None and np.shape(image) != self._shape:
                raise ValueError(f'{name} has shape {np.shape(image)}; expected {self._shape}')
        depth = np.asarray(depth, float)[:, ::_COLUMN_STEP]
        metres = np.minimum(np.where(depth > 0, depth, np.nan), _FAR)
        drop = self._down * metres
        counts = (self._level | ((drop > self._drop[0]) & (drop < self._drop[1])))
        counts &= np.isfinite(metres)
        number = counts.sum(axis=0)
        ordered = np.sort(np.where(counts, metres, np.inf), axis=0)
        index = np.maximum((number * _NEARER_SHARE).astype(int), 0)
        nearest = ordered[index, np.arange(len(number))]
        distance = np.where(nearest < _FAR, nearest * self._stretch, np.inf)
        if confidence is None:
            sure = np.ones(len(number))
        else:
            image = np.asarray(confidence, float)[:, ::_COLUMN_STEP]
            sure = np.where(counts, np.nan_to_num(image), 0).sum(axis=0) / np.maximum(number, 1)
        return Scan(self._bearing, np.where(number > 0, distance, np.nan),
                    np.where(number > 0, sure, 0.0))
