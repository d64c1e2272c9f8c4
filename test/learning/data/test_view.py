# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from echo_depth_ros.learning.data import DatasetError
from echo_depth_ros.learning.data.view import field_of_view, FieldOfView


def write(root, name, camera):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(json.dumps({'camera': camera}))


@pytest.mark.parametrize('name', ['dataset.json', 'recordings.json'])
def test_the_description_says_what_the_camera_saw(tmp_path, name):
    write(tmp_path, name, {'width': 128, 'hfov_deg': 87, 'vfov_deg': 58.0})
    assert field_of_view(tmp_path) == FieldOfView(87, 58)


@pytest.mark.parametrize('camera', [{}, None])
def test_what_is_not_said_is_the_default(tmp_path, camera):
    assert field_of_view(tmp_path) == FieldOfView(90, 90)
    write(tmp_path, 'recordings.json', camera)
    assert field_of_view(tmp_path) == FieldOfView(90, 90)
    write(tmp_path, 'recordings.json', {'hfov_deg': 70})
    assert field_of_view(tmp_path) == FieldOfView(70, 90)


@pytest.mark.parametrize('camera, says', [
    ({'hfov_deg': 180}, 'hfov_deg is 180; expected degrees between 0 and 180'),
    ({'vfov_deg': '58'}, "vfov_deg is '58'"), ({'vfov_deg': None}, 'vfov_deg is None'),
    ({'hfov_deg': True}, 'hfov_deg is True'), (90, 'its camera cannot be used')])
def test_what_no_camera_has_is_named_with_its_file(tmp_path, camera, says):
    write(tmp_path, 'dataset.json', camera)
    with pytest.raises(DatasetError, match=r'dataset\.json: its camera') as caught:
        field_of_view(tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize('text', ['[', '[1]', '\x00'])
def test_a_description_that_is_none_is_named(tmp_path, text):
    (tmp_path / 'recordings.json').write_text(text)
    with pytest.raises(DatasetError, match='recordings.json'):
        field_of_view(tmp_path)


def test_locations_that_were_recorded_say_it_for_themselves(tmp_path):
    write(tmp_path, 'a/recording.json', {})
    (tmp_path / 'stray').mkdir()
    write(tmp_path, '.hidden/recording.json', {'hfov_deg': 20})
    assert field_of_view(tmp_path) == FieldOfView(90, 90)
    write(tmp_path, 'b/recording.json', {'hfov_deg': 87.0, 'vfov_deg': 58.0})
    write(tmp_path, 'c/recording.json', {'hfov_deg': 86.5, 'vfov_deg': 58.2})
    assert field_of_view(tmp_path) == FieldOfView(87, 58)
    write(tmp_path, 'd/recording.json', {'hfov_deg': 69.0, 'vfov_deg': 42.0})
    with pytest.raises(DatasetError, match='69° × 42°, that of .*one field of view'):
        field_of_view(tmp_path)


@given(st.one_of(st.floats(max_value=0), st.floats(min_value=180), st.just(float('nan'))))
def test_only_pinhole_cameras(degrees):
    with pytest.raises(DatasetError, match='hfov_deg'):
        FieldOfView(degrees, 90)
