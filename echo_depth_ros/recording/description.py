# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`recording.json`: how a location was recorded.

::

    {"layout": "batvision2", "version": 1,
     "format": {"sample_rate": 44100, ...},     as in PingFormat, checked by the readers
     "direct_distance": 0.1738,                 metres from the speaker to each ear
     "wav": "binaural/raw",                     the topic that the WAV files hold
     "direct_index": 282,                       sample of the WAV on which direct sound begins
     "colour": true,
     "camera": {"hfov_deg": 87.0, "vfov_deg": 58.0, "width": 1280, "height": 720, "k": [...]},
     "frames": {"binaural": "ears", "rgb": "...", "depth": "..."},
     "calibrations": [{"file": "calibration.yaml", "from": 0}],     of the samples from there on
     "sources": [...],
     "capture": {"swap_ears": false, ...},      parameters of binaural_capture, where it was asked
     "written_by": {...}}
"""

from dataclasses import asdict, dataclass, field
import json
import math
import os
from pathlib import Path
import platform

import numpy as np

from echo_depth_ros import __version__
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.recording.errors import RecorderError

NAME = 'recording.json'
VERSION = 1
RAW, WINDOW = 'binaural/raw', 'binaural'
RAW_DIRECT = 282
"""Sample of `binaural/raw` on which the direct sound begins: 6.4 ms, as in BatVision V2."""
_FORMAT = ('sample_rate', 'window', 'direct_index', 'chirp_duration', 'chirp_start_hz',
           'chirp_end_hz', 'ear_spacing')
"""What a network depends on. The level of the chirp and the way it travels to the ears differ
from robot to robot, and a network has to bear that."""
_KINDS = {'format': dict, 'camera': dict, 'frames': dict, 'capture': dict, 'calibrations': list,
          'sources': list}
_SAME_VIEW = 0.5
"""Degrees by which two statements about one camera may differ."""


@dataclass
class Description:
    """
    What all samples of a location have in common.

    :ivar fmt: the pings.
    :ivar wav: topic whose sound the WAV files hold: RAW, or WINDOW for aligned windows.
    :ivar colour: whether every sample has a picture.
    :ivar camera: what :func:`camera_of` says, or nothing where that is not known.
    :ivar frames: names of frames, by kind of image.
    :ivar sources: what it was recorded from, in words.
    :ivar capture: parameters of the node that cut the windows, as far as they are known.
    """

    fmt: PingFormat = field(default_factory=PingFormat)
    wav: str = RAW
    colour: bool = True
    camera: dict = field(default_factory=dict)
    frames: dict[str, str] = field(default_factory=dict)
    calibrations: list[dict] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    capture: dict = field(default_factory=dict)

    @property
    def direct_index(self) -> int:
        """Sample of a WAV file on which its direct sound begins."""
        return RAW_DIRECT if self.wav == RAW else self.fmt.direct_index

    def as_json(self) -> dict:
        """Return what is written to the file."""
        return {
            'layout': 'batvision2', 'version': VERSION,
            'format': {key: value for key, value in asdict(self.fmt).items() if key in _FORMAT},
            'direct_distance': self.fmt.direct_distance, 'wav': self.wav,
            'direct_index': self.direct_index, 'colour': self.colour, 'camera': self.camera,
            'frames': self.frames, 'calibrations': self.calibrations, 'sources': self.sources,
            'capture': self.capture,
            'written_by': {'echo_depth_ros': __version__, 'numpy': np.__version__,
                           'python': platform.python_version(),
                           'ros': os.environ.get('ROS_DISTRO', '')}}

    def go_on(self, folder: Path) -> None:
        """
        Take over what a folder says that was recorded into before.

        :raises RecorderError: what is to come is of another kind, so that samples of one location
            would mean different things.
        """
        there = read(folder)
        if there is None:
            return
        here = self.as_json()
        for key in ('format', 'wav', 'direct_index', 'colour'):
            if there.get(key) != here[key]:
                raise RecorderError(
                    f'{folder / NAME}: {key} is {_short(there.get(key), here[key])}, now it is '
                    f'{_short(here[key], there.get(key))}; all samples of a location are of one '
                    'kind: record into a location of another name')
        earlier = there.get('camera', {})
        if self.camera and earlier:
            check_same_camera(folder, earlier, self.camera)
        self.camera = self.camera or earlier
        self.frames = {**there.get('frames', {}), **self.frames}
        self.capture = self.capture or there.get('capture', {})
        self.calibrations = [*there.get('calibrations', []), *self.calibrations]
        self.sources = [*there.get('sources', []),
                        *(one for one in self.sources if one not in there.get('sources', []))]


def check_same_camera(folder: Path, earlier: dict, camera: dict) -> None:
    """
    Refuse a camera that sees more or less than the one before.

    :raises RecorderError: its field of view is another one.
    """
    for key in ('hfov_deg', 'vfov_deg'):
        before, now = earlier.get(key), camera.get(key)
        if before is not None and now is not None and abs(before - now) > _SAME_VIEW:
            raise RecorderError(
                f'{folder / NAME}: the camera had {key} {before:.1f}, now it has {now:.1f}; a '
                'network learns one field of view: record into another data set')


def read(folder: Path) -> dict | None:
    """
    Read the description of a location; None where there is none.

    :raises RecorderError: it is no such file.
    """
    try:
        there = json.loads((folder / NAME).read_text(encoding='utf-8'))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RecorderError(f'{folder / NAME} cannot be read: {error}') from error
    if not isinstance(there, dict):
        raise RecorderError(f'{folder / NAME} is no description of a recording')
    for key, kind in _KINDS.items():
        if not isinstance(there.get(key, kind()), kind):
            raise _unusable(folder, key, there[key])
    for key in ('hfov_deg', 'vfov_deg'):
        if not isinstance(there.get('camera', {}).get(key, 0.0), (int, float)):
            raise _unusable(folder, f'{key} of camera', there['camera'][key])
    for one in there.get('calibrations', []):
        if not isinstance(one, dict) or not isinstance(one.get('file'), str):
            raise _unusable(folder, 'a calibration', one)
    return there


def _unusable(folder: Path, what: str, value: object) -> RecorderError:
    return RecorderError(f'{folder / NAME}: {what} is {value!r}, which "echo-depth record" never '
                         'writes; undo what changed it, or record into another location')


def camera_of(info, topic: str = '') -> dict:
    """
    Field of view and intrinsics, from anything with the fields of sensor_msgs/CameraInfo.

    :returns: {} where the camera is not calibrated.
    """
    k = [float(value) for value in info.k]
    width, height = int(info.width), int(info.height)
    fx, fy, cx, cy = k[0], k[4], k[2], k[5]
    if not (fx > 0 and fy > 0 and width > 0 and height > 0 and all(map(math.isfinite, k))):
        return {}
    # Pixel centres have whole-number coordinates: the image reaches from -0.5 to width - 0.5.
    across = math.atan((cx + 0.5) / fx) + math.atan((width - 0.5 - cx) / fx)
    down = math.atan((cy + 0.5) / fy) + math.atan((height - 0.5 - cy) / fy)
    return {'hfov_deg': round(math.degrees(across), 3), 'vfov_deg': round(math.degrees(down), 3),
            'width': width, 'height': height, 'k': k,
            'distortion_model': info.distortion_model, 'd': [float(value) for value in info.d],
            'topic': topic}


def _short(value: object, other: object) -> object:
    """Only what differs, of two dictionaries."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: it for key, it in value.items() if other.get(key) != it}
    return value
