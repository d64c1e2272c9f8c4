# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`echo-depth record` over real DDS, with a capture that the test plays."""

from argparse import ArgumentParser
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.data.view import field_of_view, FieldOfView
from echo_depth_ros.nodes import record
from echo_depth_ros.nodes.conversions import camera_to_msg, image_to_msg, recording_to_msg
from echo_depth_ros.recording.errors import DiskFullError
from echo_depth_ros.recording.writer import LocationWriter
from echo_depth_ros.vision.camera import CameraModel

FMT = PingFormat()
LEAD = 282 - FMT.direct_index
STAMP = 1_700_000_000_000_000_000
PERIOD = 80_000_000
DEPTH = np.full((36, 64), 2.5, np.float32)
RGB = np.full((36, 64, 3), 90, np.uint8)


def arguments(root, *options):
    parser = ArgumentParser()
    record.add_arguments(parser)
    return parser.parse_args([str(root), '--location', 'hall', '--keep-free', '0.001', *options])


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """All nodes are of one process, and know each other's topics at once."""
    monkeypatch.setattr(record, '_DISCOVERY', 0.0)
    monkeypatch.setattr(record, '_EXPLAIN_AFTER', 1.0)


class Capture:
    """Publishes what binaural_capture would, as far as the test has it."""

    def __init__(self, bench, ping, topics):
        self._bench, self._ping = bench, ping
        self.publishers = {
            topic: bench.node.create_publisher(
                CameraInfo if topic.endswith('info') else Image, topic, 50) for topic in topics}
        self.sent = 0

    def send(self, count=1, leave_out=(), gain=0.2):
        camera = CameraModel(64, 36, 87, 58)
        for _ in range(count):
            stamp = STAMP + self.sent * PERIOD
            sound = self._ping(282, LEAD + FMT.window, gain, seed=self.sent)
            messages = {
                'binaural': recording_to_msg(sound[:, LEAD:], stamp, 'ears'),
                'binaural/raw': recording_to_msg(sound, stamp, 'ears'),
                'binaural/depth': image_to_msg(DEPTH, stamp, 'optical'),
                'binaural/rgb': image_to_msg(RGB, stamp, 'optical'),
                'camera/color/camera_info': camera_to_msg(camera, stamp + 4_000_000, 'optical')}
            for topic, publisher in reversed(self.publishers.items()):
                if topic not in leave_out:
                    publisher.publish(messages[topic])
                if topic.endswith('info'):
                    self._bench.spin(0.03)  # an image is older than the window it is paired with
            self.sent += 1
            self._bench.spin(0.03)


OURS = ('binaural', 'binaural/raw', 'binaural/depth', 'binaural/rgb', 'camera/color/camera_info')


@pytest.fixture
def recorder(bench, tmp_path):
    """Start a recorder in the bench's namespace; the second value is what it says."""
    made = []

    def start(*options):
        said = []
        node = record.Recorder(
            arguments(tmp_path, '--namespace', bench.namespace, *options), said.append)
        bench.executor.add_node(node)
        made.append(node)
        return node, said
    yield start
    for node in made:
        node.finish()
        bench.executor.remove_node(node)
        node.destroy_node()


@pytest.fixture
def capture(bench, ping):
    return lambda topics=OURS: Capture(bench, ping, topics)


def subscribed(bench, capture):
    return bench.until(lambda: all(
        publisher.get_subscription_count() for publisher in capture.publishers.values()))


def test_windows_and_their_images_become_a_data_set(bench, recorder, capture, tmp_path):
    node, said = recorder()
    robot = capture()
    assert subscribed(bench, robot)
    robot.send(5)
    assert bench.until(lambda: node.kept == 5)
    assert 'kept 5' in node.status()
    node.finish()
    assert '5 of 5 windows kept' in node.summary() and 'echo-depth inspect' in node.summary()
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 5 and not split.skipped and split.rgb is not None
    assert split[0][1][60, 60] == 2.5
    assert field_of_view(tmp_path) == FieldOfView(87, 58)
    about = json.loads((tmp_path / 'hall' / 'recording.json').read_text())
    assert about['wav'] == 'binaural/raw'
    assert about['frames'] == {'binaural': 'ears', 'rgb': 'optical', 'depth': 'optical'}
    stamps = (tmp_path / 'hall' / 'stamps.csv').read_text().splitlines()[1].split(',')
    assert stamps[2] == str(STAMP) and stamps[3] == str(STAMP + 4_000_000)
    assert any('does not tell its parameters' in line for line in said)


def test_a_capture_without_raw_sound_will_do(bench, recorder, capture, tmp_path):
    node, _ = recorder('--no-colour', '--split', 'val')
    robot = capture(('binaural', 'binaural/depth'))
    assert subscribed(bench, robot)
    robot.send(3)
    assert bench.until(lambda: node.kept == 3)
    node.finish()
    split = open_split(tmp_path, 'val', progress=False)
    assert len(split) == 3 and split.rgb is None
    assert 'no camera_info came' in node.summary()


def test_what_is_missing_is_skipped_and_counted(bench, recorder, capture):
    node, _ = recorder()
    robot = capture()
    assert subscribed(bench, robot)
    robot.send(2)
    robot.send(1, leave_out=['binaural/depth'])
    robot.send(1, leave_out=['binaural/rgb'])
    robot.send(1, gain=0.0)
    robot.send(2)
    assert bench.until(lambda: node.kept == 4)
    assert 'windows 7, kept 4, skipped 3' in node.status()
    node.finish()
    for reason in ('no depth image', 'no colour image', 'direct sound'):
        assert reason in node.summary()


