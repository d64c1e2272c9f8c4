# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""EchoStudent: Echo2Depth and Echo2Material on one embedding of a binaural window."""

from dataclasses import dataclass
import math
from typing import NamedTuple

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.losses import INSIDE
from echo_depth_ros.learning.networks.blocks import ConvBlock, Link, Residual, to_grid
from echo_depth_ros.learning.networks.features import EchoFeatures, Spectrogram
from echo_depth_ros.learning.networks.sizes import Sizes


@dataclass(frozen=True)
class StudentConfig(Sizes):
    """
    Sizes of an :class:`EchoStudent`; stored in checkpoints.

    :ivar bin_step: and
    :ivar floor: see :class:`~echo_depth_ros.learning.networks.features.EchoFeatures`.
    :ivar encoder: channels of the four encoder levels.
    :ivar decoder: channels at 8 (the embedding), 16, 32 and 64 pixels.
    :ivar links: channels of the skip links into 8, 16 and 32 pixels (0 leaves one out).
    :ivar squeeze: channels that enter the bottleneck.
    :ivar code: length of the bottleneck's vector.
    :ivar materials: classes of Echo2Material, 0 being "no surface".
    """

    bin_step: int = 4
    floor: float = 0.1
    encoder: tuple[int, int, int, int] = (32, 48, 80, 128)
    decoder: tuple[int, int, int, int] = (64, 48, 24, 12)
    links: tuple[int, int, int] = (32, 32, 0)
    squeeze: int = 32
    code: int = 256
    materials: int = 17
    depth_min: float = 0.1
    depth_max: float = 12.0


class Heard(NamedTuple):
    """
    What the student makes of a window before it draws anything.

    :ivar embedding: f_echo^s of equations 1 and 2, (N, E, 8, 8), shared by depth and material.
    :ivar skips: what the depth decoder also hears, laid out as images of 16×16 and 32×32 cells;
        None where the network has no such link.
    """

    embedding: Tensor
    skips: tuple[Tensor | None, Tensor | None]


