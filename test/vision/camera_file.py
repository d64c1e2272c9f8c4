# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A recording of a camera that does not exist, for librealsense's real pipeline to play.

A pipeline cannot open a software device, but it opens what a recorder wrote of one.
"""

from pathlib import Path
import time

import numpy as np
import pytest

SERIAL = '123456'
SIZE = (64, 48)
FOCAL = 60.0
BASELINE = 0.1


def library():
    """Return pyrealsense2, or skip the test that asks."""
    try:
        import pyrealsense2 as rs
    except ImportError as error:
        pytest.skip(f'pyrealsense2 cannot be imported: {error}')
    return rs


def colour_of(frame: int) -> int:
    """Brightness of a whole colour image."""
    return 10 + frame


def depth_of(frame: int) -> int:
    """Depth of a whole image, in units."""
    return 2000 + frame


def record(path: Path, frames: int = 10, *, rate: int = 30, domain: str = 'global_time',
           unit: float = 0.001, first_ms: float | None = None, depth_lag_ms: float = 0.0) -> float:
    """
    Write a recording of flat images; take as long as it lasts.

    :param first_ms: stamp of its first frame; without one, the time now.
    :returns: that stamp.
    """
    rs = library()
    first_ms = time.time() * 1e3 if first_ms is None else first_ms
    device = rs.software_device()
    device.register_info(rs.camera_info.name, 'Intel RealSense D435')
    device.register_info(rs.camera_info.serial_number, SERIAL)
    depth, color = device.add_sensor('Stereo Module'), device.add_sensor('RGB Camera')
    depth.add_read_only_option(rs.option.depth_units, unit)
    streams = [
        (depth, depth.add_video_stream(_stream(rs, rs.stream.depth, 0, 2, rs.format.z16, rate))),
        (color, color.add_video_stream(_stream(rs, rs.stream.color, 1, 3, rs.format.rgb8, rate)))]
    for (_, a), (_, b), x in ((*streams, BASELINE), (*streams[::-1], -BASELINE)):
        extrinsics = rs.extrinsics()
        extrinsics.rotation, extrinsics.translation = np.eye(3).ravel().tolist(), [x, 0, 0]
        a.register_extrinsics_to(b, extrinsics)
    recorder = rs.recorder(str(path), device)
    queue = rs.frame_queue(50)
    sensors = recorder.query_sensors()
    for sensor in sensors:
        for profile in sensor.get_stream_profiles():
            sensor.open(profile)
            sensor.start(queue)
    for number in range(frames):
        for sensor, profile in streams:
            is_depth = sensor is depth
            image = np.full(SIZE[::-1], depth_of(number), np.uint16) if is_depth else np.full(
                (*SIZE[::-1], 3), colour_of(number), np.uint8)
            frame = rs.software_video_frame()
            frame.pixels, frame.bpp = image, image[0, 0].nbytes
            frame.stride = SIZE[0] * frame.bpp
            frame.timestamp = first_ms + number * 1e3 / rate + is_depth * depth_lag_ms
            frame.domain = getattr(rs.timestamp_domain, domain)
            frame.frame_number = number
            frame.profile = profile.as_video_stream_profile()
            if is_depth:
                frame.depth_units = unit
            sensor.on_video_frame(frame)
        time.sleep(1 / rate)
    for sensor in sensors:
        sensor.stop()
        sensor.close()
    return first_ms


def _stream(rs, kind, uid: int, size: int, layout, rate: int):
    stream, lens = rs.video_stream(), rs.intrinsics()
    stream.type, stream.uid, stream.fmt, stream.bpp = kind, uid, layout, size
    stream.width, stream.height, stream.fps = *SIZE, rate
    lens.width, lens.height = SIZE
    lens.fx = lens.fy = FOCAL
    lens.ppx, lens.ppy = (SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2
    lens.model, lens.coeffs = rs.distortion.brown_conrady, [0.0] * 5
    stream.intrinsics = lens
    return stream
