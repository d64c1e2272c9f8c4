# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small pings and images, as messages and as samples."""

from types import SimpleNamespace

import numpy as np

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.recording.description import Description, RAW_DIRECT
from echo_depth_ros.recording.writer import LocationWriter, Sample

FMT = PingFormat()
LEAD = RAW_DIRECT - FMT.direct_index
STAMP = 1_700_000_000_000_000_000
PERIOD = 80_000_000
KEEP_FREE = 10**6


def heard(seed=0, direct=RAW_DIRECT, gain=0.2, samples=LEAD + FMT.window):
    """Return a direct sound, an echo that is louder, and faint noise; float32 (2, samples)."""
    sound = np.random.default_rng(seed).normal(0, 1e-3, (2, samples)).astype(np.float32)
    chirp = linear_chirp(FMT)
    for at, strength in ((direct, gain), (direct + 400, 1.5 * gain)):
        sound[:, at:at + chirp.size] += strength * chirp
    return sound


def wall(metres=2.0, shape=(72, 128)):
    """Return float32 metres with holes above."""
    depth = np.full(shape, metres, np.float32)
    depth[:8] = np.nan
    return depth


def picture(shape=(72, 128)):
    """Return red on the left and blue on the right, uint8 (h, w, 3)."""
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb[:, :shape[1] // 2, 0] = rgb[:, shape[1] // 2:, 2] = 200
    return rgb


def sample(number=0, rgb=True, **changes):
    """Return one sample of a location that is recorded from raw sound."""
    sound = heard(number)
    values = {
        'stamp': STAMP + number * PERIOD, 'window': sound[:, LEAD:], 'sound': sound,
        'depth': wall(1 + 0.01 * number), 'rgb': picture() if rgb else None,
        'rgb_stamp': STAMP + number * PERIOD + 5, 'snr_db': 20.0, 'level_dbfs': (-30.0, -31.0)}
    return Sample(**{**values, **changes})


def writer(root, location='kitchen', split='train', about=None, **options):
    """Open a location."""
    return LocationWriter(root, location, split, about or Description(sources=['a test']),
                          **{'keep_free': KEEP_FREE, **options})


def image(array, stamp=STAMP, encoding=None, frame_id='camera'):
    """Return what looks like sensor_msgs/Image."""
    array = np.ascontiguousarray(array)
    names = {('f', 2): '32FC1', ('u2', 2): '16UC1', ('u1', 2): 'mono8', ('u1', 3): 'rgb8'}
    kind = array.dtype.str[1:] if array.dtype.kind != 'f' else 'f'
    return SimpleNamespace(
        header=SimpleNamespace(frame_id=frame_id, stamp=SimpleNamespace(
            sec=stamp // 10**9, nanosec=stamp % 10**9)),
        height=array.shape[0], width=array.shape[1], is_bigendian=0, step=array[0].nbytes,
        encoding=encoding or names[kind, array.ndim], data=array.tobytes())


def camera_info(width=128, height=72, fx=64.0, fy=64.0):
    """Return what looks like sensor_msgs/CameraInfo, the axis in the middle."""
    return SimpleNamespace(
        width=width, height=height, distortion_model='plumb_bob', d=[0.0] * 5,
        k=[fx, 0, (width - 1) / 2, 0, fy, (height - 1) / 2, 0, 0, 1])
