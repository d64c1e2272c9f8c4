# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

import numpy as np
import pytest

from echo_depth_ros.perception.metric_sources import Metric, MetricSources, ratio_of
from echo_depth_ros.vision.camera import CameraModel


def metric(source, metres=4.0, size=8, fov=90.0):
    return Metric(np.full((size, size), metres, np.float32),
                  CameraModel(size, size, fov, fov).k, source)


AVS, ECHO = metric('avs_net', 4.4), metric('echo')
FAR = metric('avs_net', 12.0)


def test_echoes_count_where_nothing_else_is_expected():
    sources = MetricSources()
    assert sources.echo(1, ECHO) is ECHO
    assert sources.nearest(3, 5).item is ECHO and sources.newest == 1


@pytest.mark.parametrize('echo_first', [True, False])
def test_the_network_counts_whichever_comes_first(echo_first):
    sources = MetricSources()
    sources.expect(1)
    if echo_first:
        assert sources.echo(1, ECHO) is None and sources.newest is None
        assert sources.avs(1, AVS) is AVS
    else:
        assert sources.avs(1, AVS) is AVS
        assert sources.echo(1, ECHO) is None
    assert sources.nearest(1, 0).item is AVS
    assert sources.ratio == pytest.approx(1.1) and sources.disagreed == 0


@pytest.mark.parametrize('echo_first', [True, False])
@pytest.mark.parametrize('metres', [12.0, 1.0])
def test_the_echoes_count_where_they_disagree(echo_first, metres):
    sources, other = MetricSources(max_ratio=1.5), metric('avs_net', metres)
    sources.expect(1)
    if echo_first:
        assert sources.echo(1, ECHO) is None
        assert sources.avs(1, other) is ECHO
    else:
        assert sources.avs(1, other) is other
        assert sources.echo(1, ECHO) is ECHO
    assert sources.nearest(1, 0).item is ECHO
    assert (sources.disagreed, sources.ratio) == (1, pytest.approx(metres / 4))


def test_the_echoes_count_where_nothing_comes_of_the_network():
    sources = MetricSources()
    sources.expect(1)
    assert sources.echo(1, ECHO) is None
    assert sources.no_avs(1) is ECHO
    sources.expect(2)
    assert sources.no_avs(2) is None
    assert sources.echo(2, ECHO) is ECHO


def test_the_network_alone_is_not_judged_by_echoes():
    sources = MetricSources('avs_net')
    sources.expect(1)
    assert sources.echo(1, ECHO) is None
    assert sources.avs(1, FAR) is FAR and math.isnan(sources.ratio)
    sources.expect(2)
    sources.echo(2, ECHO)
    assert sources.no_avs(2) is None and sources.nearest(2, 0) is None


def test_the_ratio_is_taken_along_rays_over_what_both_know():
    near = metric('echo', 2.0, 40)
    near.depth[10:30, 10:30] = 4.0
    near.depth[0, 0] = np.nan
    narrow = metric('avs_net', 8.0, 20, 2 * np.degrees(np.arctan(0.5)))
    assert ratio_of(narrow, near) == 2
    assert math.isnan(ratio_of(narrow, metric('echo', np.inf)))


@pytest.mark.parametrize('wrong', [{'mode': 'both'}, {'max_ratio': 0.5}, {'max_ratio': math.nan}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match='expected one of auto, avs_net, echo, and 1 or more'):
        MetricSources(**wrong)


def test_sources_that_agree_again_are_no_longer_apart():
    sources = MetricSources(max_ratio=1.5)
    assert not sources.apart
    for stamp, avs, apart in ((1, FAR, True), (2, AVS, False)):
        sources.expect(stamp)
        sources.echo(stamp, ECHO)
        sources.avs(stamp, avs)
        assert sources.apart is apart
    assert sources.disagreed == 1