def test_it_stops_at_as_many_as_were_asked_for(bench, recorder, capture):
    node, _ = recorder('--pings', '2')
    robot = capture()
    assert subscribed(bench, robot)
    assert not node.done
    robot.send(4)
    assert bench.until(lambda: node.done)
    assert node.kept == 2


def test_it_stops_after_the_seconds_that_were_asked_for(bench, recorder, capture):
    node, _ = recorder('--seconds', '0.4')
    robot = capture()
    assert subscribed(bench, robot)
    robot.send(1)
    assert bench.until(lambda: node.kept) and not node.done
    assert bench.until(lambda: node.done)


def test_it_gives_up_when_nothing_comes_and_says_what_is_missing(bench, recorder):
    node, said = recorder('--wait', '2')
    assert bench.until(lambda: said)
    assert said == [f'nobody publishes {bench.namespace}/binaural: start binaural_capture, or '
                    'give its --namespace']
    assert bench.until(lambda: node.done)
    assert 'no window came' in node.summary() and 'nobody publishes' in node.summary()


def test_it_finds_a_robot_in_another_namespace(bench, recorder, capture):
    capture(('binaural',))
    other = record.Recorder(arguments('/nowhere', '--namespace', 'elsewhere'))
    bench.executor.add_node(other)
    assert bench.until(lambda: 'there are in' in other.missing()[0])
    assert bench.namespace in other.missing()[0]
    bench.executor.remove_node(other)
    other.destroy_node()


def test_a_robot_that_has_gone_is_not_said_to_be_elsewhere(bench, recorder, capture):
    node, _ = recorder()
    robot = capture()
    assert subscribed(bench, robot)
    for publisher in robot.publishers.values():
        bench.node.destroy_publisher(publisher)
    assert bench.until(lambda: 'start binaural_capture' in node.missing()[0])


def test_a_camera_that_does_not_come_is_named_within_seconds(bench, recorder, capture):
    node, said = recorder()
    robot = capture()
    assert subscribed(bench, robot)
    assert 'is a chirp' in node.missing()[0]
    end = time.monotonic() + 10
    while not any('camera/depth/image_raw' in line for line in said):
        robot.send(1, leave_out=['binaural/depth'])
        assert time.monotonic() < end
    assert 'nobody publishes' in said[-1] and 'start the camera' in said[-1]


def test_a_full_disk_ends_it(bench, recorder, capture, monkeypatch):
    node, _ = recorder()
    robot = capture()
    assert subscribed(bench, robot)
    robot.send(1)
    assert bench.until(lambda: node.kept == 1)
    monkeypatch.setattr(LocationWriter, 'add', lambda *_: (_ for _ in ()).throw(
        DiskFullError('only 0.00 GB are free')))
    robot.send(1)
    assert bench.until(lambda: node.done)
    assert isinstance(node.error, DiskFullError)


def test_the_parameters_of_the_capture_are_asked_for(bench, recorder, capture, tmp_path):
    bench.node.declare_parameter('sample_rate', 44100)
    bench.node.declare_parameter('ear_spacing', 0.2)
    bench.node.declare_parameter('ear_gain_db', [0.0, 1.5])
    node, said = recorder()
    assert subscribed(bench, capture())
    about = json.loads((tmp_path / 'hall' / 'recording.json').read_text())
    assert about['format']['ear_spacing'] == 0.2
    assert about['capture']['ear_gain_db'] == [0.0, 1.5]
    assert any('ear_spacing is 0.2, not 0.235' in line for line in said)


@pytest.mark.parametrize(('option', 'value'), [
    ('--pings', '0'), ('--seconds', 'nan'), ('--wait', '-1'), ('--hfov', '500'),
    ('--keep-free', 'inf'), ('--format', 'window=-1'), ('--format', 'wide=1'),
    ('--format', 'ear_spacing')])
def test_numbers_that_make_no_sense_are_refused(tmp_path, capsys, option, value):
    with pytest.raises(SystemExit):
        arguments(tmp_path, option, value)
    assert f'argument {option}' in capsys.readouterr().err


def test_the_command_gives_up_where_nothing_comes(ros, tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'echo_depth_ros.cli', 'record', str(tmp_path / 'new'),
         '--location', 'hall', '--keep-free', '0.001', '--namespace', 'nobody', '--wait', '0.1'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert 'no window came' in done.stdout and 'nobody publishes /nobody/binaural' in done.stdout
    assert not (tmp_path / 'new').exists()


def test_ctrl_c_ends_the_command_cleanly(bench, capture, tmp_path):
    robot = capture()
    process = subprocess.Popen(
        [sys.executable, '-m', 'echo_depth_ros.cli', 'record', str(tmp_path), '--location', 'hall',
         '--keep-free', '0.001', '--namespace', bench.namespace],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
    try:
        assert subscribed(bench, robot)
        listed = tmp_path / 'hall' / 'train.csv'
        end = time.monotonic() + 30
        while len(listed.read_text().splitlines()) < 4 and time.monotonic() < end:
            robot.send(1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, out
    assert 'Traceback' not in out
    kept = re.search(r'(\d+) of \1 windows kept', out)
    assert kept, out
    assert len(open_split(tmp_path, 'train', progress=False)) == int(kept[1]) >= 3
