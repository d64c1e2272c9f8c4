# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What one pinhole camera sees, as another one at the same place would see it.

Both look the same way and neither has distortion, so pixels map along rays by a stretch and a
shift of rows and columns: u' = fx' (u - cx) / fx + cx'.
"""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from echo_depth_ros.vision.camera import CameraModel


class View(NamedTuple):
    """
    The part of an image that another camera sees, in pixels from the upper left corner.

    :ivar coverage: share of the other camera's image that lies within the image, 0 to 1.
    """

    left: float
    top: float
    right: float
    bottom: float
    coverage: float


def view_of(camera: CameraModel, k: np.ndarray, shape: tuple[int, int]) -> View:
    """
    Return what a camera sees of an image.

    :param k: intrinsics (3, 3) of the image, and ``shape`` its height and width in pixels.
    """
    edges = []
    for axis, size, focal, centre in ((0, camera.width, camera.fx, camera.cx),
                                      (1, camera.height, camera.fy, camera.cy)):
        stretch = k[axis, axis] / focal
        # Pixel centres are whole numbers, so the image begins at -0.5.
        edges.append([stretch * (edge - centre) + k[axis, 2] + 0.5 for edge in (-0.5, size - 0.5)])
    (left, right), (top, bottom) = edges
    inside = [max(0.0, min(high, size) - max(low, 0.0)) / (high - low)
              for (low, high), size in zip(edges, (shape[1], shape[0]))]
    return View(left, top, right, bottom, inside[0] * inside[1])


def fields_of_view(k: np.ndarray, shape: tuple[int, int]) -> tuple[float, float]:
    """Return degrees across and down that an image of that height and width shows."""
    hfov, vfov = (math.degrees(math.atan((size - 0.5 - k[axis, 2]) / k[axis, axis])
                               + math.atan((k[axis, 2] + 0.5) / k[axis, axis]))
                  for axis, size in ((0, shape[1]), (1, shape[0])))
    return hfov, vfov


def look(image: np.ndarray, view: View, camera: CameraModel) -> np.ndarray:
    """
    Return the image as a camera sees it, of the camera's size.

    Averages where it shrinks, interpolates where it stretches; what lies outside the image gets
    the colour of its edge.

    :param image: uint8 (h, w, 3).
    :param view: of this camera and an image of this size, from :func:`view_of`; it must overlap.
    :returns: uint8 (height, width, 3).
    """
    height, width = image.shape[:2]
    box = [*view[:4]]
    before = [max(0, math.ceil(-edge - 1e-6)) for edge in box[:2]]
    after = [max(0, math.ceil(edge - size - 1e-6)) for edge, size in zip(box[2:], (width, height))]
    if any(before) or any(after):
        image = np.pad(image, ((before[1], after[1]), (before[0], after[0]), (0, 0)), 'edge')
    limits = image.shape[1], image.shape[0]
    box = [min(max(edge + before[i % 2], 0.0), limits[i % 2]) for i, edge in enumerate(box)]
    size = camera.width, camera.height
    if (*size, 0, 0) == (*limits, *box[:2]) and tuple(box[2:]) == limits:
        return image
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(
        size, Image.Resampling.BILINEAR, box=tuple(box)))


def nearest(image: np.ndarray, k: np.ndarray, camera: CameraModel) -> np.ndarray:
    """
    Return a map as a camera sees it: nothing is interpolated, and NaN is what it does not hold.

    :param image: float (h, w), and ``k`` its intrinsics (3, 3).
    :returns: float32 (height, width).
    """
    height, width = image.shape
    cols, has_col = _pixels(camera.width, camera.fx, camera.cx, k[0, 0], k[0, 2], width)
    rows, has_row = _pixels(camera.height, camera.fy, camera.cy, k[1, 1], k[1, 2], height)
    seen = image[rows[:, None], cols[None, :]].astype(np.float32)
    seen[~(has_row[:, None] & has_col[None, :])] = np.nan
    return seen


def _pixels(count: int, focal: float, centre: float, their_focal: float, their_centre: float,
            size: int) -> tuple[np.ndarray, np.ndarray]:
    at = np.rint((np.arange(count) - centre) / focal * their_focal + their_centre).astype(int)
    return np.clip(at, 0, size - 1), (at >= 0) & (at < size)
