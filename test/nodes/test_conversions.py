# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

from geometry_msgs.msg import Twist
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image
from visualization_msgs.msg import Marker

from echo_depth_ros.nodes import conversions as c
from echo_depth_ros.nodes.health import Level, Status
from echo_depth_ros.vision.camera import CameraModel

STAMP = 1_700_000_000_123_456_789
quick = settings(max_examples=40, deadline=None, derandomize=True)


@quick
@given(st.integers(0, 2**31 * 10**9 - 1))
def test_stamps_keep_every_nanosecond(stamp):
    assert c.stamp_from_msg(c.stamp_to_msg(stamp)) == stamp


@quick
@given(arrays.arrays(st.sampled_from([np.float32, np.uint16, np.uint8]), st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)))))
def test_grey_images_round_trip(image):
    msg = c.image_to_msg(image, STAMP, 'camera')
    back = c.image_from_msg(msg)
    assert back.dtype == image.dtype
    np.testing.assert_array_equal(back, image)
    assert (msg.height, msg.width) == image.shape
    assert msg.step == image.shape[1] * image.itemsize
    assert c.stamp_from_msg(msg.header.stamp) == STAMP and msg.header.frame_id == 'camera'


@quick
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_colour_images_round_trip_and_bgr_is_turned(image):
    msg = c.image_to_msg(image, STAMP, 'camera')
    assert msg.encoding == 'rgb8'
    np.testing.assert_array_equal(c.image_from_msg(msg), image)
    msg.encoding = 'bgr8'
    np.testing.assert_array_equal(c.image_from_msg(msg), image[..., ::-1])


@pytest.mark.parametrize(('encoding', 'expected'), [('rgba8', [1, 2, 3]), ('bgra8', [3, 2, 1])])
def test_alpha_is_left_out(encoding, expected):
    msg = c.image_to_msg(np.array([[1, 2, 3, 255]], np.uint8), STAMP, 'camera')
    msg.encoding, msg.width = encoding, 1
    np.testing.assert_array_equal(c.image_from_msg(msg), [[expected]])


@quick
@given(arrays.arrays(np.float32, st.tuples(st.just(2), st.integers(1, 50))))
def test_recordings_round_trip(recording):
    np.testing.assert_array_equal(
        c.recording_from_msg(c.recording_to_msg(recording, STAMP, 'ears')), recording)


@pytest.mark.parametrize('dtype,encoding', [(np.float32, '32FC1'), (np.uint16, '16UC1')])
def test_the_other_byte_order_is_understood(dtype, encoding):
    image = np.arange(6, dtype=dtype).reshape(2, 3)
    msg = c.image_to_msg(image, STAMP, 'camera')
    swapped = image.astype(image.dtype.newbyteorder())
    other = Image(height=2, width=3, encoding=encoding, step=msg.step,
                  is_bigendian=not msg.is_bigendian, data=swapped.tobytes())
    np.testing.assert_array_equal(c.image_from_msg(other), image)


def test_padded_rows_are_understood():
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    padded = np.zeros((2, 20), np.uint8)
    padded[:, :12] = image.view(np.uint8)
    msg = Image(height=2, width=3, encoding='32FC1', step=20, data=padded.tobytes())
    np.testing.assert_array_equal(c.image_from_msg(msg), image)


def test_reading_in_native_order_does_not_copy():
    msg = c.image_to_msg(np.ones((4, 4), np.float32), STAMP, 'camera')
    assert not c.image_from_msg(msg).flags.owndata


def test_non_contiguous_rows_are_written_right():
    image = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::-1]
    np.testing.assert_array_equal(c.image_from_msg(c.image_to_msg(image, STAMP, '')), image)


@pytest.mark.parametrize('image', [
    np.zeros((2, 2)), np.zeros(4, np.float32), np.zeros((2, 2, 4), np.uint8),
    np.zeros((2, 2, 3), np.float32)])
def test_what_has_no_encoding_is_refused(image):
    with pytest.raises(c.MessageError, match='no image encoding'):
        c.image_to_msg(image, STAMP, '')


@pytest.mark.parametrize('change,words', [
    ({'encoding': 'yuv422'}, "'yuv422'; expected one of"),
    ({'step': 3}, 'rows of 3 bytes'),
    ({'height': 3}, '32 bytes in all; expected'),
    ({'width': 0}, 'image of 2x0')])
