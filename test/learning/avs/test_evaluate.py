# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import torch

from echo_depth_ros.cli import main
from echo_depth_ros.learning.avs import evaluate
from echo_depth_ros.learning.avs.evaluate import judge, scaled
from echo_depth_ros.learning.avs.figures import mean_figures
from echo_depth_ros.learning.avs.predictors import open_avs_predictor
from echo_depth_ros.learning.evaluation.predictors import Predicted, Predictor
from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig
from echo_depth_ros.learning.training.checkpoint import save_model

from .small import tiny


class Times(Predictor):
    """Knows the truth, but for a factor."""

    def __init__(self, factor):
        self.factor = factor

    def predict(self, split, indices):
        """See :class:`Predictor`."""
        return Predicted(self.factor * split.batch(indices)[1].numpy(), None,
                         np.zeros(len(indices), bool))


@pytest.mark.parametrize('scaling', ['median', 'mean_std'])
def test_scaling_takes_a_wrong_scale_away(splits, scaling):
    rows = judge({'half': Times(0.5)}, splits[1], scalings=[scaling])
    means = {name: mean_figures(images)[0] for name, images in rows.items()}
    assert means['half'].abs_rel == pytest.approx(0.5) and means['half'].delta1 == 0
    assert means[f'half, {scaling} of the truth'].abs_rel < 1e-5


def test_a_relative_model_gets_the_scale_of_another(splits):
    rows = judge({'right': Times(1.0), 'far': Times(1.5)}, splits[1], scalings=['median'],
                 relative=Times(0.01))
    means = {name: mean_figures(images)[0] for name, images in rows.items()}
    assert means['relative, no scaling'].abs_rel == pytest.approx(0.99)
    assert means['relative, median of right'].abs_rel < 1e-5
    assert means['relative, median of far'].abs_rel == pytest.approx(
        means['far'].abs_rel, rel=0.05)


def test_disparity_gets_its_scale_and_shift(splits):
    class Affine(Times):
        def predict(self, split, indices):
            depth = split.batch(indices)[1].numpy()
            return Predicted(np.where(depth > 0, 2 / np.maximum(depth, 0.1) + self.factor, 0),
                             None, np.zeros(len(indices), bool))

    rows = judge({'right': Times(1.0)}, splits[1], scalings=['median', 'least_squares'],
                 relative=Affine(0.3), kind='disparity')
    means = {name: mean_figures(images)[0] for name, images in rows.items()}
    assert means['relative, least_squares of right'].abs_rel < 1e-3
    assert means['relative, median of right'].abs_rel > 0.05
    assert means['relative, no scaling'].abs_rel > 0.3


def test_images_that_have_no_scale_between_them_are_unknown():
    depth = np.full((8, 8), 2.0, np.float32)
    assert np.isnan(scaled(depth, np.zeros((8, 8), np.float32), 'median')).all()


def test_torch_and_file_are_judged_alike(toy_data, splits, tmp_path, capsys):
    network = tiny()
    save_model(tmp_path / 'model.pt', 'avs', network, {'step': 3})
    assert main(['export-avs', str(tmp_path / 'model.pt'), str(tmp_path / 'm.onnx'), '--data',
                 str(toy_data)]) == 0
    assert 'step 3' in capsys.readouterr().out
    indices = torch.tensor([3, 5])
    said, same = (open_avs_predictor(tmp_path / name, threads=1).predict(splits[1], indices).depth
                  for name in ('model.pt', 'm.onnx'))
    assert said.shape == same.shape == (2, 128, 128)
    with torch.no_grad():
        rgb, windows = splits[1].rgb_batch(indices), splits[1].batch(indices)[0]
        np.testing.assert_allclose(said, network(rgb, windows), rtol=1e-4)
    # Pillow rounds the pixels of an image that it makes smaller, torch does not.
    np.testing.assert_allclose(same, said, rtol=1e-2)


def test_the_command_prints_and_writes_all_seven_figures(toy_data, tmp_path, capsys):
    network = tiny()
    save_model(tmp_path / 'model.pt', 'avs', network, {})
    teacher = RgbTeacher('depth', TeacherConfig(encoder=(4, 4, 4, 6), decoder=(4, 4, 4)))
    save_model(tmp_path / 'teacher.pt', 'teacher_depth', teacher, {})
    out = tmp_path / 'figures.json'
    assert main(['evaluate-avs', f'ours={tmp_path / "model.pt"}', str(toy_data), '--limit', '6',
                 '--threads', '1',
                 '--relative', str(tmp_path / 'teacher.pt'), '--json', str(out), '--scaling',
                 'median', 'mean_std']) == 0
    text = capsys.readouterr().out
    assert all(head in text for head in ('Abs Rel', 'Sq Rel', 'RMSE log', 'δ3'))
    rows = json.loads(out.read_text())['rows']
    assert list(rows) == ['relative, no scaling', 'ours', 'relative, median of ours',
                          'relative, mean_std of ours']
    assert rows['ours'].keys() == {'images', *evaluate.AvsFigures._fields}
    assert rows['ours']['images'] == 6 and np.isfinite(rows['ours']['rmse_log'])


@pytest.mark.parametrize(('more', 'word'), [
    (['--threads', '0'], '--threads is 0'), (['--relative', 'x.pt'], 'needs --scaling'),
    ([], 'does not exist')])
def test_what_cannot_be_judged_is_named(toy_data, more, word, capsys):
    assert main(['evaluate-avs', 'nothing.pt', str(toy_data), *more]) == 1
    assert word in capsys.readouterr().err
