# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn

from echo_depth_ros.learning.distillation.teachers import ModuleTeacher, open_teacher, TeacherError


class Brightness(nn.Module):
    """Two channels: mean colour of 4×4 pixels, and its opposite."""

    def forward(self, image):
        grey = nn.functional.avg_pool2d(image.mean(dim=1, keepdim=True), 4)
        return torch.cat([grey, -grey], dim=1)


class Flat(nn.Module):
    def forward(self, image):
        return image.mean(dim=(1, 2, 3))


class OwnTeacher:
    channels = 3

    def embed(self, rgb):
        return nn.functional.adaptive_avg_pool2d(rgb, 8)


HERE = __name__


@pytest.fixture
def importable(monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, 'my_teachers', sys.modules[HERE])


def test_any_torch_module_can_teach(importable):
    teacher = open_teacher('my_teachers:Brightness')
    rgb = torch.zeros(1, 3, 128, 128)
    rgb[..., 64:] = 1.0
    embedding = teacher.embed(rgb)
    assert teacher.channels == 2 and embedding.shape == (1, 2, 8, 8)
    assert (embedding[0, 0, :, 5] > embedding[0, 0, :, 2]).all()
    assert not embedding.requires_grad


def test_an_object_that_embeds_is_taken_as_it_is(importable):
    assert isinstance(open_teacher('my_teachers:OwnTeacher'), OwnTeacher)


def test_a_module_that_makes_no_map_is_refused():
    with pytest.raises(TeacherError, match=r'feature map \(N, C, h, w\)'):
        ModuleTeacher(Flat())


@pytest.mark.parametrize('name, reason', [
    ('nowhere.pt', 'expected a checkpoint'), ('no_such_module:Thing', 'cannot be imported'),
    ('json:dumps_not', 'cannot be imported'), ('math:pi', 'is a float')])
def test_what_is_no_teacher_is_named(name, reason):
    with pytest.raises(TeacherError, match=reason):
        open_teacher(name)


def test_a_hugging_face_depth_model_teaches(tmp_path):
    transformers = pytest.importorskip('transformers', reason='needs the extra "teachers"')
    backbone = transformers.Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        image_size=56, patch_size=14, out_indices=[1, 2], reshape_hidden_states=False)
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=16, neck_hidden_sizes=[8, 8],
        reassemble_factors=[2, 1], fusion_hidden_size=8, head_hidden_size=4, patch_size=14)
    transformers.DepthAnythingForDepthEstimation(config).save_pretrained(tmp_path)
    teacher = open_teacher(f'hf:{tmp_path}')
    assert teacher.channels == 16
    embedding = teacher.embed(torch.rand(2, 3, 128, 128))
    assert embedding.shape == (2, 16, 8, 8)
    assert not torch.allclose(embedding[0], embedding[1])


def test_a_hugging_face_name_that_does_not_exist_is_named(tmp_path):
    pytest.importorskip('transformers', reason='needs the extra "teachers"')
    with pytest.raises(TeacherError, match='no depth model'):
        open_teacher(f'hf:{tmp_path}')
