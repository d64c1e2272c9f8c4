# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which intrinsics hold for an image, by what camera_info says."""

import numpy as np
from sensor_msgs.msg import CameraInfo

from echo_depth_ros.nodes.relative_camera import intrinsics_for, RelativeCamera
from echo_depth_ros.vision.camera import CameraModel

RAW = CameraModel(640, 480, 80.0, 65.0)
RECTIFIED = CameraModel(640, 480, 70.0, 55.0)


def calibrated(p=RECTIFIED.p):
    """Return what image_proc hands on: K is of the image as it was taken, P of the rectified."""
    return CameraInfo(
        width=640, height=480, distortion_model='rational_polynomial',
        d=[0.1, -0.2, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0], k=RAW.k.ravel(), r=np.eye(3).ravel(),
        p=p.ravel())


def test_a_rectified_image_has_the_intrinsics_of_its_projection():
    np.testing.assert_allclose(intrinsics_for(calibrated(), (480, 640)), RECTIFIED.k)
    camera = RelativeCamera(90.0, 90.0)
    camera.on_info(calibrated())
    assert camera.say() == '70 x 55 degrees, by camera_info'


def test_without_a_projection_it_has_those_of_the_camera():
    np.testing.assert_allclose(intrinsics_for(calibrated(np.zeros((3, 4))), (480, 640)), RAW.k)
    assert intrinsics_for(CameraInfo(width=640, height=480), (480, 640)) is None


def test_a_resized_image_has_no_distortion_left_to_tell_of():
    camera = RelativeCamera(90.0, 90.0)
    camera.on_info(calibrated())
    info = camera.info_for((48, 64), 7, 'camera')
    small = CameraModel(64, 48, 70.0, 55.0)
    np.testing.assert_allclose(np.reshape(info.k, (3, 3)), small.k)
    np.testing.assert_allclose(np.reshape(info.p, (3, 4)), small.p)
    assert (info.distortion_model, list(info.d)) == ('plumb_bob', [0.0] * 5)
    own = camera.info_for((480, 640), 7, 'camera')
    assert own.distortion_model == 'rational_polynomial' and len(own.d) == 8
