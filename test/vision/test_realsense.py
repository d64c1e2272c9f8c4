# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The source of a RealSense camera, and librealsense's pipeline below it.

The pipeline is the real one, playing what was recorded of a software device; the camera that is
unplugged, stalls and comes back is a stand-in for the pipeline.
"""

from threading import get_ident
import time

import numpy as np
import pytest

from echo_depth_ros.vision.camera import CalibratedCamera
from echo_depth_ros.vision.errors import CameraError, CameraLostError
from echo_depth_ros.vision.realsense import RealSense
from echo_depth_ros.vision.realsense_pipeline import (
    list_cameras,
    RealSenseInfo,
    RealSensePipeline,
    RealSenseSettings,
    Shot,
)

from .camera_file import BASELINE, colour_of, depth_of, FOCAL, library, record, SERIAL, SIZE

RECORDED = 12


def until(condition, timeout=10.0):
    """Wait for a condition; return whether it came about."""
    end = time.monotonic() + timeout
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    """Return the settings that play a recording of now, and the stamp of its first frame."""
    library()
    path = tmp_path_factory.mktemp('camera') / 'camera.db3'
    first_ms = record(path, RECORDED, depth_lag_ms=4.0)
    return RealSenseSettings(file=str(path), width=SIZE[0], height=SIZE[1]), first_ms


def shots(pipeline, **wanted):
    """Read a recording to its end."""
    taken = []
    try:
        while True:
            shot = pipeline.read(**wanted)
            if shot is not None:
                taken.append(shot)
    except CameraLostError as error:
        return taken, str(error)
    finally:
        pipeline.close()


def test_the_pipeline_gives_colour_and_depth_in_one_view(recording):
    settings, first_ms = recording
    pipeline = RealSensePipeline(settings)
    assert str(pipeline.info) == f'Intel RealSense D435 (serial {SERIAL})'
    assert pipeline.camera == CalibratedCamera(*SIZE, FOCAL, FOCAL, 31.5, 23.5)
    taken, ended = shots(pipeline)
    # The first frames may come before librealsense pairs them.
    assert len(taken) >= RECORDED - 3 and 'has ended' in ended
    for shot in taken:
        number = round((shot.color_ms - first_ms) * 30 / 1e3)
        assert shot.domain == 'global' and shot.depth_ms - shot.color_ms == pytest.approx(4, 1e-3)
        assert shot.color.shape == (48, 64, 3) and (shot.color == colour_of(number)).all()
        assert shot.depth.shape == (48, 64) and shot.depth.dtype == np.uint16
        # Seen from the colour lens, what is flat at 2 m moves by fx b / z = 3 pixels.
        shift = round(FOCAL * BASELINE / (depth_of(number) / 1000))
        assert (shot.depth[5:-5, :shift - 1] == 0).all()
        assert (shot.depth[5:-5, shift + 1:] == depth_of(number)).all()


def test_what_is_not_wanted_is_left_out(recording):
    taken, _ = shots(RealSensePipeline(recording[0]), color=True, depth=False)
    assert taken and all(s.depth is None and s.color is not None for s in taken)


def test_depth_of_another_unit_becomes_millimetres(tmp_path):
    library()
    path = tmp_path / 'fine.db3'
    record(path, 5, unit=0.0001, domain='hardware_clock', first_ms=5000.0)
    taken, _ = shots(RealSensePipeline(
        RealSenseSettings(file=str(path), width=SIZE[0], height=SIZE[1])))
    assert {s.domain for s in taken} == {'hardware'}
    # The last columns: at 0.2 m the view of the colour lens begins 30 pixels further on.
    assert set(np.unique(taken[-1].depth[5:-5, 40:])) == {200}


@pytest.mark.parametrize(('changes', 'words'), [
    ({'width': 640, 'height': 480}, 'has no 640x480 pixels at 30 Hz .* It offers: 64x48 at 30'),
    ({'rate': 15}, 'has no 64x48 pixels at 15 Hz'),
    ({'file': '/nowhere/x.db3'}, 'there is no recording /nowhere/x.db3'),
])
def test_what_cannot_be_opened_is_refused_at_once(recording, changes, words):
    began = time.monotonic()
    with pytest.raises(CameraError, match=words):
        RealSensePipeline(RealSenseSettings(**{**vars(recording[0]), **changes}))
    assert time.monotonic() - began < 3


def test_a_camera_that_is_not_there_is_refused_at_once_with_those_that_are():
    library()
    began = time.monotonic()
    with pytest.raises(CameraError) as caught:
        RealSensePipeline(RealSenseSettings(serial='000'))
    assert time.monotonic() - began < 3
    present = list_cameras()
    assert 'RealSense camera 000 is not connected' in str(caught.value)
    assert all(camera.serial in str(caught.value) for camera in present)
    assert present or 'there is none at all' in str(caught.value)


def test_frames_come_in_a_thread_of_their_own_on_the_callers_clock(recording):
    settings, first_ms = recording
    ahead = 7 * 10**9
    taken = []
    with RealSense(settings, lambda frame: taken.append((get_ident(), frame)),
                   now=lambda: time.time_ns() + ahead, retry=60.0) as camera:
        assert until(lambda: camera.state == 'waiting')
        assert camera.lost == 1 and camera.frames == len(taken) >= RECORDED - 3
        assert camera.info.serial == SERIAL and 'has ended' in camera.problem
    threads, frames = zip(*taken)
    assert set(threads) != {get_ident()}
    # Evenly spaced, as the camera's own clock says, however unevenly they came.
    stamps = np.array([frame.stamp for frame in frames])
    numbers = np.array([int(frame.color[0, 0, 0]) - colour_of(0) for frame in frames])
    even = stamps - numbers * 1e9 / 30
    assert np.ptp(even[-5:]) < 8e6
    assert all(abs(frame.depth_stamp - frame.stamp - 4_000_000) < 1000 for frame in frames)
    if camera.time_base == 'global':  # the recording is young enough for its stamps to be true
        assert np.abs(even - first_ms * 1e6 - ahead).max() < 1e6


def test_a_recording_that_ends_is_a_camera_that_comes_back(recording):
    taken, said = [], []
    with RealSense(recording[0], taken.append, log=lambda *line: said.append(line),
                   retry=0.05) as camera:
        assert until(lambda: camera.lost >= 2 and camera.state == 'streaming')
    assert len(taken) >= 2 * (RECORDED - 3)
    stamps = [frame.stamp for frame in taken]
    assert stamps == sorted(set(stamps)) or camera.time_base == 'global'
    assert [level for level, _ in said[:3]] == ['info', 'warning', 'info']


class Plug:
    """Stands for a camera's USB port: what is plugged in, and what it does."""

    INFO = RealSenseInfo('D435', '42', '3.2')

    def __init__(self):
        self.there = self.streams = True
        self.fault = None
        self.opened = self.closed = 0

    def open(self, settings):
        """Open the camera, as the real pipeline does."""
        if self.fault is not None:
            raise self.fault
        if not self.there:
            raise CameraError('RealSense camera is not connected: there is none at all')
        self.opened += 1
        return Opened(self)


