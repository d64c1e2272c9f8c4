# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.learning.data import EchoSplit, open_split
from echo_depth_ros.learning.evaluation.predictors import open_predictor, PredictorError
from echo_depth_ros.learning.evaluation.sheet import choose, draw_sheet


def test_shows_the_best_the_middle_and_the_worst():
    rel = np.array([0.5, np.nan, 0.1, 0.4, 0.2, 0.3, 0.9])
    assert choose(rel, 1) == [('best', 2), ('median', 5), ('worst', 6)]


def test_nothing_to_draw_is_explained(checkpoint, toy_data, tmp_path):
    split = open_split(toy_data, 'test', limit=3, progress=False)
    with pytest.raises(PredictorError, match='answered none of the 3 images; expected'):
        draw_sheet(tmp_path / 'sheet.png', open_predictor(checkpoint), split, np.full(3, np.nan))


def test_draws_with_and_without_colour(checkpoint, toy_data, tmp_path):
    split = open_split(toy_data, 'test', limit=3, progress=False)
    blind = EchoSplit(split.waveform, split.depth)
    for name, data in (('colour', split), ('grey', blind)):
        path = tmp_path / name / 'sheet.png'
        draw_sheet(path, open_predictor(checkpoint), data, np.array([0.1, np.nan, 0.2]))
        assert path.read_bytes().startswith(b'\x89PNG')
