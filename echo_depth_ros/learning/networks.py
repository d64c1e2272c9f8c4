# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""EchoUNet: binaural waveform in, metric depth image out."""

from dataclasses import asdict, dataclass
import math

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.blocks import ConvBlock, Link, Residual
from echo_depth_ros.learning.features import EchoFeatures, Spectrogram


@dataclass(frozen=True)
class NetworkConfig:
    """
    Sizes of an :class:`EchoUNet`; stored in checkpoints.

    :ivar bin_step: and
    :ivar floor: see :class:`~echo_depth_ros.learning.features.EchoFeatures`.
    :ivar encoder: channels of the four encoder levels.
    :ivar decoder: channels at 8, 16, 32 and 64 pixels.
    :ivar links: channels of the skip links into 8, 16 and 32 pixels (0 leaves one out).
    :ivar squeeze: channels that enter the bottleneck.
    :ivar code: length of the bottleneck's vector.
    """

    bin_step: int = 4
    floor: float = 0.1
    encoder: tuple[int, int, int, int] = (32, 48, 80, 128)
    decoder: tuple[int, int, int, int] = (64, 48, 24, 12)
    links: tuple[int, int, int] = (32, 32, 0)
    squeeze: int = 32
    code: int = 256
    depth_min: float = 0.1
    depth_max: float = 12.0

    def to_dict(self) -> dict:
        """Plain types only, for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> 'NetworkConfig':
        """Inverse of :meth:`to_dict`."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value
                      for key, value in values.items()})


class EchoUNet(nn.Module):
    """
    Depth image from one aligned binaural window.

    The first level strides frequency only, so that time, which is range, keeps its 16-sample
    (6 cm) grid; the levels at both ears stay beside each other as channels.

    :param config: sizes.
    :param fmt: the ping.
    """

    SIZE = 128

    def __init__(self, config: NetworkConfig = NetworkConfig(),
                 fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        self.config = config
        self.features = EchoFeatures(fmt, config.bin_step, config.floor)
        one, two, three, four = config.encoder
        self.level1 = ConvBlock(self.features.CHANNELS, one, kernel=(7, 3), stride=(4, 1))
        self.level2 = ConvBlock(one, two, kernel=(3, 5), stride=(2, 2))
        self.level3 = nn.Sequential(ConvBlock(two, three, stride=2), Residual(three))
        self.level4 = ConvBlock(three, four, stride=2)
        grids = self._grids(self.features.spectrogram)

        self.squeeze = ConvBlock(four, config.squeeze, kernel=1)
        self.code = nn.Sequential(
            nn.Linear(config.squeeze * math.prod(grids[3]), config.code, bias=False),
            nn.BatchNorm1d(config.code), nn.ReLU(inplace=True))
        at8, at16, at32, at64 = config.decoder
        self.seed_channels = max(16, at8 // 3)
        self.seed = nn.Linear(config.code, self.seed_channels * 64)

        self.links = nn.ModuleList(
            Link(channels, width, math.prod(grid), size) if width else nn.Identity()
            for channels, width, grid, size in zip(
                (four, three, two), config.links, (grids[3], grids[2], grids[1]), (8, 16, 32)))
        self.decode8 = ConvBlock(self.seed_channels + config.links[0], at8)
        self.decode16 = ConvBlock(at8 + config.links[1], at16)
        self.decode32 = ConvBlock(at16 + config.links[2], at32)
        self.decode64 = ConvBlock(at32, at64)
        self.head = nn.Conv2d(at64, 4, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.place = nn.Parameter(torch.zeros(1, 1, self.SIZE, self.SIZE))
        self._initialise()

    def _grids(self, spectrogram: Spectrogram) -> list[tuple[int, int]]:
        grid = (spectrogram.bins, spectrogram.frames)
        grids = []
        for frequency, time in ((4, 1), (2, 2), (2, 2), (2, 2)):
            grid = (-(-grid[0] // frequency), -(-grid[1] // time))
            grids.append(grid)
        return grids

    def _initialise(self) -> None:
        nn.init.zeros_(self.head.bias)
        nn.init.normal_(self.head.weight, std=0.01)

    def set_mean_depth(self, mean: Tensor) -> None:
        """
        Start from a constant image, so that learning begins with what echoes add to it.

        :param mean: (128, 128) metres; cells that are not finite or positive take the median.
        """
        good = torch.isfinite(mean) & (mean > 0)
        low, span = self._log_range()
        middle = mean[good].median() if good.any() else torch.tensor(2.0)
        mean = torch.where(good, mean, middle)
        share = ((mean.log() - low) / span).clamp(0.02, 0.98)
        with torch.no_grad():
            self.place.copy_(torch.logit(share)[None, None])

    def _log_range(self) -> tuple[float, float]:
        low = math.log(self.config.depth_min)
        return low, math.log(self.config.depth_max) - low

    def log_depth(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, window) to the natural log of depth in metres, (N, 128, 128)."""
        with torch.no_grad():
            features = self.features(waveform.float())
        level1 = self.level1(features)
        level2 = self.level2(level1)
        level3 = self.level3(level2)
        level4 = self.level4(level3)
        code = self.code(self.squeeze(level4).flatten(1))
        image = functional.relu(self.seed(code)).unflatten(1, (self.seed_channels, 8, 8))
        for link, level, decode in ((self.links[0], level4, self.decode8),
                                    (self.links[1], level3, self.decode16),
                                    (self.links[2], level2, self.decode32)):
            if isinstance(link, Link):
                image = torch.cat([image, link(level)], dim=1)
            image = functional.interpolate(decode(image), scale_factor=2.0, mode='nearest')
        logits = self.shuffle(self.head(self.decode64(image))) + self.place
        low, span = self._log_range()
        return low + span * torch.sigmoid(logits[:, 0].float())

    def forward(self, waveform: Tensor) -> Tensor:
        """
        Predict depth.

        :param waveform: (N, 2, 3197) float, full scale ±1, any gain.
        :returns: (N, 128, 128) metres along the optical axis, inside (0, depth_max).
        """
        return torch.exp(self.log_depth(waveform))
