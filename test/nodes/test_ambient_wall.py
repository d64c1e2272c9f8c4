# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from echo_depth_ros.nodes.ambient_wall import AmbientWall
from echo_depth_ros.nodes.conversions import (
    header_to_msg,
    near_wall_from_msg,
    recording_to_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.health import Level
from echo_depth_ros.nodes.simulated_air import frame_grid
from echo_depth_ros.perception.model import ModelError

FS = 44100
BLOCK = 882
CLIP, HOP = 0.3, 0.1
LOUD, FAINT = 0.02, 0.01


class Room:
    """The ears' stream of a room whose level at each ear the test decides."""

    def __init__(self, bench, now):
        self._bench = bench
        self.grid = frame_grid(FS, now)
        self.frame = round(self.grid.frame_at(now))
        self.ears = bench.publisher(Image, 'air/ears')
        self._noise = np.random.default_rng(0)

    @property
    def end(self):
        """Stamp of the next sample."""
        return self.grid.stamp_of(self.frame)

    def noise(self, left, right, seconds=0.02):
        """Make noise of two levels."""
        count = round(seconds * FS / BLOCK) * BLOCK
        return self._noise.normal(0, 1, (2, count)) * [[left], [right]]

    def send(self, sound):
        """Send sound from where the last ended."""
        for at in range(0, sound.shape[1], BLOCK):
            block = sound[:, at:at + BLOCK].astype(np.float32)
            self.ears.publish(recording_to_msg(block, self.grid.stamp_of(self.frame), 'ears'))
            self.frame += block.shape[1]

    def sound_on(self, condition, left=LOUD, right=FAINT, seconds=10.0, make=None):
        """Sound, a tenth of a second ahead of time, until a condition holds."""
        make = make or (lambda: self.noise(left, right))
        until = self.end + round(seconds * 1e9)
        while not condition() and self.end < until:
            while self.end < self._bench.node.get_clock().now().nanoseconds + 100_000_000:
                self.send(make())
            self._bench.executor.spin_once(timeout_sec=0.01)
        return bool(condition())


@pytest.fixture
def listening(bench, listener):
    """Start the node, with somebody who listens to it."""
    def start(**parameters):
        said = bench.collect(Image, 'near_wall')
        node = bench.start(AmbientWall, **{
            'ambient_model': listener(), 'clip_seconds': CLIP, 'clip_hop': HOP, **parameters})
        room = Room(bench, node.now())
        assert bench.matched(node, 'near_wall')
        return node, said, room
    return start


def chances(messages):
    return np.array([near_wall_from_msg(msg) for msg in messages])


def begins(messages):
    return np.array([stamp_from_msg(msg.header.stamp) for msg in messages])


def test_clips_come_every_hop_once_they_have_been_heard(bench, listening):
    node, said, room = listening()
    late = []
    bench.node.create_subscription(Image, 'near_wall', lambda msg: late.append(
        node.now() - stamp_from_msg(msg.header.stamp)), 50)
    assert room.sound_on(lambda: len(said) >= 6 and len(late) >= 4), node.diagnose()
    hops = np.diff(begins(said)) / 1e9 / HOP
    np.testing.assert_allclose(hops, np.round(hops), atol=0.01)
    assert hops.min() >= 1 and min(late) >= CLIP * 1e9
    assert said[0].header.frame_id == 'ears'
    # Twice as loud is two nepers of power in ln 4 = 1.39.
    np.testing.assert_allclose(
        chances(said), [[0.8, 0.2]] * len(said), atol=0.02)
    values = node.diagnose().values
    assert values['clips'] >= 6 and values['near left'] == pytest.approx(0.8, abs=0.02)


def test_the_stamp_is_that_of_the_first_sample(listening):
    node, said, room = listening()
    assert room.sound_on(lambda: len(said) >= 2)
    turned = room.end
    assert room.sound_on(lambda: (begins(said) > turned).any(), left=FAINT, right=LOUD)
    # A share of each clip is of what came later: the mean of a log level goes along with it.
    share = np.clip((begins(said) / 1e9 + CLIP - turned / 1e9) / CLIP, 0, 1)
    expected = 1 / (1 + np.exp(-np.log(4) * (1 - 2 * share)))
    np.testing.assert_allclose(chances(said)[:, 0], expected, atol=0.04)
    assert share.min() == 0 and share.max() == 1


@pytest.mark.parametrize(('parameters', 'left'), [
    ({'swap_ears': True}, 0.2), ({'ear_gain_db': [-6.02, 0.0]}, 0.5)])
def test_ears_are_wired_as_the_parameters_say(listening, parameters, left):
    _, said, room = listening(**parameters)
    assert room.sound_on(lambda: said)
    assert chances(said)[0, 0] == pytest.approx(left, abs=0.02)


def broken(kind, noise):
    if kind == 'silent':
        noise[1] = 0
    elif kind == 'nan':
        noise[0, 7] = np.nan
    elif kind == 'clipped':
        return np.clip(100 * noise, -1, 1)
    elif kind == 'weak':
        noise[0] *= 0.05
    elif kind == 'same':
        noise[0] = noise[1]
    return noise


@pytest.mark.parametrize(('kind', 'words'), [
    ('silent', 'the right ear is silent'), ('nan', 'NaN'), ('clipped', 'are clipped'),
    ('weak', 'the left ear is'), ('same', 'both ears heard exactly the same')])
def test_broken_ears_are_refused_with_the_reason(listening, kind, words):
    node, said, room = listening()
    assert room.sound_on(
        lambda: node.diagnose().values['refused: ears'] >= 2,
        make=lambda: broken(kind, room.noise(FAINT, FAINT)))
    status = node.diagnose()
    assert not said and status.level == Level.WARN and words in status.message
    # They may be mended.
    assert room.sound_on(lambda: said)
    assert node.diagnose().level == Level.OK


def test_clips_with_chirps_are_left_out(bench, listening):
    node, said, room = listening()
    chirps = bench.publisher(Header, 'chirp')
    assert room.sound_on(lambda: said)
    chirp = room.end + 300_000_000
    chirps.publish(header_to_msg(chirp, 'speaker'))
    assert room.sound_on(lambda: node.diagnose().values['left out: chirp'] >= 2)
    assert 'chirp_emitter/enable std_srvs/srv/SetBool "{data: false}"' in node.diagnose().values[
        'last problem']
    assert room.sound_on(lambda: begins(said)[-1] > chirp)
    gap = (begins(said) - chirp) / 1e9
    assert ((gap < -CLIP - 0.3) | (gap > 0.3)).all()


def test_nothing_is_worked_out_for_nobody(bench, listener, monkeypatch):
    node = bench.start(
        AmbientWall, ambient_model=listener(), clip_seconds=CLIP, clip_hop=HOP)
    room, asked = Room(bench, node.now()), []
    monkeypatch.setattr(node._model, 'listen', asked.append)
    room.sound_on(lambda: False, seconds=0.8)
    assert not asked and node.diagnose().message == 'nobody subscribes to near_wall'


def test_a_network_that_fails_is_counted_and_the_next_clip_taken(listening, monkeypatch):
    node, said, room = listening()
    listen, asked = node._model.listen, []

    def fail_once(ears):
        asked.append(ears)
        if len(asked) == 1:
            raise ModelError('the network is out of order')
        return listen(ears)

    monkeypatch.setattr(node._model, 'listen', fail_once)
    assert room.sound_on(lambda: said)
    assert node.diagnose().values['failed: network'] == 1


def test_a_stream_that_ends_is_told_and_goes_on(bench, listening):
    node, said, room = listening()
    assert node.diagnose().message == 'the ears hear nothing: no stream comes in'
    assert room.sound_on(lambda: said)
    assert bench.until(lambda: node.diagnose().level == Level.WARN)
    told = len(said)
    room.frame = round(room.grid.frame_at(node.now()))
    assert room.sound_on(lambda: len(said) > told)


def test_it_can_be_stopped_and_started_again(listening):
    node, said, room = listening()
    assert room.sound_on(lambda: said)
    node.trigger_deactivate()
    said.clear()
    node.trigger_activate()
    assert room.sound_on(lambda: said), node.diagnose()


@pytest.mark.parametrize(('parameters', 'words'), [
    ({'ambient_model': 'gone.onnx'}, 'gone.onnx does not exist'),
    ({'clip_seconds': 0.2}, 'hears clips of 0.3 s at least'),
    ({'clip_seconds': 1.8}, 'raise ring_seconds'),
    ({'backend': 'portaudio', 'clip_seconds': 9.8}, 'at most 9.5 s are heard at once'),
    ({'ear_gain_db': [1.0]}, 'expected two numbers'),
    ({'backend': 'portaudio', 'input_channels': [1]}, 'expected two different channels')])
def test_what_cannot_be_heard_is_refused(bench, listener, parameters, words):
    node = bench.make(AmbientWall, **{'ambient_model': listener(), **parameters})
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in node.problem


def test_a_network_for_something_else_is_refused(bench, student):
    node = bench.make(AmbientWall, ambient_model=student())
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'does not hear ambient sound' in node.problem


def test_a_network_that_averages_both_ears_tells_no_sides(listening, listener):
    _, said, room = listening(ambient_model=listener(hear='mono'))
    assert room.sound_on(lambda: said)
    left, right = chances(said)[0]
    assert left == right
