# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What launch/metric_scale.launch.py starts, and the profiles of relative-depth networks.

Launching needs launch and launch_ros, which are not on PyPI; without them most is skipped. The
profiles are held against the node's parameters in any case.
"""

import pytest
import yaml

from echo_depth_ros.perception.relative_profile import load_relative_profile

from .launching import load, parameters_of, ROOT, started, values_for_all

PROFILES = sorted((ROOT / 'config' / 'relative_depth').glob('*.yaml'))
DEFAULTS = values_for_all(ROOT / 'config' / 'echo_depth.yaml')

pytestmark = pytest.mark.usefixtures('folder_for_parameters')


@pytest.fixture(scope='module')
def metric():
    return load('metric_scale')


def remappings(nodes, name='depth_scale'):
    return dict(nodes[name].expanded_remapping_rules)


# ---- config/relative_depth ----------------------------------------------------------------------

@pytest.mark.parametrize('path', PROFILES, ids=lambda path: path.stem)
def test_a_profile_is_read_and_says_where_it_is_from(path):
    profile = load_relative_profile(path)
    assert profile.parameters().keys() <= DEFAULTS.keys()
    assert profile.topic.startswith('/') and profile.camera_info.startswith('/')
    text = path.read_text(encoding='utf-8')
    assert text.startswith(f'# profile:={path.stem}: ') and 'Read in its source' in text
    # What is stretched in each image has a shift, whatever it holds.
    if 'stretches' in text:
        assert profile.scaling != 'median'


def test_no_profile_takes_a_topic_of_ours():
    ours = {'/depth/image', '/depth/camera_info', '/depth/confidence', '/metric_depth'}
    for path in PROFILES:
        assert not ours & set(yaml.safe_load(path.read_text(encoding='utf-8')).values()), path


# ---- what is started ----------------------------------------------------------------------------

def test_simulation_needs_no_network(metric):
    nodes, messages = started(metric)
    assert {'depth_scale', 'chirp_emitter', 'binaural_capture', 'depth_inference',
            'room_simulator'} <= nodes.keys()
    assert remappings(nodes) == {
        'relative_depth': 'camera/depth/image_raw',
        'relative_depth/camera_info': 'camera/depth/camera_info'}
    assert any('camera/depth/image_raw becomes metric_depth' in each for each in messages)


def test_behind_a_network_of_ones_own(metric):
    nodes, _ = started(
        metric, sim='false', with_echo='false', relative_depth='/eye/disparity',
        relative_kind='disparity', scaling='least_squares', metric_source='echo',
        namespace='robot_1')
    assert nodes.keys() == {'depth_scale'}
    assert remappings(nodes) == {'relative_depth': '/eye/disparity',
                                 'relative_depth/camera_info': '/eye/camera_info'}
    given = parameters_of(nodes['depth_scale'])
    assert (given['relative_kind'], given['scaling'], given['metric_source']) == (
        'disparity', 'least_squares', 'echo')
    assert nodes['depth_scale'].node_name == '/robot_1/depth_scale'


def test_a_profile_and_a_camera(metric):
    nodes, _ = started(metric, sim='false', camera='realsense', profile='depth_anything_v1',
                       scaling='mean_std', avs_model='mine.onnx')
    given = parameters_of(nodes['depth_scale'])
    assert (given['relative_kind'], given['scaling'], given['avs_model']) == (
        'disparity', 'mean_std', 'mine.onnx')
    names = remappings(nodes)
    assert names['relative_depth'] == '/depth_anything/depth_image'
    assert names['camera/color/image_raw'] == '/camera/camera/color/image_raw'
    assert 'camera/depth/image_raw' not in names
    assert remappings(nodes, 'binaural_capture')['camera/color/image_raw'] == \
        '/camera/camera/color/image_raw'
    assert parameters_of(nodes['chirp_emitter'])['backend'] == 'portaudio'


def test_a_topic_counts_more_than_that_of_the_profile(metric):
    nodes, _ = started(metric, profile='zoedepth', relative_depth='/other')
    assert remappings(nodes)['relative_depth'] == '/other'
    assert remappings(nodes)['relative_depth/camera_info'] == '/camera_info'


def test_a_profile_of_the_users_own(metric, tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text('topic: /a/b\nrelative_kind: disparity\n', encoding='utf-8')
    nodes, _ = started(metric, profile=str(path))
    assert remappings(nodes)['relative_depth/camera_info'] == '/a/camera_info'
    assert parameters_of(nodes['depth_scale'])['relative_kind'] == 'disparity'


@pytest.mark.parametrize(('arguments', 'words'), [
    ({'sim': 'false'}, 'relative_depth and profile are empty; expected the topic'),
    ({'profile': 'midass'}, 'expected one of .*midas, .*or the path'),
    ({'profile': '/nowhere.yaml'}, 'cannot be read')])
def test_what_is_missing_is_named(metric, arguments, words):
    with pytest.raises(ValueError, match=words):
        started(metric, **arguments)


def test_every_profile_is_an_argument(metric):
    arguments = {argument.name: argument for argument in metric.ARGUMENTS}
    assert set(metric.PROFILES) == {path.stem for path in PROFILES}
    assert all(path.stem in arguments['profile'].description for path in PROFILES)
    assert all(argument.description for argument in arguments.values())
    assert 'scale' not in arguments