def test_broken_images_are_refused_with_what_was_expected(change, words):
    msg = c.image_to_msg(np.zeros((2, 4), np.float32), STAMP, '')
    for name, value in change.items():
        setattr(msg, name, value)
    with pytest.raises(c.MessageError, match=words):
        c.image_from_msg(msg)


def test_sound_of_another_layout_is_refused():
    with pytest.raises(c.MessageError, match="3 rows of '32FC1'; expected 2 rows"):
        c.recording_from_msg(c.image_to_msg(np.zeros((3, 9), np.float32), STAMP, ''))
    with pytest.raises(c.MessageError, match="2 rows of 'mono8'; expected 1 row of"):
        c.recording_from_msg(c.image_to_msg(np.zeros((2, 9), np.uint8), STAMP, ''), channels=1)


def test_millimetres_become_metres_and_zero_is_unknown():
    depth = c.depth_from_msg(c.image_to_msg(np.array([[0, 1500]], np.uint16), STAMP, ''))
    assert np.isnan(depth[0, 0]) and depth[0, 1] == pytest.approx(1.5)
    with pytest.raises(c.MessageError, match='expected 32FC1 metres or 16UC1'):
        c.depth_from_msg(c.image_to_msg(np.zeros((2, 2), np.uint8), STAMP, ''))


def test_relative_depth_keeps_its_unit():
    relative = c.relative_from_msg(c.image_to_msg(np.array([[0, 1500]], np.uint16), STAMP, ''))
    np.testing.assert_array_equal(relative, [[0, 1500]])
    relative = c.relative_from_msg(c.image_to_msg(np.array([[0, 255]], np.uint8), STAMP, ''))
    assert relative.dtype == np.float32 and relative[0, 1] == 255
    with pytest.raises(c.MessageError, match="came as 'rgb8'; expected .* false colours"):
        c.relative_from_msg(c.image_to_msg(np.zeros((2, 2, 3), np.uint8), STAMP, ''))


def test_camera_info_carries_the_pinhole():
    msg = c.camera_to_msg(CameraModel(128, 128, 90.0, 90.0), STAMP, 'optical')
    assert (msg.k[0], msg.k[2], msg.p[6]) == pytest.approx((64, 63.5, 63.5))
    np.testing.assert_allclose(c.intrinsics_from_msg(msg), CameraModel().k)
    assert c.intrinsics_from_msg(CameraInfo()) is None


@pytest.mark.parametrize('range_m', [1.5, math.inf, math.nan])
def test_ranges_round_trip(range_m):
    msg = c.range_to_msg(range_m, (0.3, 12.0), math.pi, STAMP, 'link')
    assert c.range_from_msg(msg) == pytest.approx(range_m, nan_ok=True)
    assert msg.radiation_type == msg.ULTRASOUND and msg.max_range == pytest.approx(12)


@quick
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-math.pi, math.pi))
def test_poses_round_trip(x, y, yaw):
    assert c.pose_from_msg(c.pose_to_msg(x, y, yaw, STAMP, 'odom')) == pytest.approx(
        (x, y, yaw), abs=1e-9)


def test_velocity_comes_stamped_or_not_and_must_be_a_number():
    msg = c.velocity_to_msg(0.3, -0.5, STAMP, 'base_link')
    assert c.velocity_from_msg(msg) == (0.3, -0.5)
    assert c.velocity_from_msg(msg.twist) == (0.3, -0.5)
    bad = Twist()
    bad.linear.x = math.nan
    with pytest.raises(c.MessageError, match='nan m/s'):
        c.velocity_from_msg(bad)


def test_odometry_and_path():
    odometry = c.odometry_to_msg((1, 2, 0.5), (0.3, 0.1), STAMP, 'odom', 'base_link')
    assert odometry.pose.pose.position.y == 2 and odometry.twist.twist.angular.z == 0.1
    path = c.path_to_msg([c.pose_to_msg(1, 2, 0, STAMP, 'odom')], STAMP, 'odom')
    assert path.poses[0].pose.position.x == 1 and path.header.frame_id == 'odom'


def test_diagnostics_are_text():
    msg = c.status_to_msg(Status(Level.WARN, 'late', {'rate': 13.70001, 'lost': 3}), 'node', STAMP)
    status = msg.status[0]
    assert (status.level, status.name, status.message) == (b'\x01', 'node', 'late')
    assert [(v.key, v.value) for v in status.values] == [('rate', '13.7'), ('lost', '3')]


