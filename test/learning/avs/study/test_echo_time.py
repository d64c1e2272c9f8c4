# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a network listens: of networks that are made to listen at one moment."""

import numpy as np
import pytest
import torch

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.study import echo_time
from echo_depth_ros.learning.avs.study.echo_picture import draw_following, draw_panels
from echo_depth_ros.learning.avs.study.echo_time import (
    attention,
    column_ranges,
    grad_cam,
    Listened,
    METHODS,
    occlusion,
)
from echo_depth_ros.learning.avs.study.following import (
    attended,
    CONTROLS,
    follow_all,
    followed,
    followed_table,
    fresh,
    shuffled,
    TRAINED,
    true_ranges,
)
from echo_depth_ros.learning.avs.study.kept import Kept

from ..small import tiny
from .made import made, model, rooms

FMT = PingFormat()
RANGES = np.linspace(0.25, 11.75, 24)


def test_a_column_is_as_far_as_the_echo_whose_middle_it_holds():
    ranges = column_ranges(201)
    click = FMT.direct_index + FMT.range_to_samples(3.0) + FMT.chirp_samples / 2
    assert ranges[round(click / FMT.stft_hop)] == pytest.approx(3, abs=0.04)
    # Fewer columns each stand for the mean of those that they were made of.
    np.testing.assert_allclose(column_ranges(67), ranges.reshape(67, 3).mean(1))


def _alone(column, count=24, images=3):
    profile = np.zeros((images, count))
    profile[:, column] = 2.0
    return Listened(profile, RANGES)


def test_who_listens_at_one_moment_attends_to_its_range():
    listened = _alone(9)
    for values in (attended(listened)[name] for name in ('centroid', 'peak')):
        np.testing.assert_allclose(values, RANGES[9])


def test_the_direct_sound_is_left_out_and_nothing_is_nowhere():
    listened = _alone(9)
    listened.profile[:, 0] = 100  # within 0.6 m, while the chirp still leaks
    listened.profile[2, 9] = 0
    np.testing.assert_allclose(attended(listened)['centroid'], [RANGES[9], RANGES[9], np.nan])
    assert np.isnan(attended(listened)['peak above usual'][2])


def test_what_is_always_listened_to_hides_no_change():
    places = np.array([6, 10, 14, 18])
    profile = np.zeros((4, 24))
    profile[:, 3] = 5
    profile[np.arange(4), places] = 1
    found = attended(Listened(profile, RANGES))
    np.testing.assert_allclose(found['peak'], RANGES[3])
    np.testing.assert_allclose(found['peak above usual'], RANGES[places])


def test_following_by_hand():
    true = np.array([1.0, 2, 3, 1, 2, 3, np.nan])
    room = ['a'] * 3 + ['b'] * 4
    row = followed(2 * true + 1, true, room, 'it')
    assert (row.pearson, row.spearman, row.within, row.slope, row.images) == (
        pytest.approx(1), pytest.approx(1), pytest.approx(1), pytest.approx(2), 6)
    still = followed(np.ones(7), true, room)
    assert np.isnan(still.spearman) and still.slope == pytest.approx(0, abs=1e-9)
    assert still.to_dict()['spearman'] is None
    # Other walls in other rooms: all within them is right, and little over them.
    apart = followed(np.array([1, 2, 3, 9, 10, 11, 5.0]), true, room)
    assert apart.within == pytest.approx(1) and apart.spearman < 0.5


def test_the_truth_is_that_of_the_wall_ahead():
    depth = np.full((3, 16, 16), 9.0)
    depth[:, 6:10, 6:10] = np.array([2, 3, 12])[:, None, None]
    np.testing.assert_allclose(true_ranges(made(depth)), [2, 3, np.nan])


class _Ear(torch.nn.Module):
    """Answers with what is in some columns of the picture, the mean of these in every cell."""

    def __init__(self, columns):
        super().__init__()
        self.columns = columns

    def forward(self, picture):
        heard = picture[:, :, :, self.columns].mean((1, 2, 3), keepdim=True)
        return type('Answer', (), {'last_hidden_state': heard.expand(-1, 16, 1, 2)})


