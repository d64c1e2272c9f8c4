# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the demo's observer makes of images that reach it in whatever order."""

import numpy as np
import pytest
from sensor_msgs.msg import Image

from echo_depth_ros.nodes.conversions import image_to_msg
from echo_depth_ros.nodes.demo_observer import DemoObserver

STAMP = 1_700_000_000_000_000_123
TRUTH = np.full((16, 16), 2.0, np.float32)
SURE = np.full((16, 16), 0.8, np.float32)
COLOUR = np.zeros((16, 16, 3), np.uint8)
IMAGES = {'/binaural/depth': TRUTH, '/binaural/rgb': COLOUR, '/depth/confidence': SURE,
          '/depth/image': TRUTH * np.float32(1.1)}


@pytest.fixture
def observer(bench):
    node = DemoObserver()
    node.journey.seconds = 1e-9  # so that every window is a moment worth keeping
    bench.executor.add_node(node)
    yield node
    bench.executor.remove_node(node)
    node.destroy_node()


def show(bench, topics):
    for topic in topics:
        bench.publisher(Image, topic).publish(image_to_msg(IMAGES[topic], STAMP, 'optical'))
        bench.spin(0.05)


def test_confidence_is_kept_with_its_depth(bench, observer):
    show(bench, IMAGES)
    assert bench.until(lambda: observer.journey.kept)
    np.testing.assert_array_equal(observer.journey.kept[0].confidence, SURE)
    assert observer.rel == pytest.approx(0.1, abs=1e-6)


def test_model_without_confidence_is_scored_all_the_same(bench, observer, tmp_path):
    show(bench, [topic for topic in IMAGES if topic != '/depth/confidence'])
    assert bench.until(lambda: observer.journey.kept)
    assert observer.journey.kept[0].confidence is None
    observer.journey.draw(tmp_path / 'a.png', 'title')


def test_confidence_that_comes_too_late_does_not_pile_up(bench, observer):
    show(bench, ['/binaural/depth', '/binaural/rgb', '/depth/image', '/depth/confidence'])
    assert observer.journey.figures.images == 1
    assert observer.journey.kept[0].confidence is None
    assert len(observer._waiting['confidence']) == 1  # at most 20, as of all images
