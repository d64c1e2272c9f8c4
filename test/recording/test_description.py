# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from echo_depth_ros.recording.description import camera_of, Description, read
from echo_depth_ros.recording.errors import RecorderError
from echo_depth_ros.vision.camera import CameraModel

from .small import camera_info


@given(st.floats(20, 150), st.floats(20, 150), st.integers(8, 2000), st.integers(8, 2000))
def test_the_field_of_view_is_that_of_the_intrinsics(hfov, vfov, width, height):
    model = CameraModel(width, height, hfov, vfov)
    camera = camera_of(camera_info(width, height, model.fx, model.fy), 'topic')
    assert camera['hfov_deg'] == pytest.approx(hfov, abs=1e-3)
    assert camera['vfov_deg'] == pytest.approx(vfov, abs=1e-3)
    assert camera['k'] == model.k.ravel().tolist()


@pytest.mark.parametrize('changes', [{'fx': 0.0}, {'fy': math.nan}, {'width': 0}])
def test_a_camera_that_is_not_calibrated_says_nothing(changes):
    assert camera_of(camera_info(**changes)) == {}


@pytest.mark.parametrize('text', [
    '', '[]', '{', '{"camera": 3}', '{"camera": {"hfov_deg": "wide"}}', '{"frames": null}',
    '{"sources": "x"}', '{"calibrations": [{}]}', '{"calibrations": [3]}'])
def test_a_broken_description_is_named(tmp_path, text):
    assert read(tmp_path) is None
    Description().go_on(tmp_path)
    (tmp_path / 'recording.json').write_text(text)
    with pytest.raises(RecorderError, match=r'recording\.json'):
        read(tmp_path)
