# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.nodes.chirp_emitter import ChirpEmitter
from echo_depth_ros.nodes.conversions import recording_from_msg, stamp_from_msg

FS = 44100


def frames(messages):
    return [stamp_from_msg(m.stamp) * FS / 1e9 for m in messages]


def test_chirps_are_exactly_one_period_apart(bench):
    chirps = bench.collect(Header, 'chirp')
    sounds = bench.collect(Image, 'air/speaker')
    bench.start(ChirpEmitter, soft_start=0.0)
    assert bench.until(lambda: len(chirps) >= 6 and len(sounds) >= 6)
    np.testing.assert_allclose(np.diff(frames(chirps)), 3219, atol=0.6)
    stamps = [stamp_from_msg(chirp.stamp) for chirp in chirps]
    assert all(stamp_from_msg(s.header.stamp) in stamps for s in sounds[:5])
    np.testing.assert_array_equal(
        recording_from_msg(sounds[0], channels=1)[0], linear_chirp(PingFormat()))
    assert chirps[0].frame_id == 'speaker'


def test_a_chirp_is_announced_before_it_is_heard(bench):
    chirps = bench.collect(Header, 'chirp')
    emitter = bench.start(ChirpEmitter, output_latency=0.5)
    assert bench.until(lambda: chirps)
    assert stamp_from_msg(chirps[-1].stamp) > emitter.now() + 0.3e9


def test_pinging_begins_softly(bench):
    sounds = bench.collect(Image, 'air/speaker')
    bench.start(ChirpEmitter, soft_start=60.0)
    assert bench.until(lambda: len(sounds) >= 8)
    peaks = [np.abs(recording_from_msg(m, channels=1)).max() for m in sounds]
    assert peaks[0] < 0.06 and np.all(np.diff(peaks) > 0)


def test_single_pings_on_request(bench):
    chirps = bench.collect(Header, 'chirp')
    emitter = bench.start(ChirpEmitter, enabled=False)
    assert bench.matched(emitter, 'chirp')
    alone = bench.call(Trigger, 'chirp_emitter/emit', Trigger.Request())
    assert not alone.success and 'no room hears the speaker' in alone.message
    bench.collect(Image, 'air/speaker')
    assert bench.matched(emitter, 'air/speaker')
    for number in (1, 2):
        answer = bench.call(Trigger, 'chirp_emitter/emit', Trigger.Request())
        assert answer.success and 'chirp at' in answer.message
        assert bench.until(lambda number=number: len(chirps) == number)
    assert np.diff(frames(chirps))[0] > 3218  # never into the window of the one before
    bench.spin(0.2)
    assert len(chirps) == 2


def test_pinging_is_switched_on_and_off(bench):
    chirps = bench.collect(Header, 'chirp')
    emitter = bench.start(ChirpEmitter, enabled=False)
    assert bench.matched(emitter, 'chirp')
    assert bench.call(SetBool, 'chirp_emitter/enable', SetBool.Request(data=True)).success
    assert bench.until(lambda: len(chirps) >= 3)
    refused = bench.call(Trigger, 'chirp_emitter/emit', Trigger.Request())
    assert not refused.success and 'pinging already' in refused.message
    assert bench.call(SetBool, 'chirp_emitter/enable', SetBool.Request(data=False)).success
    bench.spin(0.05)
    before = len(chirps)
    bench.spin(0.2)
    assert len(chirps) == before


def test_services_of_an_inactive_node_say_so(bench):
    bench.make(ChirpEmitter)
    assert 'not active' in bench.call(
        Trigger, 'chirp_emitter/emit', Trigger.Request()).message
    assert not bench.call(
        SetBool, 'chirp_emitter/enable', SetBool.Request(data=True)).success


@pytest.mark.parametrize('parameters,words', [
    ({'amplitude': 0.8}, 'max_level allows 0.5'),
    ({'ping_rate': 20.0}, 'choose at most 13.79 Hz'),
    ({'chirp_end_hz': 30000.0}, 'lower chirp_end_hz or raise sample_rate'),
    ({'window': 256, 'direct_index': 200}, 'ends inside the chirp')])
def test_what_cannot_be_played_is_refused(bench, parameters, words):
    emitter = bench.make(ChirpEmitter, **parameters)
    emitter.trigger_configure()
    assert words in emitter.problem
