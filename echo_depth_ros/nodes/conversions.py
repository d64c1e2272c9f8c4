# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Between arrays and messages: the only place that knows how messages are laid out."""

import math
import sys

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry, Path
import numpy as np
from sensor_msgs.msg import CameraInfo, Image, Range
from std_msgs.msg import Header

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.nodes.health import figure, Status
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.errors import ImageError
from echo_depth_ros.vision.image_bytes import image_array

_NS = 1_000_000_000
_NATIVE_BIG = sys.byteorder == 'big'
_ENCODINGS = {('f', 2): '32FC1', ('u2', 2): '16UC1', ('u1', 2): 'mono8', ('u1', 3): 'rgb8'}


class MessageError(EchoDepthError, ValueError):
    """A message whose layout is not what its topic promises."""


def stamp_to_msg(stamp: int) -> Time:
    """Time from nanoseconds."""
    return Time(sec=stamp // _NS, nanosec=stamp % _NS)


def stamp_from_msg(msg: Time) -> int:
    """Nanoseconds from a time."""
    return msg.sec * _NS + msg.nanosec


def header_to_msg(stamp: int, frame_id: str) -> Header:
    """Header from nanoseconds and the name of a frame."""
    return Header(stamp=stamp_to_msg(stamp), frame_id=frame_id)


def image_to_msg(image: np.ndarray, stamp: int, frame_id: str) -> Image:
    """
    Image from an array.

    :param image: float32 or uint16 ``(h, w)``, uint8 ``(h, w)`` or ``(h, w, 3)`` (RGB).
    """
    if image.ndim not in (2, 3) or image.dtype not in (np.float32, np.uint16, np.uint8):
        raise MessageError(f'no image encoding for {image.dtype} of shape {image.shape}')
    kind = 'f' if image.dtype == np.float32 else image.dtype.str[1:]
    encoding = _ENCODINGS.get((kind, image.ndim))
    if encoding is None or (image.ndim == 3 and image.shape[2] != 3):
        raise MessageError(f'no image encoding for {image.dtype} of shape {image.shape}')
    rows = np.ascontiguousarray(image)
    msg = Image(
        header=header_to_msg(stamp, frame_id), height=rows.shape[0], width=rows.shape[1],
        encoding=encoding, is_bigendian=_NATIVE_BIG, step=rows[0].nbytes)
    # The setter would check every byte (Humble) or copy twice; appending to the fresh message's
    # own array costs one copy on every release.
    msg.data.frombytes(memoryview(rows).cast('B'))
    return msg


def image_from_msg(msg: Image) -> np.ndarray:
    """
    Array from an image, without a copy where bytes are in native order and rows are packed.

    :returns: ``(h, w)`` or ``(h, w, 3)`` as the encoding says; BGR is turned to RGB,
        and alpha left out.
    :raises MessageError: an encoding this package has no use for, or too few bytes.
    """
    try:
        return image_array(msg)
    except ImageError as error:
        raise MessageError(str(error)) from error


def recording_to_msg(recording: np.ndarray, stamp: int, frame_id: str) -> Image:
    """Image of one row per channel from a recording ``(channels, n)``; stamp of sample 0."""
    return image_to_msg(np.asarray(recording, np.float32), stamp, frame_id)


def recording_from_msg(msg: Image, channels: int = 2) -> np.ndarray:
    """
    Take the recording, float32 ``(channels, n)``, out of such an image.

    :raises MessageError: another encoding, another number of rows, or too few bytes.
    """
    if msg.encoding != '32FC1' or msg.height != channels:
        raise MessageError(
            f'sound came as {msg.height} rows of {msg.encoding!r}; expected {channels} '
            f'row{"s" if channels > 1 else ""} of 32FC1, one per channel, left ear first')
    return image_from_msg(msg)


def depth_from_msg(msg: Image) -> np.ndarray:
    """
    Depth in metres (REP-118), float32 ``(h, w)``, from 32FC1 metres or 16UC1 millimetres.

    :raises MessageError: another encoding, or too few bytes.
    """
    if msg.encoding not in ('32FC1', '16UC1', 'mono16'):
        raise MessageError(f'depth came as {msg.encoding!r}; expected 32FC1 metres or 16UC1 '
                           'millimetres')
    image = image_from_msg(msg)
    if msg.encoding == '32FC1':
        return image
    return np.where(image > 0, image * np.float32(1e-3), np.float32(np.nan))


def relative_from_msg(msg: Image) -> np.ndarray:
    """
    Relative depth or disparity in its own unit, float32 ``(h, w)``, from 32FC1 or 16UC1.

    :raises MessageError: another encoding, or too few bytes.
    """
    if msg.encoding not in ('32FC1', '16UC1', 'mono16'):
        raise MessageError(f'relative depth came as {msg.encoding!r}; expected 32FC1 or 16UC1')
    return image_from_msg(msg).astype(np.float32, copy=False)


def camera_to_msg(camera: CameraModel, stamp: int, frame_id: str) -> CameraInfo:
    """Pinhole camera as camera_info."""
    return CameraInfo(
        header=header_to_msg(stamp, frame_id), height=camera.height, width=camera.width,
        distortion_model='plumb_bob', d=camera.d.tolist(), k=camera.k.ravel(),
        r=camera.r.ravel(), p=camera.p.ravel())


def intrinsics_from_msg(msg: CameraInfo) -> np.ndarray | None:
    """Intrinsic matrix, float64 (3, 3), from camera_info; None where it is not calibrated."""
    k = np.array(msg.k, float).reshape(3, 3)
    return k if k[0, 0] > 0 and k[1, 1] > 0 and np.isfinite(k).all() else None


def range_to_msg(range_m: float, limits: tuple[float, float], field_of_view: float, stamp: int,
                 frame_id: str) -> Range:
    """Ultrasonic range (REP-117: +Inf is nothing in range, NaN is unknown)."""
    return Range(
        header=header_to_msg(stamp, frame_id), radiation_type=Range.ULTRASOUND,
        field_of_view=field_of_view, min_range=limits[0], max_range=limits[1],
        range=float(range_m))


def range_from_msg(msg: Range) -> float:
    """Range in metres."""
    return msg.range


def velocity_to_msg(speed: float, turn: float, stamp: int, frame_id: str) -> TwistStamped:
    """Velocity command from m/s forward and rad/s counter-clockwise."""
    msg = TwistStamped(header=header_to_msg(stamp, frame_id))
    msg.twist.linear.x, msg.twist.angular.z = float(speed), float(turn)
    return msg


def velocity_from_msg(msg) -> tuple[float, float]:
    """
    Speed (m/s) and turn rate (rad/s) from a Twist or TwistStamped.

    :raises MessageError: either of them is not finite.
    """
    twist = getattr(msg, 'twist', msg)
    speed, turn = twist.linear.x, twist.angular.z
    if not (math.isfinite(speed) and math.isfinite(turn)):
        raise MessageError(f'velocity command is {speed} m/s and {turn} rad/s; expected numbers')
    return speed, turn


def pose_to_msg(x: float, y: float, yaw: float, stamp: int, frame_id: str) -> PoseStamped:
    """Pose on the floor."""
    msg = PoseStamped(header=header_to_msg(stamp, frame_id))
    msg.pose.position.x, msg.pose.position.y = float(x), float(y)
    msg.pose.orientation.z, msg.pose.orientation.w = math.sin(yaw / 2), math.cos(yaw / 2)
    return msg


def pose_from_msg(msg: PoseStamped) -> tuple[float, float, float]:
    """Metres x and y, and yaw in radians."""
    place, turned = msg.pose.position, msg.pose.orientation
    return place.x, place.y, 2 * math.atan2(turned.z, turned.w)


def odometry_to_msg(pose: tuple[float, float, float], velocity: tuple[float, float], stamp: int,
                    frame_id: str, child_frame_id: str) -> Odometry:
    """Odometry from (x, y, yaw) and (m/s forward, rad/s)."""
    placed = pose_to_msg(*pose, stamp, frame_id)
    msg = Odometry(header=placed.header, child_frame_id=child_frame_id)
    msg.pose.pose = placed.pose
    msg.twist.twist.linear.x, msg.twist.twist.angular.z = map(float, velocity)
    return msg


def path_to_msg(poses: list[PoseStamped], stamp: int, frame_id: str) -> Path:
    """Path from poses."""
    return Path(header=header_to_msg(stamp, frame_id), poses=poses)


def status_to_msg(status: Status, name: str, stamp: int) -> DiagnosticArray:
    """Diagnostics of one node."""
    values = [KeyValue(key=key, value=figure(value)) for key, value in status.values.items()]
    return DiagnosticArray(
        header=header_to_msg(stamp, ''), status=[DiagnosticStatus(
            level=status.level.value, name=name, message=status.message,
            hardware_id='echo_depth', values=values)])
