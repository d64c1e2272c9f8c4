# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The camera behind the relative depth, and which of its pixels look where others do."""

from typing import Optional

import numpy as np
from sensor_msgs.msg import CameraInfo

from echo_depth_ros.nodes.conversions import camera_to_msg, intrinsics_from_msg, stamp_to_msg
from echo_depth_ros.perception.scaling import pair_pixels, PixelPairs
from echo_depth_ros.vision.camera import CalibratedCamera, CameraModel
from echo_depth_ros.vision.rays import fields_of_view


def intrinsics_for(info: Optional[CameraInfo], shape: tuple[int, int]) -> Optional[np.ndarray]:
    """
    Return the intrinsics (3, 3) of an image of that height and width; None where unknown.

    Images are rectified, so they are those of the projection matrix, where camera_info has one.
    An image of another size than its camera_info says is taken to be resized as a whole.
    """
    k = None if info is None else _rectified(info)
    if k is None or not info.width or not info.height:
        return None
    sx, sy = shape[1] / info.width, shape[0] / info.height
    # The edge of an image is at -0.5, and stays there.
    return np.array([[sx * k[0, 0], 0, sx * (k[0, 2] + 0.5) - 0.5],
                     [0, sy * k[1, 1], sy * (k[1, 2] + 0.5) - 0.5], [0, 0, 1]])


class RelativeCamera:
    """
    A camera as its camera_info has it, else as parameters do.

    :ivar info: the last camera_info, or None.
    """

    def __init__(self, hfov: float, vfov: float):
        """Take the fields of view, in degrees, that hold where no camera_info comes."""
        self._fov = hfov, vfov
        self.info: Optional[CameraInfo] = None
        self._pairs: dict[tuple, PixelPairs] = {}

    def on_info(self, msg: CameraInfo) -> None:
        """Take a camera_info."""
        self.info = msg

    def say(self) -> str:
        """Tell the field of view, and who says so."""
        info = self.info
        k = None if info is None else _rectified(info)
        if k is None:
            return f'{self._fov[0]:.0f} x {self._fov[1]:.0f} degrees, by parameters'
        hfov, vfov = fields_of_view(k, (info.height, info.width))
        return f'{hfov:.0f} x {vfov:.0f} degrees, by camera_info'

    def k(self, shape: tuple[int, int]) -> np.ndarray:
        """Return the intrinsics (3, 3) of this camera's images of that size."""
        k = intrinsics_for(self.info, shape)
        return CameraModel(shape[1], shape[0], *self._fov).k if k is None else k

    def pairs(self, shape: tuple[int, int], metric_shape: tuple[int, int],
              metric_k: Optional[np.ndarray]) -> PixelPairs:
        """Pair pixels with those of a metric image; worked out once for each pair of cameras."""
        k = self.k(shape)
        key = (shape, metric_shape, k.tobytes(), None if metric_k is None else metric_k.tobytes())
        if key not in self._pairs:
            if len(self._pairs) > 1:  # one for the echoes, one for the AVS-Net
                self._pairs.clear()
            self._pairs[key] = pair_pixels(shape, metric_shape, k, metric_k)
        return self._pairs[key]

    def info_for(self, shape: tuple[int, int], stamp: int, frame_id: str) -> CameraInfo:
        """Return the camera_info of a relative image."""
        info = self.info
        if info is not None and (info.height, info.width) == shape:
            info.header.stamp, info.header.frame_id = stamp_to_msg(stamp), frame_id
            return info
        k = intrinsics_for(info, shape)
        if k is None:
            camera = CameraModel(shape[1], shape[0], *self._fov)
        else:
            camera = CalibratedCamera(
                shape[1], shape[0], k[0, 0], k[1, 1], k[0, 2], k[1, 2])
        return camera_to_msg(camera, stamp, frame_id)


def _rectified(info: CameraInfo) -> Optional[np.ndarray]:
    """Intrinsics (3, 3) of a camera's rectified images; None where it is not calibrated."""
    p = np.array(info.p, float).reshape(3, 4)[:, :3]
    k = intrinsics_from_msg(info)
    known = k is not None and p[0, 0] > 0 and p[1, 1] > 0 and np.isfinite(p).all()
    return p if known else k