def test_occlusion_finds_what_is_heard():
    network = tiny()
    network.echo.resnet = _Ear(slice(40, 44))  # of 64
    found = occlusion(network, made(rooms(3)), parts=16)
    assert (found.profile.argmax(1) == 10).all()
    assert np.delete(found.profile, 10, axis=1).max() == 0


def test_grad_cam_finds_what_is_heard():
    network = tiny()
    stages = network.echo.resnet.encoder.stages

    class Last(torch.nn.Module):
        def forward(self, features):
            """Hear the fifth column of the stage before."""
            return features[:, :16, :, 4:5].mean((1, 2, 3), keepdim=True).expand(-1, 16, 1, 2)
    stages[2], stages[3] = Last(), torch.nn.Identity()
    stages[1] = torch.nn.Sequential(stages[1], _Blind(4))
    found = grad_cam(network, made(rooms(3)), stage=1)
    assert found.maps.shape[0] == 3 and found.maps.max() <= 1 and found.maps.min() >= 0
    listened = echo_time.profile(found).profile
    heard = listened.sum(1) > 0
    assert (listened[heard].argmax(1) == 4).all()
    assert np.delete(listened, 4, axis=1).max() == 0


class _Blind(torch.nn.Module):
    """Lets one column through."""

    def __init__(self, column):
        super().__init__()
        self.column = column

    def forward(self, features):
        only = torch.zeros(features.shape[3])
        only[self.column] = 1
        return features * only


def test_attention_is_shared_out_among_the_cells():
    found = attention(tiny(), made(rooms(3)))
    np.testing.assert_allclose(found.maps.sum((1, 2)), 1, rtol=1e-5)
    assert len(found.ranges) == found.maps.shape[2]


@pytest.mark.parametrize('method', METHODS)
def test_who_does_not_listen_cannot_be_asked(method):
    with pytest.raises(VisualError, match='does not listen'):
        METHODS[method](tiny(echo_branch=False), made(rooms(2)))
    with pytest.raises(VisualError, match='stage is 4'):
        grad_cam(tiny(), made(rooms(2)), 4)


def test_controls_differ_from_the_network_in_one_thing():
    test, network = made(rooms(6)), tiny()
    other = shuffled(test)
    assert torch.equal(other.split.rgb, test.split.rgb) and other.mark != test.mark
    assert sorted(other.split.waveform.sum((1, 2)).tolist()) == sorted(
        test.split.waveform.sum((1, 2)).tolist())
    new = fresh(network, 3)
    assert new.config == network.config
    same = fresh(network, 3)
    assert torch.equal(new.fusion.query.weight, same.fusion.query.weight)
    assert not torch.equal(new.fusion.query.weight, network.fusion.query.weight)


def test_all_are_asked_once_and_put_into_one_table_and_pictures(tmp_path):
    network, test = tiny(), made(rooms(6))
    rows = follow_all(Kept(tmp_path), network, 'mark', test)
    assert {row.network for row in rows} == {TRAINED, *CONTROLS}
    again = follow_all(Kept(tmp_path), network, 'mark', test)
    assert [row.to_dict() for row in again] == [row.to_dict() for row in rows]
    head, rule, *lines = followed_table(rows).splitlines()
    assert len(lines) == 3 * len(METHODS)
    assert {line.count('|') for line in (head, rule, *lines)} == {head.count('|')}
    true = true_ranges(test)
    asked = {name: method(network, test) for name, method in METHODS.items()}
    assert draw_following(asked, true, tmp_path / 'time.png').exists()
    some = test.some([0, 2])
    assert draw_panels(Kept(tmp_path), network, {'right': model('right', lambda depth: depth)},
                       some, true[[0, 2]], tmp_path / 'cam.png').exists()
