# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.judge import judge
from echo_depth_ros.learning.evaluation.predictors import Predicted, Predictor, PredictorError
from echo_depth_ros.learning.evaluation.report import breakdown_tables, to_dict


class Scripted(Predictor):
    """Answer with the truth times ``factors``, one for each sample; NaN refuses."""

    def __init__(self, factors, confidence=None, size=8):
        self.factors, self.confidence = np.asarray(factors, np.float32), confidence
        self.size = size

    def predict(self, split, indices):
        factor = self.factors[indices.numpy()]
        depth = split.batch(indices)[1].numpy()[:, :self.size] * factor[:, None, None]
        sure = None if self.confidence is None else np.full_like(depth, self.confidence)
        return Predicted(depth, sure, np.isnan(factor))


@pytest.fixture
def split():
    depth = torch.full((6, 8, 8), 2000, dtype=torch.int16)
    depth[3:5] = 6000
    depth[5] = 0
    return EchoSplit(torch.zeros(6, 2, 3197, dtype=torch.int16), depth,
                     shapes=['box', 'box', 'box', 'hall', 'hall', 'hall'])


def test_means_rooms_and_distances(split):
    result = judge({'one': Scripted([1, 1.1, 1.2, 1.3, 1.4, 1])}, split, batch=4, progress=False)
    assert (result.images, result.empty.sum(), result.refused.sum()) == (5, 1, 0)
    assert result.models['one'].mean().rel == pytest.approx(0.2, abs=1e-4)
    rooms = result.by_room('one')
    assert {name: count for name, (count, _) in rooms.items()} == {'box': 3, 'hall': 2}
    assert rooms['hall'][1].rel == pytest.approx(0.35, abs=1e-4)
    rows = result.models['one'].distances.rows()
    assert rows[1].share == pytest.approx(0.6) and rows[4].rel == pytest.approx(0.35, abs=1e-4)
    assert result.baselines == {} and result.ranges == []
    assert 'hall (2)' in breakdown_tables(result, 'one')


def test_what_one_model_refuses_counts_for_none(split):
    result = judge({'careful': Scripted([1, np.nan, 1, 1, 1, 1]),
                    'bold': Scripted([1, 9, 1, 1, 1, 1], confidence=0.75)}, split, progress=False)
    assert result.images == 4 and result.refused.tolist() == [False, True] + [False] * 4
    assert result.models['bold'].mean().rel == pytest.approx(0)
    assert np.isnan(result.models['bold'].rel[1])
    assert result.models['careful'].reliability is None
    assert result.models['bold'].reliability.calibration_error() == pytest.approx(0.25)


def test_the_protocol_is_followed(split):
    split.depth[3:5] = 12000
    models = {'one': Scripted([1, 1, 1, 0.5, 0.5, 1])}
    assert judge(models, split, progress=False).models['one'].mean().rel == pytest.approx(0.2)
    result = judge(models, split, protocol='avsnet', progress=False)
    assert result.models['one'].mean().rel == 0
    assert result.models['one'].distances.rows()[-1].share == 0


def test_an_image_without_truth_that_counts_is_counted_as_empty(split):
    split.depth[3] = 12000
    models = {'one': Scripted([1, 1, 1, 2, 1, 1])}
    assert judge(models, split, progress=False).empty.sum() == 1
    result = judge(models, split, protocol='avsnet', progress=False)
    assert result.empty.tolist() == [False] * 3 + [True, False, True] and result.images == 4
    split.depth[:] = 12000
    with pytest.raises(PredictorError, match='none of the 6 images .* under avsnet'):
        judge(models, split, protocol='avsnet', progress=False)


def test_errors_say_what_is_wrong(split):
    with pytest.raises(PredictorError, match='odd answers with images of 4×8 pixels, and the '
                                             'truth has 8×8'):
        judge({'odd': Scripted(np.ones(6), size=4)}, split, progress=False)
    with pytest.raises(PredictorError, match='refused all 6 windows'):
        judge({'deaf': Scripted(np.full(6, np.nan))}, split, progress=False)
    split.depth[:] = 0
    with pytest.raises(PredictorError, match='none of the 6 images has one pixel of true depth'):
        judge({'blind': Scripted(np.ones(6))}, split, progress=False)


def test_json_has_plain_types_only(split):
    result = judge({'one': Scripted(np.ones(6))}, split, progress=False)
    values = to_dict(result)
    assert values['models']['one']['distances'][0]['rel'] is None
    assert values['models']['one']['confidence'] is None
    assert values['images'] == 5
