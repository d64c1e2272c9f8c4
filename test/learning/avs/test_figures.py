# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from echo_depth_ros.learning.avs.figures import avs_figures, mean_figures, NOTHING
from echo_depth_ros.perception.metrics import depth_figures


def test_by_hand():
    found = avs_figures(np.array([[2.0, 3.0, 5.0]]), np.array([[2.0, 4.0, 0.0]]))
    assert found.abs_rel == pytest.approx(0.125) and found.sq_rel == pytest.approx(0.125)
    assert found.rmse == pytest.approx(math.sqrt(0.5))
    assert found.rmse_log == pytest.approx(math.log(4 / 3) / math.sqrt(2))
    assert (found.delta1, found.delta2, found.delta3) == (0.5, 1, 1) and found.coverage == 1


@pytest.mark.parametrize('protocol', ['avsnet', 'batvision'])
def test_what_both_know_is_as_the_package_has_it(protocol):
    chance = np.random.default_rng(0)
    predicted, truth = chance.uniform(0.1, 14, (2, 20, 20))
    predicted[0], truth[1] = np.nan, 0
    one = avs_figures(predicted, truth, 12, protocol)
    other = depth_figures(predicted, truth, 12, protocol)
    for here, there in (('abs_rel', 'rel'), ('rmse', 'rmse'), ('delta1', 'delta1'),
                        ('delta2', 'delta2'), ('delta3', 'delta3'), ('coverage', 'coverage')):
        assert getattr(one, here) == pytest.approx(getattr(other, there))


def test_images_with_nothing_to_compare_do_not_count():
    far, good = np.full((2, 2), 12.0), np.full((2, 2), 3.0)
    assert avs_figures(good, far) is NOTHING
    silent = avs_figures(np.full((2, 2), np.nan), good)
    assert np.isnan(silent.abs_rel) and silent.coverage == 0
    mean, count = mean_figures([NOTHING, silent, avs_figures(good, good),
                                avs_figures(good * 2, good)])
    assert count == 2 and mean.abs_rel == pytest.approx(0.5) and mean.delta3 == 0.5
    assert mean.coverage == pytest.approx(2 / 3)
    assert mean_figures([NOTHING]) == (NOTHING, 0)


def test_shapes_that_differ_are_named():
    with pytest.raises(ValueError, match='expected the same'):
        avs_figures(np.ones((2, 2)), np.ones((2, 3)))
