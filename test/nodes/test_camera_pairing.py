# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pairing of images with windows over real DDS; who is nearest is tested in vision."""

from threading import Thread

import numpy as np
import pytest
from sensor_msgs.msg import Image

from echo_depth_ros.nodes.camera_pairing import CameraPairing
from echo_depth_ros.nodes.conversions import image_from_msg, image_to_msg, stamp_from_msg
from echo_depth_ros.nodes.managed import ManagedNode

MS = 10**6
SECOND = 10**9


class Host(ManagedNode):
    """A node that has windows and nothing else."""

    def __init__(self, **kwargs):
        super().__init__('host', **kwargs)
        self.said = []
        self.cameras = CameraPairing(self, 50 * MS)

    def get_logger(self):
        """Hear what is said."""
        host = self

        class Ear:
            def warning(self, text, **kwargs):
                host.said.append(text)

            info = error = debug = warning
        return Ear()

    def deactivate(self):
        """Let go of the cameras."""
        self.cameras.close()


@pytest.fixture
def host(bench):
    """Start the host, with somebody who wants its depth images."""
    depths = bench.collect(Image, 'binaural/depth')
    node = bench.start(Host)
    assert bench.matched(node, 'binaural/depth')
    node.cameras.update()
    return node, depths


def depth_image(stamp, metres=1.0, kind=np.float32):
    return image_to_msg(np.full((2, 3), metres, kind), stamp, 'camera')


def test_an_image_that_comes_after_its_window_is_published_with_it(bench, host):
    node, depths = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    window = node.now() - 60 * MS
    camera.publish(depth_image(window - 25 * MS, 1.0))
    bench.spin(0.05)
    # As the capture does: from a thread that must not be held up.
    thread = Thread(target=node.cameras.publish, args=(window,))
    thread.start()
    thread.join(1.0)
    assert not thread.is_alive() and not depths
    camera.publish(depth_image(window + 8 * MS, 2.0))
    assert bench.until(lambda: depths, 3.0)
    assert stamp_from_msg(depths[0].header.stamp) == window
    assert image_from_msg(depths[0])[0, 0] == 2.0
    cameras = node.cameras
    assert (cameras.published, cameras.unpaired, cameras.late, cameras.jumps) == (1, 0, 0, 0)
    assert cameras.offset_ms == pytest.approx(8)
    assert cameras.report() == {
        'camera images paired': 1, 'camera images missing': 0, 'camera images late': 0,
        'camera clock jumps': 0, 'depth offset ms': pytest.approx(8)}


def test_the_wait_ends_by_itself_and_what_comes_then_is_late(bench, host):
    node, depths = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    window = node.now() - 60 * MS
    camera.publish(depth_image(window - 25 * MS, 1.0))
    bench.spin(0.05)
    node.cameras.publish(window)
    assert bench.until(lambda: depths, 3.0)
    assert image_from_msg(depths[0])[0, 0] == 1.0
    camera.publish(depth_image(window + 1 * MS, 2.0))
    assert bench.until(lambda: node.cameras.late == 1, 3.0)
    assert len(depths) == 1


@pytest.mark.parametrize(('kind', 'value', 'encoding'), [
    (np.uint16, 2500, '16UC1'), (np.float32, 2.5, '32FC1')])
def test_depth_is_passed_on_as_it_came(bench, host, kind, value, encoding):
    node, depths = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    window = node.now()
    sent = depth_image(window, value, kind)
    camera.publish(sent)
    bench.spin(0.05)
    node.cameras.publish(window)
    assert bench.until(lambda: depths, 3.0)
    assert depths[0] == sent and depths[0].encoding == encoding


def test_one_image_may_go_with_two_windows(bench, host):
    node, depths = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    window = node.now()
    camera.publish(depth_image(window + 20 * MS))
    bench.spin(0.05)
    node.cameras.publish(window)
    node.cameras.publish(window + 15 * MS)
    assert bench.until(lambda: len(depths) == 2, 3.0)
    assert [stamp_from_msg(d.header.stamp) for d in depths] == [window, window + 15 * MS]


def warned(bench, node, word):
    """Return what was said with a word in it, once it was."""
    def found():
        node.cameras.update()
        return [text for text in node.said if word in text]
    bench.until(found, 3.0)
    for _ in range(3):
        node.cameras.update()
    return found()


def stream(bench, node, camera, frames, offset):
    """Send images whose stamps are off by so much, each with a window."""
    for _ in range(frames):
        now = node.now()
        camera.publish(depth_image(now + offset))
        bench.spin(0.03)
        node.cameras.publish(now)


def test_stamps_of_another_clock_are_told_once_with_what_to_do(bench, host):
    node, depths = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    stream(bench, node, camera, 6, -1000 * SECOND)
    lines = warned(bench, node, 'behind')
    assert len(lines) == 1
    assert f'{bench.namespace}/camera/depth/image_raw: images are stamped 1000.0' in lines[0]
    assert 'use_sim_time' in lines[0]
    assert not depths and node.cameras.offset_ms == pytest.approx(-1e6, rel=1e-3)


def test_a_clock_that_is_set_is_told_and_pairing_goes_on(bench, host):
    node, depths = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    stream(bench, node, camera, 6, -900 * MS)
    stream(bench, node, camera, 14, -10 * MS)
    lines = warned(bench, node, 'jumped')
    assert len(lines) == 1 and 'jumped 0.8' in lines[0] and 'forward' in lines[0]
    assert node.cameras.jumps == 1
    before = len(depths)
    stream(bench, node, camera, 3, -10 * MS)
    assert bench.until(lambda: len(depths) >= before + 3, 3.0)


def test_images_that_are_never_near_enough_are_told_with_their_offset(bench, host):
    node, _ = host
    camera = bench.publisher(Image, 'camera/depth/image_raw')
    node.cameras.set_tolerance(5 * MS)
    node.cameras.set_wait(0.0)
    stream(bench, node, camera, 14, -150 * MS)
    lines = warned(bench, node, 'sync_tolerance')
    assert len(lines) == 1
    assert 'sync_tolerance allows 5 ms' in lines[0] and '-1' in lines[0]


def test_a_camera_that_nobody_publishes_is_told(bench, host):
    node, _ = host
    node.cameras.set_wait(0.0)
    for _ in range(45):
        node.cameras.publish(node.now())
    lines = warned(bench, node, 'nobody publishes')
    assert len(lines) == 1 and 'binaural' not in lines[0], node.said
    assert node.cameras.unpaired == 45


def test_nobody_who_wants_images_costs_nothing(bench):
    node = bench.start(Host)
    camera = bench.node.create_publisher(Image, 'camera/depth/image_raw', 1)
    node.cameras.update()
    node.cameras.publish(node.now())
    bench.spin(0.1)
    assert camera.get_subscription_count() == 0
    assert not node.cameras.wanted and node.cameras.unpaired == 0


def test_the_camera_is_let_go_when_the_last_one_leaves(bench):
    listener = bench.node.create_subscription(Image, 'binaural/depth', lambda msg: None, 5)
    node = bench.start(Host)
    assert bench.matched(node, 'binaural/depth')
    camera = bench.node.create_publisher(Image, 'camera/depth/image_raw', 1)

    def subscribed():
        node.cameras.update()
        return camera.get_subscription_count() > 0
    assert bench.until(subscribed)
    timers = len(list(node.timers))
    bench.node.destroy_subscription(listener)
    assert bench.until(lambda: not subscribed())
    assert len(list(node.timers)) == timers - 1