class EchoStudent(nn.Module):
    """
    Depth image and confidence from one aligned binaural window (Section 3.1 of V2E-CCL).

    A U-Net on the spectrograms of both ears, which stay beside each other as channels. The first
    level strides frequency only, so that time, which is range, keeps its 16-sample (6 cm) grid.
    The embedding is laid out as an image of 8×8 cells, as a camera network's is, so that teacher
    and student can be compared place by place. Windows of any length are accepted.

    :param config: sizes.
    :param fmt: the ping.
    """

    SIZE = 128

    def __init__(self, config: StudentConfig = StudentConfig(),
                 fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        self.config = config
        self.features = EchoFeatures(fmt, config.bin_step, config.floor)
        one, two, three, four = config.encoder
        self.level1 = ConvBlock(self.features.CHANNELS, one, kernel=(7, 3), stride=(4, 1))
        self.level2 = ConvBlock(one, two, kernel=(3, 5), stride=(2, 2))
        self.level3 = nn.Sequential(ConvBlock(two, three, stride=2), Residual(three))
        self.level4 = ConvBlock(three, four, stride=2)
        grids = _grids(self.features.spectrogram)
        self.grid = grids[3]

        self.squeeze = ConvBlock(four, config.squeeze, kernel=1)
        self.code = nn.Sequential(
            nn.Linear(config.squeeze * math.prod(self.grid), config.code, bias=False),
            nn.BatchNorm1d(config.code), nn.ReLU(inplace=True))
        at8, at16, at32, at64 = config.decoder
        self.seed_channels = max(16, at8 // 3)
        self.seed = nn.Linear(config.code, self.seed_channels * 64)

        self.link8, self.link16, self.link32 = (
            Link(channels, width, grid, size) if width else None
            for channels, width, grid, size in zip(
                (four, three, two), config.links, (grids[3], grids[2], grids[1]), (8, 16, 32)))
        self.embed = ConvBlock(self.seed_channels + config.links[0], at8)
        self.decode16 = ConvBlock(at8 + config.links[1], at16)
        self.decode32 = ConvBlock(at16 + config.links[2], at32)
        self.decode64 = ConvBlock(at32, at64)
        self.head = nn.Conv2d(at64, 4, 3, 1, 1)
        self.scale = nn.Conv2d(at64, 1, 3, 1, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.place = nn.Parameter(torch.zeros(1, 1, self.SIZE, self.SIZE))
        self.material = MaterialDecoder(at8, config.materials)
        self.register_buffer('calibration', torch.tensor([1.0, 0.0]))
        self._initialise()

    @property
    def embedding_channels(self) -> int:
        """E, the channels of the embedding."""
        return self.config.decoder[0]

    def _initialise(self) -> None:
        for head in (self.head, self.scale):
            nn.init.normal_(head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.scale.bias, math.log(0.2))

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

    def set_calibration(self, slope: float, offset: float) -> None:
        """
        Bend the predicted scale so that confidence tells the truth on validation rooms.

        Confidence becomes ``1 - exp(-ln 1.25 / exp(slope · log_scale + offset))``.

        :raises ValueError: not finite, or a slope that is not positive.
        """
        if not (math.isfinite(slope) and math.isfinite(offset) and slope > 0):
            raise ValueError(f'calibration is slope {slope}, offset {offset}; expected finite '
                             'numbers and a slope above 0')
        self.calibration.copy_(torch.tensor([slope, offset]))

    def _log_range(self) -> tuple[float, float]:
        low = math.log(self.config.depth_min)
        return low, math.log(self.config.depth_max) - low

    def listen(self, waveform: Tensor) -> Heard:
        """
        Embed windows.

        :param waveform: (N, 2, length) float, full scale ±1, any gain.
        """
        with torch.no_grad(), torch.autocast(waveform.device.type, enabled=False):
            features = self.features(waveform.float())
        level1 = self.level1(features)
        level2 = self.level2(level1)
        level3 = self.level3(level2)
        level4 = self.level4(level3)
        code = self.code(to_grid(self.squeeze(level4), self.grid).flatten(1))
        image = functional.relu(self.seed(code)).unflatten(1, (self.seed_channels, 8, 8))
        if self.link8 is not None:
            image = torch.cat([image, self.link8(level4)], dim=1)
        skips = tuple(None if link is None else link(level)
                      for link, level in ((self.link16, level3), (self.link32, level2)))
        return Heard(self.embed(image), skips)

    def decode_depth(self, embedding: Tensor, skips: tuple[Tensor | None, Tensor | None]
                     ) -> tuple[Tensor, Tensor]:
        """
        Echo2Depth's decoder.

        :param embedding: (N, E, 8, 8).
        :param skips: of :meth:`listen`.
        :returns: natural log of depth in metres, and natural log of the Laplace scale of its
            error, each (N, 128, 128).
        """
        image = embedding
        for skip, decode in zip(skips, (self.decode16, self.decode32)):
            image = functional.interpolate(image, scale_factor=2.0, mode='nearest')
            if skip is not None:
                image = torch.cat([image, skip], dim=1)
            image = decode(image)
        image = functional.interpolate(image, scale_factor=2.0, mode='nearest')
        image = self.decode64(image)
        logits = self.shuffle(self.head(image)) + self.place
        low, span = self._log_range()
        log_depth = low + span * torch.sigmoid(logits[:, 0].float())
        # The error is smooth where depth is not: a quarter of the pixels says it all.
        log_scale = self.scale(image).float().clamp(-6.0, 3.0)
        log_scale = functional.interpolate(log_scale, scale_factor=2.0, mode='nearest')
        return log_depth, log_scale[:, 0]

    def decode_material(self, embedding: Tensor) -> Tensor:
        """Map the embedding to (N, materials, 32, 32) logits by Echo2Material's decoder."""
        return self.material(embedding)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """
        Predict depth and how far to trust it.

        :param waveform: (N, 2, 3197) float, full scale ±1, any gain.
        :returns: depth (N, 128, 128) in metres along the optical axis, inside (0, depth_max),
            and confidence (N, 128, 128): the chance that it is within 25 % of the truth.
        """
        log_depth, log_scale = self.decode_depth(*self.listen(waveform))
        slope, offset = self.calibration
        confidence = 1 - torch.exp(-INSIDE * torch.exp(-(slope * log_scale + offset)))
        return torch.exp(log_depth), confidence


class MaterialDecoder(nn.Sequential):
    """Echo2Material's decoder: (N, channels, 8, 8) to logits (N, materials, 32, 32)."""

    def __init__(self, channels: int, materials: int) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2.0, mode='nearest'), ConvBlock(channels, 32),
            nn.Upsample(scale_factor=2.0, mode='nearest'), ConvBlock(32, 24),
            nn.Conv2d(24, materials, 1))


def _grids(spectrogram: Spectrogram) -> list[tuple[int, int]]:
    """Frequency × time cells of the four encoder levels for a window of the usual length."""
    grid = (spectrogram.bins, spectrogram.frames)
    grids = []
    for frequency, time in ((4, 1), (2, 2), (2, 2), (2, 2)):
        grid = (-(-grid[0] // frequency), -(-grid[1] // time))
        grids.append(grid)
    return grids