@quick
@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(-3.1, 3.1))
def test_odometry_gives_its_pose_back(x, y, yaw):
    msg = c.odometry_to_msg((x, y, yaw), (0.1, 0.2), STAMP, 'odom', 'base_link')
    np.testing.assert_allclose(c.odometry_pose_from_msg(msg), (x, y, yaw), atol=1e-9)


@quick
@given(st.floats(-3.1, 3.1), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_the_yaw_of_a_tilted_base_is_that_of_its_x_axis(yaw, pitch, roll):
    turned = Rotation.from_euler('ZYX', [yaw, pitch, roll])
    msg = Odometry()
    q = msg.pose.pose.orientation
    q.x, q.y, q.z, q.w = turned.as_quat().tolist()
    ahead = turned.apply([1, 0, 0])
    wanted = math.atan2(ahead[1], ahead[0])
    assert math.remainder(c.odometry_pose_from_msg(msg)[2] - wanted, 2 * math.pi) == (
        pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(('x', 'w'), [(math.nan, 1.0), (0.0, 0.0), (math.inf, 1.0)])
def test_odometry_that_is_no_pose_is_refused(x, w):
    msg = Odometry()
    msg.pose.pose.position.x, msg.pose.pose.orientation.w = x, w
    with pytest.raises(c.MessageError, match='expected numbers and 1'):
        c.odometry_pose_from_msg(msg)


def test_an_unstamped_velocity_is_a_stamped_one_without_its_header():
    assert c.velocity_from_msg(c.unstamped_velocity_to_msg(0.2, -0.5)) == (0.2, -0.5)


@pytest.mark.parametrize('chances', [(0.25, 0.75), (0.0, 1.0), (math.nan, 0.5)])
def test_chances_of_near_walls_round_trip(chances):
    msg = c.near_wall_to_msg(*chances, STAMP, 'ears')
    assert (msg.height, msg.width, msg.encoding, msg.header.frame_id) == (2, 1, '32FC1', 'ears')
    assert c.stamp_from_msg(msg.header.stamp) == STAMP
    np.testing.assert_array_equal(c.near_wall_from_msg(msg), chances)


@pytest.mark.parametrize(('image', 'words'), [
    (np.zeros((1, 2), np.float32), 'expected 2 x 1 of 32FC1'),
    (np.zeros((2, 1), np.uint8), 'expected 2 x 1 of 32FC1'),
    (np.array([[0.5], [1.1]], np.float32), 'chance on the right is 1.1'),
    (np.array([[-0.1], [0.5]], np.float32), 'chance on the left is -0.1')])
def test_chances_that_are_none_are_refused(image, words):
    with pytest.raises(c.MessageError, match=words):
        c.near_wall_from_msg(c.image_to_msg(image, STAMP, 'ears'))


def test_a_line_is_a_marker_and_no_line_deletes_it():
    msg = c.line_to_marker([(0.0, -0.6), (1.0, -0.5)], STAMP, 'base_link', 1.5)
    assert (msg.type, msg.action, msg.header.frame_id) == (Marker.LINE_STRIP, Marker.ADD,
                                                          'base_link')
    assert [(p.x, p.y, p.z) for p in msg.points] == [(0.0, -0.6, 0.0), (1.0, -0.5, 0.0)]
    assert msg.scale.x > 0 and msg.color.a == 1.0 and msg.pose.orientation.w == 1.0
    assert (msg.lifetime.sec, msg.lifetime.nanosec) == (1, 500_000_000)
    gone = c.line_to_marker([], STAMP, 'base_link', 1.5)
    assert gone.action == Marker.DELETE and (gone.ns, gone.id) == (msg.ns, msg.id)


def test_a_text_is_a_marker_of_its_own():
    msg = c.text_to_marker('following', (0.0, 0.0, 1.0), STAMP, 'base_link', 1.0)
    line = c.line_to_marker([], STAMP, 'base_link', 1.0)
    assert msg.type == Marker.TEXT_VIEW_FACING and msg.text == 'following' and msg.scale.z > 0
    assert (msg.ns, msg.id) != (line.ns, line.id) and msg.pose.position.z == 1.0