class Opened:
    """Stands for an open camera."""

    def __init__(self, plug):
        self.info, self.camera = plug.INFO, CalibratedCamera(4, 2, 3.0, 3.0, 1.5, 0.5)
        self.repeated = 0
        self._plug = plug

    def read(self, color=True, depth=True):
        """Return a frame of now."""
        time.sleep(0.005)
        if not (self._plug.there and self._plug.streams):
            return None
        now = time.time() * 1e3 - 20
        return Shot(np.zeros((2, 4, 3), np.uint8) if color else None,
                    np.zeros((2, 4), np.uint16) if depth else None, now, now, 'global')

    def connected(self):
        """Whether the camera is plugged in."""
        return self._plug.there

    def close(self):
        """Count it."""
        self._plug.closed += 1


@pytest.fixture
def plug():
    """Return a port with a camera."""
    return Plug()


@pytest.fixture
def source(plug):
    """Return a camera in that port, its frames, and what it says."""
    taken, said = [], []
    with RealSense(RealSenseSettings(patience=0.1), taken.append, opener=plug.open, retry=0.02,
                   log=lambda *line: said.append(line)) as camera:
        yield camera, taken, said


def test_an_unplugged_camera_comes_back_when_it_is_plugged_in(plug, source):
    camera, taken, said = source
    assert until(lambda: len(taken) > 3)
    plug.there = False
    assert until(lambda: camera.state == 'waiting' and 'not connected' in camera.problem)
    assert camera.lost == 1 and plug.closed == 1
    before = len(taken)
    plug.there = True
    assert until(lambda: len(taken) > before + 3, timeout=3.0)
    assert camera.state == 'streaming' and camera.problem == ''
    lines = [text for _, text in said]
    assert any('D435 (serial 42, USB 3.2) was unplugged' in line for line in lines)
    # The wait for it is one line, not one for each attempt.
    assert sum('not connected' in line for line in lines) == 1


def test_a_camera_that_stalls_is_opened_anew(plug, source):
    camera, taken, said = source
    assert until(lambda: len(taken) > 3)
    plug.streams = False
    assert until(lambda: plug.opened >= 2)
    plug.streams = True
    before = len(taken)
    assert until(lambda: len(taken) > before + 3)
    assert any('gives no images' in text for _, text in said)


def test_whatever_a_driver_brings_is_survived(plug):
    plug.fault = RuntimeError('xioctl(VIDIOC_S_FMT) failed')
    taken = []
    with RealSense(RealSenseSettings(), taken.append, opener=plug.open, retry=0.02) as camera:
        assert until(lambda: 'xioctl' in camera.problem)
        plug.fault = None
        assert until(lambda: taken)


def test_only_wanted_images_are_handed_over(source):
    camera, taken, _ = source
    camera.want(False, False)
    time.sleep(0.05)
    count = len(taken)
    time.sleep(0.1)
    assert len(taken) == count and camera.state == 'streaming'
    camera.want(False, True)
    assert until(lambda: len(taken) > count)
    assert taken[-1].color is None and taken[-1].depth is not None


def test_a_frame_that_cannot_be_used_is_counted_and_the_next_ones_come(plug):
    calls = []

    def use(frame):
        calls.append(frame)
        if len(calls) == 2:
            raise ValueError('no room')
    with RealSense(RealSenseSettings(), use, opener=plug.open) as camera:
        assert until(lambda: len(calls) > 4)
        assert camera.failed == 1


def test_the_caller_never_waits_for_an_opening_camera():
    def slow(settings):
        time.sleep(0.5)
        raise CameraError('none')
    began = time.monotonic()
    camera = RealSense(RealSenseSettings(), print, opener=slow)
    assert time.monotonic() - began < 0.2 and camera.state == 'starting'
    camera.close()


@pytest.mark.parametrize(('missing', 'remedy'), [
    ('libusb-1.0.so.0: cannot open shared object file', 'apt install libusb-1.0-0'),
    ("No module named 'pyrealsense2'", 'pip install "echo_depth_ros'),
])
def test_a_missing_library_is_said_with_its_remedy(monkeypatch, missing, remedy):
    import builtins
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith('pyrealsense2'):
            raise ImportError(missing)
        return real(name, *args, **kwargs)
    monkeypatch.setattr(builtins, '__import__', without)
    with pytest.raises(CameraError, match=remedy):
        RealSense(RealSenseSettings(), print)
