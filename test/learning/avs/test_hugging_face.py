# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Backbones of Hugging Face: built from small configurations, saved and loaded from folders."""

import json

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForDepthEstimation,
    BeitConfig,
    BitConfig,
    DepthAnythingConfig,
    Dinov2Config,
    DPTConfig,
    ResNetConfig,
    ZoeDepthConfig,
)

from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.export import export
from echo_depth_ros.learning.training.checkpoint import save_model
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.perception.avs_model import AvsModel

from .small import senses, tiny

LAYERS = {'hidden_size': 16, 'num_hidden_layers': 4, 'num_attention_heads': 2,
          'intermediate_size': 16}
NECK = {'neck_hidden_sizes': [8, 8, 12, 16], 'fusion_hidden_size': 12}
STAGES = ['stage1', 'stage2', 'stage3', 'stage4']


def _config(kind):
    if kind == 'dpt':
        return DPTConfig(image_size=64, patch_size=16, backbone_out_indices=[0, 1, 2, 3],
                         is_hybrid=False, **LAYERS, **NECK)
    if kind == 'hybrid':  # as Intel/dpt-hybrid-midas is
        stem = BitConfig(global_padding='same', layer_type='bottleneck', depths=[1, 1, 1],
                         hidden_sizes=[8, 8, 16], embedding_size=8, num_groups=2,
                         out_features=STAGES[:3], embedding_dynamic_padding=True)
        return DPTConfig(is_hybrid=True, image_size=64, patch_size=16, backbone_config=stem,
                         backbone_featmap_shape=[1, 16, 4, 4], backbone_out_indices=[0, 1, 2, 3],
                         neck_ignore_stages=[0, 1], **LAYERS, **NECK)
    if kind == 'depth_anything':
        backbone = Dinov2Config(image_size=28, patch_size=14, out_features=STAGES,
                                reshape_hidden_states=False, **LAYERS)
        return DepthAnythingConfig(backbone_config=backbone, reassemble_hidden_size=16,
                                   head_hidden_size=8, patch_size=14, **NECK)
    backbone = BeitConfig(image_size=32, patch_size=16, out_features=STAGES,
                          reshape_hidden_states=False, **LAYERS)
    return ZoeDepthConfig(backbone_config=backbone, bottleneck_features=12,
                          num_relative_features=8, bin_embedding_dim=8, **NECK)


@pytest.fixture(scope='module', params=['dpt', 'hybrid', 'depth_anything', 'zoedepth'])
def folder(request, tmp_path_factory):
    """Return the folder of a model with weights of its own, its image's size, and an AVS-Net."""
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp(request.param)
    AutoModelForDepthEstimation.from_config(_config(request.param)).save_pretrained(path)
    (path / 'preprocessor_config.json').write_text(json.dumps(
        {'image_mean': [0.4, 0.5, 0.6], 'image_std': [0.2, 0.3, 0.4]}))
    image = {'depth_anything': (28, 56), 'zoedepth': (32, 64)}.get(request.param, (64, 64))
    return path, image, tiny(visual=f'hf:{path}', image=image)


def test_a_model_is_taken_apart_by_its_name(folder):
    path, image, network = folder
    rgb, windows = senses(size=image)
    model = AutoModelForDepthEstimation.from_pretrained(path).eval()
    pixels = (rgb - torch.tensor([0.4, 0.5, 0.6])[:, None, None]) / torch.tensor(
        [0.2, 0.3, 0.4])[:, None, None]
    with torch.no_grad():
        seen, depth = network.visual(rgb), network(rgb, windows)
        if model.config.model_type != 'zoedepth':
            assert torch.allclose(seen.relative, model(pixels).predicted_depth, atol=1e-6)
    assert len(seen.decoder) == 4 and network.visual.channels[:2] == (12, 12)
    assert seen.bottleneck.shape[2] < seen.decoder[0].shape[2] < seen.decoder[3].shape[2]
    assert depth.shape == (2, *image) and torch.isfinite(depth).all()
    network(rgb, windows).sum().backward()
    first = next(network.visual.parameters())
    assert first.grad.any() and torch.isfinite(first.grad).all()
    network.zero_grad()


def test_a_checkpoint_needs_no_download(folder, tmp_path):
    path, image, network = folder
    state = tmp_path / 'model.pt'
    save_model(state, 'avs', network, {})
    moved = path.rename(tmp_path / 'gone')
    try:
        again, _ = load_avs(state)
    finally:
        moved.rename(path)
    with torch.no_grad():
        assert torch.equal(again(*senses(size=image)), network(*senses(size=image)))


def test_it_is_exported_whole(folder, tmp_path):
    path, image, network = folder
    done = export(network, tmp_path / 'm.onnx', 'nothing')
    assert done.difference < 1e-3
    model = AvsModel(tmp_path / 'm.onnx', threads=1)
    assert model.contract.visual == f'hf:{path}'
    rgb, windows = senses(3, image)
    with torch.no_grad():
        expected = network(rgb, windows).numpy()
    np.testing.assert_allclose(model.infer_batch(rgb.numpy(), windows.numpy()), expected,
                               rtol=1e-3)


def test_what_is_no_depth_model_is_named(tmp_path):
    with pytest.raises(VisualError, match='no depth model'):
        tiny(visual=f'hf:{tmp_path}')
    ResNetConfig().save_pretrained(tmp_path)
    with pytest.raises(VisualError, match='no depth model'):
        tiny(visual=f'hf:{tmp_path}')


def test_a_size_that_it_cannot_take_is_named(tmp_path):
    AutoModelForDepthEstimation.from_config(_config('dpt')).save_pretrained(tmp_path)
    with pytest.raises(VisualError, match=r'images of \[32, 64\].*square'):
        tiny(visual=f'hf:{tmp_path}')


def test_other_checkpoints_are_named(tmp_path):
    torch.save({'kind': 'student', 'config': {}, 'state': {}, 'about': {}}, tmp_path / 'model.pt')
    with pytest.raises(CheckpointError, match="train-avs.*'student'"):
        load_avs(tmp_path / 'model.pt')
