# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Between arrays and messages: the only place that knows how messages are laid out."""

from collections.abc import Sequence
import math
import sys

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Point, PoseStamped, Twist, TwistStamped
from nav_msgs.msg import Odometry, Path
import numpy as np
from sensor_msgs.msg import CameraInfo, Image, Range
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.nodes.health import figure, Status
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.errors import ImageError
from echo_depth_ros.vision.image_bytes import image_array

_NS = 1_000_000_000
_NATIVE_BIG = sys.byteorder == 'big'
_ENCODINGS = {('f', 2): '32FC1', ('u2', 2): '16UC1', ('u1', 2): 'mono8', ('u1', 3): 'rgb8'}

_RELATIVE = '32FC1', '16UC1', 'mono16', '8UC1', 'mono8'


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
    Relative depth or disparity in its own unit, float32 ``(h, w)``, of one channel.

    Zero is how vision nodes say that they see nothing, and the far end of what is normalised.

    :raises MessageError: another encoding, or too few bytes.
    """
    if msg.encoding not in _RELATIVE:
        colour = msg.encoding.startswith(('rgb', 'bgr', '8UC3', '8UC4'))
        raise MessageError(
            f'relative depth came as {msg.encoding!r}; expected {", ".join(_RELATIVE)}'
            + (': this is a picture in false colours, which holds no depth; remap to the topic '
               'of the depth itself' if colour else ''))
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


def unstamped_velocity_to_msg(speed: float, turn: float) -> Twist:
    """Velocity command, likewise, for bases that take it without a header."""
    return velocity_to_msg(speed, turn, 0, '').twist


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


def odometry_pose_from_msg(msg: Odometry) -> tuple[float, float, float]:
    """
    Metres x and y, and yaw in radians, of a base that may be tilted.

    :raises MessageError: for a pose of which not everything is a number, or no rotation.
    """
    place, q = msg.pose.pose.position, msg.pose.pose.orientation
    norm = math.hypot(q.w, q.x, q.y, q.z)
    if not (math.isfinite(place.x) and math.isfinite(place.y) and 0.5 < norm < 2.0):
        raise MessageError(
            f'odometry is at ({place.x}, {place.y}) m with a rotation of norm {norm:.3g}; '
            'expected numbers and 1')
    yaw = math.atan2(2 * (q.w * q.z + q.x * q.y), norm ** 2 - 2 * (q.y ** 2 + q.z ** 2))
    return place.x, place.y, yaw


def near_wall_to_msg(left: float, right: float, stamp: int, frame_id: str) -> Image:
    """
    Chances 0 to 1 that a surface is near on the left and on the right, NaN where not heard.

    An image, float32 (2, 1), left above right; stamp of the clip's first sample.
    """
    return image_to_msg(np.array([[left], [right]], np.float32), stamp, frame_id)


def near_wall_from_msg(msg: Image) -> tuple[float, float]:
    """
    Take the two chances out of such an image.

    :raises MessageError: another encoding or size, or a chance that is not within 0 to 1.
    """
    if (msg.encoding, msg.height, msg.width) != ('32FC1', 2, 1):
        raise MessageError(
            f'chances came as {msg.height} x {msg.width} of {msg.encoding!r}; expected 2 x 1 of '
            '32FC1, left above right')
    left, right = image_from_msg(msg).ravel().tolist()
    for side, chance in (('left', left), ('right', right)):
        if not (math.isnan(chance) or 0 <= chance <= 1):
            raise MessageError(f'chance on the {side} is {chance:g}; expected 0 to 1, or NaN')
    return left, right


def line_to_marker(ends: Sequence[tuple[float, float]], stamp: int, frame_id: str,
                   lifetime: float) -> Marker:
    """
    Line on the floor as a marker; no ends delete it.

    :param ends: metres x and y in the frame; two of them, or none.
    :param lifetime: seconds after which a viewer forgets it.
    """
    msg = Marker(header=header_to_msg(stamp, frame_id), ns='wall', id=0, type=Marker.LINE_STRIP,
                 action=Marker.ADD if ends else Marker.DELETE,
                 points=[Point(x=float(x), y=float(y)) for x, y in ends])
    msg.scale.x = 0.05
    return _coloured(msg, lifetime)


def line_from_marker(msg: Marker) -> list[tuple[float, float]]:
    """Metres x and y of a line's points in the marker's frame; none where it is deleted."""
    if msg.action != Marker.ADD:
        return []
    return [(point.x, point.y) for point in msg.points]


def text_to_marker(text: str, place: tuple[float, float, float], stamp: int, frame_id: str,
                   lifetime: float) -> Marker:
    """Words as a marker, at a place (metres) in the frame, facing the viewer."""
    msg = Marker(header=header_to_msg(stamp, frame_id), ns='state', id=0,
                 type=Marker.TEXT_VIEW_FACING, action=Marker.ADD, text=text)
    msg.pose.position.x, msg.pose.position.y, msg.pose.position.z = map(float, place)
    msg.scale.z = 0.12
    return _coloured(msg, lifetime)


def path_to_msg(poses: list[PoseStamped], stamp: int, frame_id: str) -> Path:
    """Path from poses."""
    return Path(header=header_to_msg(stamp, frame_id), poses=poses)


def _coloured(msg: Marker, lifetime: float) -> Marker:
    msg.pose.orientation.w = 1.0
    msg.color.r, msg.color.g, msg.color.b, msg.color.a = 1.0, 0.55, 0.0, 1.0
    nanoseconds = round(lifetime * _NS)
    msg.lifetime.sec, msg.lifetime.nanosec = nanoseconds // _NS, nanoseconds % _NS
    return msg


def status_to_msg(status: Status, name: str, stamp: int) -> DiagnosticArray:
    """Diagnostics of one node."""
    values = [KeyValue(key=key, value=figure(value)) for key, value in status.values.items()]
    return DiagnosticArray(
        header=header_to_msg(stamp, ''), status=[DiagnosticStatus(
            level=status.level.value, name=name, message=status.message,
            hardware_id='echo_depth', values=values)])


def values_from_diagnostics(msg: DiagnosticArray, node: str) -> dict[str, str]:
    """Take what a node told, by name; nothing where the message is another node's."""
    return {entry.key: entry.value for status in msg.status
            if status.name.rpartition('/')[2] == node for entry in status.values}
