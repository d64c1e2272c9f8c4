# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from transformers import AutoModelForDepthEstimation

from echo_depth_ros.learning.avs.disparity import DISPARITY, DisparityNet
from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.export import export
from echo_depth_ros.learning.avs.relative import open_relative
from echo_depth_ros.learning.evaluation.predictors import PredictorError
from echo_depth_ros.learning.monodepth.config import KIND as MONODEPTH
from echo_depth_ros.learning.monodepth.config import load_monodepth_config
from echo_depth_ros.learning.monodepth.network import Monodepth
from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig
from echo_depth_ros.learning.training.checkpoint import save_model

from .small import TINY, tiny
from .test_hugging_face import _config

SOME = torch.tensor([1, 4])


def _write(kind, path):
    """Write a model with fresh weights; returns what it is to be opened by."""
    torch.manual_seed(1)
    if kind == 'avs':
        save_model(path, 'avs', tiny(), {})
    elif kind == 'avs onnx':
        path = path.with_suffix('.onnx')
        export(tiny(echo_branch=False), path, 'nothing')
    elif kind == 'teacher':
        save_model(path, 'teacher_depth',
                   RgbTeacher('depth', TeacherConfig(encoder=(4, 4, 4, 6), decoder=(4, 4, 4))), {})
    elif kind == 'disparity':
        save_model(path, DISPARITY, DisparityNet(TINY), {})
    else:
        folder = path.with_suffix('')
        AutoModelForDepthEstimation.from_config(_config(kind)).save_pretrained(folder)
        return f'hf:{folder}'
    return path


@pytest.mark.parametrize(('kind', 'tells', 'metric'), [
    ('avs', 'depth', True), ('avs onnx', 'depth', True), ('teacher', 'depth', True),
    ('disparity', 'disparity', False), ('dpt', 'disparity', False),
    ('depth_anything', 'disparity', False), ('zoedepth', 'depth', True)])
def test_every_sort_of_model_says_what_it_tells(kind, tells, metric, splits, tmp_path):
    found = open_relative(_write(kind, tmp_path / 'model.pt'), threads=1)
    assert (found.kind, found.metric) == (tells, metric)
    said = found.predictor.predict(splits[1], SOME).depth
    assert said.shape == (2, 128, 128) and np.isfinite(said).all() and (said >= 0).all()


def test_self_supervised_depth_has_no_unit(splits, tmp_path):
    config = load_monodepth_config('tiny', ['network.image=[128, 128]'])
    save_model(tmp_path / 'model.pt', MONODEPTH, Monodepth(config.network), {})
    found = open_relative(tmp_path / 'model.pt')
    assert (found.kind, found.metric) == ('depth', False)
    assert (found.predictor.predict(splits[1], SOME).depth > 0).all()


def test_a_model_of_hugging_face_sees_images_as_it_was_trained(splits, tmp_path):
    name = _write('dpt', tmp_path / 'model.pt')
    found = open_relative(name)
    model = AutoModelForDepthEstimation.from_pretrained(name.removeprefix('hf:')).eval()
    rgb = torch.nn.functional.interpolate(splits[1].rgb_batch(SOME), (64, 64), mode='bilinear',
                                          antialias=True)
    with torch.no_grad():
        expected = model(pixel_values=2 * rgb - 1).predicted_depth
    said = torch.from_numpy(found.predictor.predict(splits[1], SOME).depth)
    np.testing.assert_allclose(said, torch.nn.functional.interpolate(
        expected[:, None], (128, 128), mode='bilinear', align_corners=False)[:, 0], atol=1e-6)


def test_the_kind_can_be_told(tmp_path):
    path = _write('teacher', tmp_path / 'model.pt')
    assert open_relative(path, 'disparity').kind == 'disparity'
    with pytest.raises(PredictorError, match="'inverse'; expected one of depth, disparity"):
        open_relative(path, 'inverse')


@pytest.mark.parametrize(('name', 'error', 'words'), [
    ('nothing.pt', PredictorError, 'does not exist'),
    ('hf:/nothing/there', VisualError, 'no depth model')])
def test_what_is_not_there_is_named(name, error, words):
    with pytest.raises(error, match=words):
        open_relative(name)
