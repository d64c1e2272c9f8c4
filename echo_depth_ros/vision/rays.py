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


def seen_part(camera: CameraModel, view: View, shape: tuple[int, int]) -> tuple[slice, slice]:
    """
    Rows and columns of a camera whose pixels lie within an image, for the most part.

    :param view: of this camera and an image of that height and width, from :func:`view_of`.
    """
    parts = []
    for low, high, size, count in ((view.top, view.bottom, shape[0], camera.height),
                                   (view.left, view.right, shape[1], camera.width)):
        first, end = ((edge - low) / (high - low) * count for edge in (0, size))
        # The tolerance keeps pixels whose edge is the image's but for rounding.
        parts.append(slice(max(0, math.ceil(first - 0.5 - 1e-6)),
                           min(count, math.floor(end + 0.5 + 1e-6))))
    return parts[0], parts[1]


def look(image: np.ndarray, view: View, camera: CameraModel, black: bool = False) -> np.ndarray:
    """
    Return the image as a camera sees it, of the camera's size.

    Averages where it shrinks, interpolates where it stretches.

    :param image: uint8 (h, w, 3).
    :param view: of this camera and an image of this size, from :func:`view_of`; it must overlap.
    :param black: what lies outside the image is black; else it has the colour of its edge.
    :returns: uint8 (height, width, 3).
    """
    height, width = image.shape[:2]
    rows, cols = seen_part(camera, view, (height, width))
    across = (view.right - view.left) / camera.width
    down = (view.bottom - view.top) / camera.height
    box = [view.left + cols.start * across, view.top + rows.start * down,
           view.left + cols.stop * across, view.top + rows.stop * down]
    box = [min(max(edge, 0.0), (width, height)[i % 2]) for i, edge in enumerate(box)]
    part = Image.fromarray(np.ascontiguousarray(image)).resize(
        (cols.stop - cols.start, rows.stop - rows.start), Image.Resampling.BILINEAR,
        box=tuple(box))
    outside = ((rows.start, camera.height - rows.stop), (cols.start, camera.width - cols.stop),
               (0, 0))
    return np.pad(np.asarray(part), outside, 'constant' if black else 'edge')


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
