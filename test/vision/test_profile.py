# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from echo_depth_ros.vision.errors import ProfileError
from echo_depth_ros.vision.profile import CameraTopics, load_profile

PROFILES = Path(__file__).parents[2] / 'config' / 'cameras'


@pytest.mark.parametrize(('name', 'depth', 'info'), [
    ('realsense_ros', '/camera/camera/aligned_depth_to_color/image_raw',
     '/camera/camera/aligned_depth_to_color/camera_info'),
    ('zed', '/zed/zed_node/depth/depth_registered', '/zed/zed_node/depth/camera_info'),
])
def test_profiles_that_come_along(name, depth, info):
    topics = load_profile(PROFILES / f'{name}.yaml')
    assert (topics.depth, topics.depth_info) == (depth, info)
    assert dict(topics.remappings())['camera/depth/image_raw'] == depth
    # What they say of camera_info is what they would be taken to mean.
    assert topics == CameraTopics(topics.color, topics.depth)


def test_camera_info_is_beside_the_image_where_nothing_is_said():
    topics = CameraTopics('/eye/left/image', 'depth')
    assert topics.color_info == '/eye/left/camera_info' and topics.depth_info == 'camera_info'


@pytest.mark.parametrize(('text', 'words'), [
    ('', 'holds no names'),
    ('color: /a', 'lacks depth'),
    ('color: /a\ndepth: /b\nrgb: /c', 'has rgb'),
    ('color: /a b\ndepth: /b', "color is '/a b'"),
    ('color: 3\ndepth: /b', 'color is 3'),
    ('color: [', 'is no YAML'),
])
def test_what_is_no_profile_is_refused(tmp_path, text, words):
    path = tmp_path / 'camera.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ProfileError, match=words):
        load_profile(path)


def test_a_missing_profile_is_named(tmp_path):
    with pytest.raises(ProfileError, match='mine.yaml cannot be read: No such file'):
        load_profile(tmp_path / 'mine.yaml')
