# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry, Path
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    image_to_msg,
    recording_from_msg,
    recording_to_msg,
    stamp_from_msg,
    velocity_to_msg,
)

pytest.importorskip('mujoco', reason='the simulator needs echo_depth_ros[sim]')

from echo_depth_ros.nodes.room_simulator import RoomSimulator
from echo_depth_ros.sim.world import box_room

FS = 44100


@pytest.fixture
def room(tmp_path):
    """Return a function that writes an empty room and returns its path."""
    def write(length=4.0, width=3.5):
        path = tmp_path / 'room.json'
        path.write_text(box_room(length, width, 2.5).to_json(), encoding='utf-8')
        return str(path)
    return write


def test_the_ears_are_a_stream_without_gaps_ahead_of_time(bench, room):
    blocks, ahead = bench.collect(Image, 'air/ears'), []
    node = bench.make(RoomSimulator, room=room(), drive='still')
    bench.node.create_subscription(
        Image, 'air/ears',
        lambda msg: ahead.append(stamp_from_msg(msg.header.stamp) - node.now()), 50)
    node.trigger_configure()
    node.trigger_activate()
    assert bench.until(lambda: len(blocks) >= 20), node.problem
    stamps = np.array([stamp_from_msg(b.header.stamp) for b in blocks])
    np.testing.assert_allclose(np.diff(stamps) * FS / 1e9, 1764, atol=0.1)
    assert np.median(ahead) > 0
    assert recording_from_msg(blocks[0]).shape == (2, 1764)


def test_a_sound_is_heard_on_the_frame_on_which_it_was_played(bench, room):
    blocks = bench.collect(Image, 'air/ears')
    node = bench.start(RoomSimulator, room=room(), drive='still', lead=0.02)
    speaker = bench.publisher(Image, 'air/speaker')
    assert bench.until(lambda: blocks)
    stamp = node.now() + 500_000_000
    speaker.publish(recording_to_msg(linear_chirp(PingFormat())[None], stamp, 'speaker'))
    assert bench.until(
        lambda: stamp_from_msg(blocks[-1].header.stamp) > stamp + 100_000_000)
    sound = np.hstack([recording_from_msg(b) for b in blocks])
    first = stamp_from_msg(blocks[0].header.stamp)
    onset = int(np.argmax(np.abs(sound).max(axis=0) > 0.01))
    played = (stamp - first) * FS / 1e9
    # The direct sound travels 0.17 m, 22 samples; its first samples are low and faint.
    assert 20 <= onset - played <= 150
    assert node.diagnose().values['late sounds'] == 0


def test_a_sound_that_comes_too_late_is_counted_and_not_heard(bench, room):
    blocks = bench.collect(Image, 'air/ears')
    node = bench.start(RoomSimulator, room=room(), drive='still')
    speaker = bench.publisher(Image, 'air/speaker')
    assert bench.until(lambda: blocks)
    speaker.publish(recording_to_msg(
        linear_chirp(PingFormat())[None], node.now() - 100_000_000, 'speaker'))
    assert bench.until(lambda: node.diagnose().values['late sounds'] == 1)
    assert 'frames earlier' in node.diagnose().values['last refusal']
    assert max(np.abs(recording_from_msg(b)).max() for b in blocks) < 0.05


def test_sounds_of_another_layout_are_counted(bench, room):
    node = bench.start(RoomSimulator, room=room(), drive='still')
    speaker = bench.publisher(Image, 'air/speaker')
    speaker.publish(image_to_msg(np.zeros((2, 9), np.uint8), 0, 'speaker'))
    assert bench.until(lambda: node.diagnose().values['refused sounds'] == 1)


def test_the_camera_sees_the_room_on_demand(bench, room):
    node = bench.start(RoomSimulator, room=room(), drive='still')
    colours = bench.collect(Image, 'camera/color/image_raw')
    depths = bench.collect(Image, 'camera/depth/image_raw')
    infos = bench.collect(CameraInfo, 'camera/depth/camera_info')
    assert bench.until(lambda: len(colours) >= 2 and len(depths) >= 2 and infos)
    depth = depth_from_msg(depths[0])
    assert depth.shape == (128, 128) and 0.1 < depth.min() < depth.max() < 6.0
    assert image_from_msg(colours[0]).shape == (128, 128, 3)
    assert infos[0].k[0] == pytest.approx(64.0)
    assert stamp_from_msg(depths[1].header.stamp) <= node.now()


@pytest.mark.parametrize('stamped', [True, False])
def test_cmd_vel_drives_until_nobody_commands_any_more(bench, room, stamped):
    odometry = bench.collect(Odometry, 'odom')
    node = bench.start(
        RoomSimulator, room=room(), drive='cmd_vel', enable_stamped_cmd_vel=stamped)
    commands = bench.publisher(TwistStamped if stamped else Twist, 'cmd_vel')
    msg = velocity_to_msg(0.0, 1.0, node.now(), 'base_link')
    commands.publish(msg if stamped else msg.twist)
    turning = lambda: odometry[-1].twist.twist.angular.z  # noqa: E731
    assert bench.until(lambda: odometry and turning() > 0.5)
    assert bench.until(lambda: abs(turning()) < 0.05)


def test_a_command_that_is_no_number_is_ignored(bench, room):
    node = bench.start(RoomSimulator, room=room(), drive='cmd_vel')
    commands = bench.publisher(TwistStamped, 'cmd_vel')
    commands.publish(velocity_to_msg(math.nan, 0.0, 0, 'base_link'))
    bench.spin(0.3)
    assert node.diagnose().values['stalls'] == 0 and node._room.alive


