# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""AVS-Net, section 3.1: colour image and echoes in, pseudo-dense metric depth out."""

from dataclasses import replace
import math
from typing import NamedTuple

from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.echo import EchoBranch
from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.fusion import CrossModalAttention
from echo_depth_ros.learning.avs.metric_head import MetricHead
from echo_depth_ros.learning.avs.sizes import AvsSizes, SMALL
from echo_depth_ros.learning.avs.visual import SmallVisual, VisualFeatures


class Explained(NamedTuple):
    """
    A depth image, and where it was listened for.

    :ivar depth: (N, H, W) metres.
    :ivar attention: (N, heads, rows, columns, frequency, time): how much each pixel of the
        bottleneck listens to each cell of the spectrogram; sums to 1 over these.
    :ivar relative: relative depth of the visual backbone, (N, rows, columns), of no unit.
    """

    depth: Tensor
    attention: Tensor
    relative: Tensor


class _Looked(NamedTuple):
    """Depth, what was seen, the attention (N, heads, pixels, cells), and the grid of cells."""

    depth: Tensor
    seen: VisualFeatures
    attention: Tensor | None
    cells: tuple[int, int] | None


class AvsNet(nn.Module):
    """
    Visual backbone, echo branch, cross-modal attention and metric bins.

    :param config: sizes; ``echo_branch`` False gives the Only-RGB baseline.
    :param fmt: the ping.
    :ivar config: with what is needed to build it again.
    :raises VisualError: the visual backbone is missing or does not fit.
    """

    def __init__(self, config: AvsSizes = AvsSizes(), fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        if config.visual == SMALL:
            self.visual: nn.Module = SmallVisual(config)
        else:
            # Here, because it is needed for this only, and takes seconds to load.
            from echo_depth_ros.learning.avs.hugging_face import HuggingFaceVisual
            self.visual = HuggingFaceVisual(config)
            config = replace(config, visual_config=self.visual.described)
        if config.frozen:
            self.visual.requires_grad_(False)
        self.config = config
        self.echo: EchoBranch | None = None
        self.fusion: CrossModalAttention | None = None
        if config.echo_branch:
            if math.prod(-(-side // EchoBranch.STRIDE) for side in config.image) < 2:
                # A softmax over one key is 1 whatever is asked: echoes would be heard unattended.
                raise VisualError(f'image is {list(config.image)}, which leaves the attention one '
                                  f'cell to listen to; expected more than {EchoBranch.STRIDE} '
                                  'rows or columns, or echo_branch: false')
            self.echo = EchoBranch(config.image, config.echo_widths, config.echo_level, fmt)
            self.fusion = CrossModalAttention(self.visual.channels[0], self.echo.channels,
                                              config.heads)
        self.metric = MetricHead(config, self.visual.channels)

    def train(self, mode: bool = True) -> 'AvsNet':
        """Set the mode; a frozen backbone keeps its batch statistics, too."""
        super().train(mode)
        if self.config.frozen:
            self.visual.eval()
        return self

    def forward(self, rgb: Tensor, waveform: Tensor | None = None) -> Tensor:
        """
        Estimate depth.

        :param rgb: (N, 3, H, W), 0 to 1.
        :param waveform: (N, 2, window) full scale ±1, aligned; not looked at without an echo
            branch.
        :returns: (N, H, W) metres along the optical axis.
        :raises VisualError: there is an echo branch, but nothing to hear.
        """
        return self._look(rgb, waveform).depth

    def explain(self, rgb: Tensor, waveform: Tensor) -> Explained:
        """
        Estimate depth, and say where it was listened for.

        :param rgb: see :meth:`forward`.
        :param waveform: see :meth:`forward`.
        :raises VisualError: there is no echo branch.
        """
        if self.echo is None:
            raise VisualError('an Only-RGB network does not listen; expected one with '
                              'echo_branch: true')
        depth, seen, attention, cells = self._look(rgb, waveform)
        pixels = tuple(seen.bottleneck.shape[2:])
        return Explained(depth, attention.unflatten(3, cells).unflatten(2, pixels), seen.relative)

    def _look(self, rgb: Tensor, waveform: Tensor | None) -> '_Looked':
        image = rgb
        if rgb.shape[2:] != self.config.image:
            image = functional.interpolate(rgb, self.config.image, mode='bilinear',
                                           antialias=True)
        seen = self.visual(image)
        fused, attention, cells = seen.bottleneck, None, None
        if self.echo is not None:
            if waveform is None:
                raise VisualError('the network has an echo branch, but was given no waveform; '
                                  'expected (N, 2, window)')
            heard = self.echo(waveform)
            fused, attention = self.fusion(seen.bottleneck, heard)
            cells = tuple(heard.shape[2:])
        depth = self.metric(fused, seen)
        if depth.shape[1:] != rgb.shape[2:]:
            depth = functional.interpolate(depth[:, None], rgb.shape[2:], mode='bilinear',
                                           align_corners=False)[:, 0]
        return _Looked(depth, seen, attention, cells)
