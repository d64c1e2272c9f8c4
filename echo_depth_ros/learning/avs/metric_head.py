# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From bin embeddings to metres: the metric head of ZoeDepth, as transformers has it."""

import torch
from torch import nn, Tensor
from transformers import ZoeDepthConfig
from transformers.models.zoedepth.modeling_zoedepth import ZoeDepthMetricDepthEstimationHead

from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.avs.visual import VisualFeatures


class MetricHead(nn.Module):
    """
    Seed bin regressor, projectors, attractors and conditional log-binomial, section 3.1.

    The seeds come from L^{A,V}, the attractors from the decoder features, the probabilities from
    the last features and the relative depth; the depth of a pixel is the mean of its bins.

    :param sizes: of bins and attractors, and the range of depth.
    :param channels: of bottleneck, decoder features and last features.
    """

    def __init__(self, sizes: AvsSizes, channels: tuple[int, int, int]) -> None:
        super().__init__()
        bottleneck, decoder, last = channels
        self.least = sizes.depth_min
        self.head = ZoeDepthMetricDepthEstimationHead(ZoeDepthConfig(
            bottleneck_features=bottleneck, fusion_hidden_size=decoder,
            num_relative_features=last, bin_embedding_dim=sizes.bin_embedding,
            num_attractors=list(sizes.attractors), bin_centers_type=sizes.bin_centers,
            bin_configurations=[{'n_bins': sizes.bins, 'min_depth': sizes.depth_min,
                                 'max_depth': sizes.depth_max}]))

    def forward(self, fused: Tensor, seen: VisualFeatures) -> Tensor:
        """
        Estimate the pseudo-dense metric depth.

        :param fused: L^{A,V}, or f^V without echoes, (N, B, h, w).
        :returns: (N, H, W) metres, at the resolution of ``seen.last``, at least ``depth_min``.
        """
        # The log-binomial sums logarithms of about 100: shorter floats would leave steps in it.
        with torch.autocast(fused.device.type, enabled=False):
            depth, _ = self.head(seen.last.float(), fused.float(),
                                 [features.float() for features in seen.decoder],
                                 seen.relative.float())
        # An unbounded centre may come to lie at 0, which has no logarithm.
        return depth[:, 0].clamp_min(self.least)