def test_a_command_reaches_the_base_within_the_time_that_the_world_is_ahead(bench, room):
    odometry = bench.collect(Odometry, 'odom')
    node = bench.start(RoomSimulator, room=room(), drive='cmd_vel', ahead=0.15)
    commands = bench.publisher(TwistStamped, 'cmd_vel')
    assert bench.until(lambda: odometry)
    told = node.now()
    commands.publish(velocity_to_msg(0.0, 1.0, told, 'base_link'))
    assert bench.until(lambda: abs(odometry[-1].twist.twist.angular.z) > 0.05)
    # By the stamp of odom, on which a busy machine has no hold: 0.17 s and one odom message.
    moved = next(msg for msg in odometry if abs(msg.twist.twist.angular.z) > 0.05)
    assert 0.1 < (stamp_from_msg(moved.header.stamp) - told) / 1e9 < 0.5


def test_a_track_has_its_starts(bench):
    odometry = bench.collect(Odometry, 'odom')
    bench.start(RoomSimulator, room='track_straight_2', track_start=2, drive='still')
    assert bench.until(lambda: odometry)
    place = odometry[0].pose.pose
    # 0.4 m from the wall at y = 0, 30 degrees to the left.
    assert (place.position.x, place.position.y) == pytest.approx((1.5, 0.4), abs=1e-3)
    assert 2 * math.atan2(place.orientation.z, place.orientation.w) == pytest.approx(
        math.radians(30), abs=1e-3)


def test_with_slip_odometry_is_what_the_wheels_claim(bench, room):
    odometry, paths = bench.collect(Odometry, 'odom'), bench.collect(Path, 'path')
    node = bench.start(RoomSimulator, room=room(), drive='cmd_vel', wheel_slip=True, seed=3)
    commands = bench.publisher(TwistStamped, 'cmd_vel')

    def drive():
        commands.publish(velocity_to_msg(0.0, 0.8, node.now(), 'base_link'))
        return odometry and odometry[-1].twist.twist.angular.z == pytest.approx(0.8) and \
            node._last and abs(node._last.pose.yaw - node._last.odometry.yaw) > 0.003

    assert bench.until(drive)
    assert node.diagnose().values['yaw'] == node._last.pose.yaw
    assert bench.until(lambda: paths)


def test_ambient_sound_takes_the_place_of_noise(bench, room):
    blocks = bench.collect(Image, 'air/ears')
    node = bench.start(RoomSimulator, room=room(), drive='still', ambience=True)
    speaker = bench.publisher(Image, 'air/speaker')
    assert bench.until(lambda: len(blocks) >= 20), node.problem
    stamps = np.array([stamp_from_msg(b.header.stamp) for b in blocks])
    np.testing.assert_allclose(np.diff(stamps) * FS / 1e9, 1764, atol=0.1)
    # A quiet room's sound is in the lows, more than plain noise's.
    sound = np.hstack([recording_from_msg(b) for b in blocks])
    power = np.abs(np.fft.rfft(sound * np.hanning(sound.shape[1]), axis=1)) ** 2
    hertz = np.fft.rfftfreq(sound.shape[1], 1 / FS)
    assert power[:, hertz > 8000].sum() < 0.1 * power[:, hertz < 8000].sum()
    # Chirps sound on top of it.
    stamp = node.now() + 500_000_000
    speaker.publish(recording_to_msg(linear_chirp(PingFormat())[None], stamp, 'speaker'))
    assert bench.until(lambda: np.abs(recording_from_msg(blocks[-1])).max() > 5 * sound.std())


def test_the_tour_moves_and_leaves_a_path(bench, room):
    paths = bench.collect(Path, 'path')
    bench.start(RoomSimulator, room=room(6.0, 5.0), drive='tour')
    assert bench.until(lambda: paths and len(paths[-1].poses) >= 4)
    places = np.array([[p.pose.position.x, p.pose.position.y, p.pose.orientation.z]
                       for p in paths[-1].poses])
    assert np.ptp(places, axis=0).max() > 0.01


@pytest.mark.parametrize('parameters,words', [
    ({'robot_radius': 2.5}, 'the robot does not fit in this room'),
    ({'room': 'castle'}, 'neither one of box, corridor, l, track_corner'),
    ({'sample_rate': 48000}, 'sounds at 44100 Hz only'),
    ({'ambience': True, 'air': 'jack'}, 'carries no ambient sound')])
def test_what_cannot_be_simulated_is_refused(bench, room, parameters, words):
    node = bench.make(RoomSimulator, **{'room': room(), **parameters})
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in node.problem


def test_a_broken_room_description_is_refused(bench, tmp_path):
    path = tmp_path / 'broken.json'
    path.write_text('{"shape": "box"}', encoding='utf-8')
    node = bench.make(RoomSimulator, room=str(path))
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'this is not a room description' in node.problem


def test_it_can_be_stopped_and_started_again(bench, room):
    blocks = bench.collect(Image, 'air/ears')
    node = bench.start(RoomSimulator, room=room(), drive='still')
    assert bench.until(lambda: blocks)
    node.trigger_deactivate()
    bench.spin(0.1)
    blocks.clear()
    node.trigger_activate()
    assert bench.until(lambda: len(blocks) > 3)
    assert abs(stamp_from_msg(blocks[-1].header.stamp) - node.now()) < 0.2e9
