# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from echo_depth_ros.learning.distillation.objective import DistillationConfig, Objective
from echo_depth_ros.learning.losses import log_l1
from echo_depth_ros.learning.networks.student import EchoStudent

from ..networks.test_student import TINY

TEACHERS = {'depth': 6, 'material': 10}


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return {
        'waveform': 0.1 * torch.randn(3, 2, 3197, generator=generator),
        'depth': 1 + 3 * torch.rand(3, 128, 128, generator=generator),
        'material': torch.randint(0, 17, (3, 128, 128), generator=generator),
        'teacher': {x: torch.randn(3, channels, 8, 8, generator=generator)
                    for x, channels in TEACHERS.items()}}


def _objective(**options):
    torch.manual_seed(0)
    return Objective(DistillationConfig(**options), EchoStudent(TINY), TEACHERS)


@pytest.mark.parametrize('options, terms', [
    ({}, {'depth', 'scale', 'material'}),
    ({'compose': True}, {'depth', 'scale', 'material', 'comp'}),
    ({'contrast': True}, {'depth', 'scale', 'material', 'ccl'}),
    ({'compose': True, 'contrast': True}, {'depth', 'scale', 'material', 'comp', 'ccl'}),
    ({'lambda_material': 0.0, 'lambda_scale': 0.0}, {'depth'}),
])
def test_each_row_has_its_terms_and_they_add_up(batch, options, terms):
    objective = _objective(**options)
    losses = objective(**batch)
    assert set(losses) == terms | {'loss'}
    config = objective.config
    weights = {'depth': 1.0, 'scale': config.lambda_scale, 'material': config.lambda_material,
               'comp': config.lambda_comp, 'ccl': config.lambda_ccl}
    expected = sum(weights[name] * losses[name] for name in terms)
    torch.testing.assert_close(losses['loss'], expected)


def test_depth_is_the_students_own(batch):
    objective = _objective(compose=True, contrast=True).eval()
    depth, _ = objective.student(batch['waveform'])
    torch.testing.assert_close(objective(**batch)['depth'], log_l1(depth.log(), batch['depth']))


def test_every_part_learns(batch):
    objective = _objective(compose=True, contrast=True)
    objective(**batch)['loss'].backward()
    idle = [name for name, p in objective.named_parameters()
            if p.grad is None or not p.grad.abs().any()]
    # A bias before a norm that takes the mean away again cannot matter.
    assert [name for name in idle if not name.endswith('.0.bias')] == []


def test_a_data_set_without_materials_still_teaches(batch):
    batch['material'] = None
    assert 'material' not in _objective(compose=True, contrast=True)(**batch)


def test_one_teacher_is_enough(batch):
    torch.manual_seed(0)
    objective = Objective(DistillationConfig(compose=True, contrast=True), EchoStudent(TINY),
                          {'depth': 6})
    assert torch.isfinite(objective(**batch)['loss'])


def test_distillation_without_a_teacher_is_refused():
    with pytest.raises(ValueError, match='no teacher'):
        Objective(DistillationConfig(compose=True), EchoStudent(TINY))


def test_the_composition_fades_out(batch):
    objective = _objective(compose=True, contrast=True, compose_until=0.5).eval()
    first, middle, late = (objective(**batch, progress=progress) for progress in (0, 0.25, 0.5))
    comp = objective.config.lambda_comp * first['comp']
    torch.testing.assert_close(first['loss'] - middle['loss'], comp / 2)
    assert 'comp' not in late and late['ccl'] < first['ccl']


@pytest.mark.parametrize('options', [{'lambda_comp': -1.0}, {'compose_until': 0.0},
                                     {'temperature': 0.0}, {'contrast_kind': 'l2'}])
def test_senseless_settings_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        DistillationConfig(**options)


def test_running_statistics_are_of_what_is_heard_alone(batch):
    plain, taught = _objective(), _objective(compose=True)
    for objective in (plain, taught):
        objective(**batch)
    there, here = (dict(each.student.named_buffers()) for each in (plain, taught))
    for name, value in there.items():
        if 'running' in name:
            torch.testing.assert_close(here[name], value, msg=name)
    assert any('running' in name for name in there)
