# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import pytest

from echo_depth_ros.perception.relative_profile import load_relative_profile
from echo_depth_ros.vision.errors import ProfileError


def test_what_is_left_out_is_filled_in(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text('topic: /net/depth\n', encoding='utf-8')
    profile = load_relative_profile(path)
    assert profile.remappings() == [
        ('relative_depth', '/net/depth'), ('relative_depth/camera_info', '/net/camera_info')]
    assert profile.parameters() == {'relative_kind': 'depth', 'scaling': 'median'}


@pytest.mark.parametrize(('text', 'words'), [
    ('topic: /a\nrelative_kind: inverse\n', "mine.yaml: relative_kind is 'inverse'; expected one"),
    ('topic: /a\nscaling: mode\n', "scaling is 'mode'; expected one of median"),
    ('topic: a b\n', "topic is 'a b'; expected the name of a topic"),
    ('topic: 5\n', 'topic is 5; expected the name'),
    ('kind: depth\n', 'lacks topic and has kind; expected topic, and perhaps camera_info, '),
    ('- /a\n', 'holds no names'), ('topic: [', 'is no YAML')])
def test_what_is_wrong_is_named(tmp_path, text, words):
    path = tmp_path / 'mine.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ProfileError, match=words):
        load_relative_profile(path)
