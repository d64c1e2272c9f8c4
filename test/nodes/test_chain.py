# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All nodes together, from the chirp to the depth image, over real DDS."""

import numpy as np
import pytest
from sensor_msgs.msg import Image, Range
from std_msgs.msg import Header

from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.nodes.binaural_capture import BinauralCapture
from echo_depth_ros.nodes.chirp_emitter import ChirpEmitter
from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.depth_inference import DepthInference

pytest.importorskip('mujoco', reason='the simulator needs echo_depth_ros[sim]')

from echo_depth_ros.nodes.room_simulator import RoomSimulator
from echo_depth_ros.sim.world import box_room

FMT = PingFormat()


def test_a_chirp_becomes_a_depth_image_with_its_windows_stamp(bench, student, tmp_path):
    path = tmp_path / 'room.json'
    path.write_text(box_room(5.0, 4.0, 2.5, 'plaster').to_json(), encoding='utf-8')
    topics = {'chirp': Header, 'binaural': Image, 'depth/image': Image, 'range': Range,
              'depth/confidence': Image,
              'camera/depth/image_raw': Image, 'binaural/depth': Image}
    heard = {topic: bench.collect(kind, topic) for topic, kind in topics.items()}
    bench.start(RoomSimulator, room=str(path), drive='still', lead=0.08, ahead=0.3)
    bench.start(BinauralCapture)
    bench.start(DepthInference, model=student(confidence=np.full((128, 128), 0.5)), threads=1)
    bench.start(ChirpEmitter, ping_rate=8.0, output_latency=0.3)
    assert bench.until(lambda: len(heard['depth/image']) >= 5 and heard['binaural/depth'])

    def stamps(topic):
        return [stamp_from_msg(getattr(m, 'header', m).stamp) for m in heard[topic]]

    windows = stamps('binaural')
    assert set(stamps('depth/image')) <= set(windows)
    assert set(stamps('depth/confidence')) <= set(windows)
    assert set(stamps('range')) <= set(windows)
    assert set(stamps('binaural/depth')) <= set(windows)
    travel = FMT.direct_distance / SPEED_OF_SOUND - FMT.direct_index / FMT.sample_rate
    chirps = np.array(stamps('chirp'))
    # Each window begins where its chirp's direct sound says, to the sample.
    for stamp in windows:
        assert np.abs(chirps + travel * 1e9 - stamp).min() < 2.5e9 / FMT.sample_rate
    # The camera looks ahead only, while the first echo may come from anywhere.
    nearest = depth_from_msg(heard['camera/depth/image_raw'][0]).min()
    assert 0.3 < heard['range'][-1].range < nearest + 0.6
    np.testing.assert_array_equal(depth_from_msg(heard['depth/image'][0]), np.full(
        (128, 128), 3.0))
    np.testing.assert_array_equal(image_from_msg(heard['depth/confidence'][0]), np.full(
        (128, 128), 0.5))
