# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from argparse import ArgumentParser
import json

import numpy as np
import pytest

from echo_depth_ros.cli import main as echo_depth
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.data.view import field_of_view
from echo_depth_ros.recording import import_bag
from echo_depth_ros.recording.errors import RecorderError

from .small import FMT, heard, LEAD, PERIOD, picture, STAMP, wall

rosbag2 = pytest.importorskip('rosbags.rosbag2')
typesys = pytest.importorskip('rosbags.typesys')
STORES = {'humble': 'ROS2_HUMBLE', 'jazzy': 'ROS2_JAZZY'}


class BagWriter:
    """Writes messages as ROS 2 would."""

    def __init__(self, path, storage='SQLITE3', distro='jazzy'):
        self.store = typesys.get_typestore(typesys.Stores[STORES[distro]])
        version = 8 if distro == 'humble' else 9
        self.bag = rosbag2.Writer(
            path, version=version, storage_plugin=rosbag2.StoragePlugin[storage])
        self.connections = {}

    def __enter__(self):
        self.bag.open()
        return self

    def __exit__(self, *_):
        self.bag.close()

    def type(self, name):
        return self.store.types[name]

    def header(self, stamp, frame_id='optical'):
        return self.type('std_msgs/msg/Header')(
            stamp=self.type('builtin_interfaces/msg/Time')(
                sec=stamp // 10**9, nanosec=stamp % 10**9), frame_id=frame_id)

    def write(self, topic, kind, message, when):
        if topic not in self.connections:
            self.connections[topic] = self.bag.add_connection(topic, kind, typestore=self.store)
        self.bag.write(self.connections[topic], when, self.store.serialize_cdr(message, kind))

    def image(self, topic, array, stamp, when=None):
        encoding = {('f', 2): '32FC1', ('u', 2): '16UC1', ('u', 3): 'rgb8'}[
            array.dtype.kind, array.ndim]
        array = np.ascontiguousarray(array)
        kind = 'sensor_msgs/msg/Image'
        self.write(topic, kind, self.type(kind)(
            header=self.header(stamp), height=array.shape[0], width=array.shape[1],
            encoding=encoding, is_bigendian=0, step=array[0].nbytes,
            data=array.reshape(-1).view(np.uint8)), when or stamp + 80_000_000)

    def info(self, topic, stamp, fx=64.0):
        kind = 'sensor_msgs/msg/CameraInfo'
        region = self.type('sensor_msgs/msg/RegionOfInterest')(
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
        k = np.array([fx, 0, 63.5, 0, fx, 35.5, 0, 0, 1])
        self.write(topic, kind, self.type(kind)(
            header=self.header(stamp), height=72, width=128, distortion_model='plumb_bob',
            d=np.zeros(5), k=k, r=np.eye(3).ravel(), p=np.zeros(12), binning_x=0, binning_y=0,
            roi=region), stamp)

    def ping(self, number, base='', raw=True, camera=True):
        stamp, sound = STAMP + number * PERIOD, heard(number)
        if camera:
            self.image(f'{base}/binaural/depth', wall(1 + number / 10), stamp)
            self.image(f'{base}/binaural/rgb', picture(), stamp)
        self.image(f'{base}/binaural', sound[:, LEAD:], stamp)
        if raw:
            self.image(f'{base}/binaural/raw', sound, stamp)


def run(bag, root, *options):
    parser = ArgumentParser()
    import_bag.add_arguments(parser)
    return import_bag.main(parser.parse_args([
        str(bag), str(root), '--location', 'kitchen', '--keep-free', '0.001', *options]))


def description(root):
    return json.loads((root / 'kitchen' / 'recording.json').read_text())


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
@pytest.mark.parametrize('distro', STORES)
def test_our_topics_become_a_data_set(tmp_path, capsys, storage, distro):
    with BagWriter(tmp_path / 'bag', storage, distro) as bag:
        bag.info('/robot/camera/color/camera_info', STAMP)
        for number in range(4):
            bag.ping(number, '/robot')
    assert run(tmp_path / 'bag', tmp_path / 'data') == 0
    assert '4 of 4 windows kept' in capsys.readouterr().out
    split = open_split(tmp_path / 'data', 'train', progress=False)
    assert len(split) == 4 and not split.skipped and split.rgb is not None
    np.testing.assert_allclose(split[2][0].numpy(), heard(2)[:, LEAD:], atol=0.6 / 32767)
    assert split[2][1][100, 100] == pytest.approx(1.2)
    assert field_of_view(tmp_path / 'data').hfov_deg == 90
    about = description(tmp_path / 'data')
    assert about['wav'] == 'binaural/raw' and about['sources'] == ['bag bag']


def test_a_bag_of_windows_alone_and_a_second_bag_behind_it(tmp_path, capsys):
    for name in ('a', 'b'):
        with BagWriter(tmp_path / name) as bag:
            bag.ping(0, raw=False)
            bag.ping(1, raw=False, camera=False)
            bag.ping(2, raw=False)
        assert run(tmp_path / name, tmp_path / 'data', '--split', 'val') == 0
        assert 'skipped 1: no depth image' in capsys.readouterr().out
    assert len(open_split(tmp_path / 'data', 'val', progress=False)) == 4
    about = description(tmp_path / 'data')
    assert about['direct_index'] == FMT.direct_index and about['sources'] == ['bag a', 'bag b']
    with BagWriter(tmp_path / 'c') as bag:
        bag.ping(0)
    with pytest.raises(RecorderError, match='wav is binaural, now it is binaural/raw'):
        run(tmp_path / 'c', tmp_path / 'data')


def test_camera_topics_of_any_name_are_paired_by_time(tmp_path, capsys):
    with BagWriter(tmp_path / 'bag', 'MCAP') as bag:
        bag.info('/zed/rgb/camera_info', STAMP)
        events = []
        for number in range(6):
            stamp = STAMP + number * PERIOD
            events.append((stamp + 80_000_000, lambda n=number, w=stamp: (
                bag.image('/binaural', heard(n)[:, LEAD:], w),
                bag.image('/binaural/raw', heard(n), w))))
        # 20 Hz; images arrive 30 ms after they were taken, and for a while none do.
        for frame in range(12):
            stamp = STAMP + frame * 50_000_000 + 3_000_000
            if 4 <= frame <= 6:
                continue
            metres = np.full((72, 128), 1 + frame / 10, np.float32)
            events.append((stamp + 30_000_000, lambda s=stamp, m=metres: (
                bag.image('/zed/depth/image', m, s, s + 30_000_000),
                bag.image('/zed/rgb/image', picture(), s, s + 30_000_000))))
        for _, write in sorted(events, key=lambda event: event[0]):
            write()
    options = ['--rgb', '/zed/rgb/image', '--depth', 'zed/depth/image', '--tolerance', '0.03']
    assert run(tmp_path / 'bag', tmp_path / 'data', *options) == 0
    # Windows at 0, 80, 160, 240, 320, 400 ms; images at 3, 53, 103, 153, 353, 403, ... ms.
    assert 'skipped 2: no depth image' in capsys.readouterr().out
    folder = tmp_path / 'data' / 'kitchen'
    depths = [np.load(path)[0, 0] for path in sorted((folder / 'depth').iterdir())]
    assert depths == [1000, 1200, 1300, 1800]
    stamps = (folder / 'stamps.csv').read_text().splitlines()
    assert stamps[2].split(',')[2:5] == [str(STAMP + PERIOD), str(STAMP + 103_000_000),
                                         str(STAMP + 103_000_000)]
    assert description(tmp_path / 'data')['camera']['topic'] == '/zed/rgb/camera_info'


@pytest.mark.parametrize('options, says', [
    (['--namespace', 'c'], r'no windows on /c/binaural; topics are: /a/binaural \(sensor_msgs'),
    ([], r'several robots: /a, /b; choose one with --namespace'),
    (['--namespace', 'a', '--depth', '/none'],
     r'--depth: there is no topic /none; topics of that kind are: /a/binaural \('),
    (['--namespace', 'a', '--rgb', '/info', '--depth', '/a/binaural/depth'],
     '--rgb: /info is sensor_msgs/msg/CameraInfo; expected'),
    (['--namespace', 'b'], 'no depth: .*--depth; image topics there are: /a/binaural'),
    (['--namespace', 'a', '--camera-info', '/a/binaural'], '--camera-info: /a/binaural is'),
])
def test_what_is_missing_is_named_with_what_there_is(tmp_path, options, says):
    with BagWriter(tmp_path / 'bag') as bag:
        bag.info('/info', STAMP)
        bag.ping(0, '/a')
        bag.ping(0, '/b', camera=False)
    with pytest.raises(RecorderError, match=says):
        run(tmp_path / 'bag', tmp_path / 'data', *options)
    assert not (tmp_path / 'data').exists()


def test_colour_is_asked_for_unless_it_is_not_wanted(tmp_path):
    with BagWriter(tmp_path / 'bag') as bag:
        bag.image('/binaural', heard()[:, LEAD:], STAMP)
        bag.image('/binaural/depth', wall(), STAMP)
    with pytest.raises(RecorderError, match='no colour: .*--no-colour'):
        run(tmp_path / 'bag', tmp_path / 'data')
    assert run(tmp_path / 'bag', tmp_path / 'data', '--no-colour') == 0
    assert open_split(tmp_path / 'data', 'train', progress=False).rgb is None


def test_a_bag_without_windows_and_what_is_no_bag(tmp_path, capsys):
    with BagWriter(tmp_path / 'bag') as bag:
        bag.info('/info', STAMP)
    target = [str(tmp_path / 'data'), '--location', 'x', '--keep-free', '0.001']
    for path, says in ((tmp_path / 'bag', 'no topic ends in "/binaural"'),
                       (tmp_path / 'nothing', 'no bag'),
                       (tmp_path, 'ros2 bag reindex')):
        assert echo_depth(['import-bag', str(path), *target]) == 1
        assert says in capsys.readouterr().err
    (tmp_path / 'bag' / 'metadata.yaml').write_text('nonsense')
    assert echo_depth(['import-bag', str(tmp_path / 'bag'), *target]) == 1
    assert 'cannot be read' in capsys.readouterr().err


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
@pytest.mark.parametrize('left', [0, 1000, 0.5, 0.99])
def test_a_bag_that_is_cut_short_is_named(tmp_path, storage, left):
    with BagWriter(tmp_path / 'bag', storage) as bag:
        for number in range(4):
            bag.ping(number)
    (file,) = (path for path in (tmp_path / 'bag').iterdir() if path.suffix != '.yaml')
    data = file.read_bytes()
    file.write_bytes(data[:int(left * len(data)) if left < 1 else left])
    with pytest.raises(RecorderError, match='cannot be read'):
        run(tmp_path / 'bag', tmp_path / 'data')


def test_nothing_kept_is_a_failure_that_says_why(tmp_path, capsys):
    with BagWriter(tmp_path / 'bag') as bag:
        for number in range(2):
            stamp = STAMP + number * PERIOD
            bag.image('/binaural', np.zeros((2, FMT.window), np.float32), stamp)
            bag.image('/binaural/depth', wall(), stamp)
            bag.image('/binaural/rgb', picture(), stamp)
    assert run(tmp_path / 'bag', tmp_path / 'data') == 1
    out = capsys.readouterr().out
    assert '0 of 2 windows kept' in out and 'skipped 2: silent: peak 0' in out


def test_inspect_reads_what_was_imported(tmp_path, capsys):
    with BagWriter(tmp_path / 'bag') as bag:
        for number in range(3):
            bag.ping(number)
    assert run(tmp_path / 'bag', tmp_path / 'data') == 0
    assert echo_depth(['inspect', str(tmp_path / 'data'), '--picture',
                       str(tmp_path / 'sheet.png')]) == 0
    out = capsys.readouterr().out
    assert 'batvision2' in out and 'kitchen' in out and '282' in out
    assert (tmp_path / 'sheet.png').stat().st_size > 10000
