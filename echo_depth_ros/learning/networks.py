# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""EchoUNet: binaural waveform in, metric depth image out."""

from dataclasses import asdict, dataclass
import math

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat


class Spectrogram(nn.Module):
    """
    Short-time Fourier transform of both ears as one convolution.

    Same values as ``torch.stft`` with ``center=True``, reflect padding and a periodic Hann
    window. A 64-sample window zero-padded to 512 has 64 taps that are not zero, so only these
    are stored, and the exported graph holds a plain ``Conv``. ``bin_step`` keeps every so many
    rows: 512/64 oversamples frequency eight times, and two times is all that a magnitude needs.

    :param fmt: gives n_fft, window and hop.
    :param bin_step: keep bins 0, bin_step, 2 bin_step, …
    """

    def __init__(self, fmt: PingFormat = PingFormat(), bin_step: int = 1) -> None:
        super().__init__()
        self.hop = fmt.stft_hop
        self.padding = fmt.n_fft // 2
        offset = (fmt.n_fft - fmt.stft_window) // 2
        self.trim = offset
        self.bins = len(range(0, fmt.n_fft // 2 + 1, bin_step))
        self.frames = fmt.window // fmt.stft_hop + 1
        taps = torch.arange(fmt.stft_window, dtype=torch.float64)
        hann = torch.hann_window(fmt.stft_window, periodic=True, dtype=torch.float64)
        bins = torch.arange(0, fmt.n_fft // 2 + 1, bin_step, dtype=torch.float64)
        angle = 2 * math.pi / fmt.n_fft * bins[:, None] * (taps + offset)
        kernels = torch.cat([hann * torch.cos(angle), -hann * torch.sin(angle)])
        self.register_buffer('kernels', kernels[:, None].float(), persistent=False)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """
        Transform a batch of windows.

        :param waveform: (N, 2, window).
        :returns: real and imaginary part, each (N, 2, bins, frames).
        """
        count = waveform.shape[0]
        # Reflecting n_fft/2 samples and dropping the taps that are zero is reflecting less.
        reach = self.padding - self.trim
        padded = functional.pad(waveform, (reach, reach), mode='reflect')
        both = functional.conv1d(padded.reshape(count * 2, 1, -1), self.kernels, stride=self.hop)
        both = both.reshape(count, 2, 2, self.bins, self.frames)
        return both[:, :, 0], both[:, :, 1]


class EchoFeatures(nn.Module):
    """
    What the encoder sees of a window, independent of its overall gain.

    Channels: log magnitude of the left and the right ear; then (``phase=True``) the cosine and
    sine of the phase between the ears, fading out where both are as faint as the floor; then a
    time ramp, since an echo's delay is its range and a convolution alone cannot tell it.

    :param fmt: the ping.
    :param bin_step: see :class:`Spectrogram`.
    :param phase: add the inter-ear phase.
    """

    FLOOR = 1e-2
    """Added to magnitudes of a window of unit RMS: 54 dB below its mean magnitude."""

    def __init__(self, fmt: PingFormat = PingFormat(), bin_step: int = 4,
                 phase: bool = True, signals: str = 'raw', floor: float = 1e-2) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(fmt, bin_step)
        self.phase = phase
        self.signals = signals
        self.FLOOR = floor
        chirp = torch.from_numpy(linear_chirp(fmt)).double()
        self.register_buffer('chirp', (chirp / chirp.norm())[None, None].float(),
                             persistent=False)
        ramp = torch.linspace(-1, 1, self.spectrogram.frames)
        ramp = ramp.expand(1, 1, self.spectrogram.bins, -1).clone()
        self.register_buffer('ramp', ramp, persistent=False)
        self.channels = 1 + (2 + 2 * phase) * (1 + (signals == 'both'))

    def forward(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, window) to (N, channels, bins, frames)."""
        power = waveform.square().mean(dim=(1, 2), keepdim=True)
        waveform = waveform * torch.rsqrt(power.clamp_min(1e-14))
        parts = []
        if self.signals != 'compressed':
            parts += self._parts(waveform)
        if self.signals != 'raw':
            parts += self._parts(self._compress(waveform))
        parts.append(self.ramp.expand(waveform.shape[0], -1, -1, -1))
        return torch.cat(parts, dim=1)

    def _compress(self, waveform: Tensor) -> Tensor:
        """Matched filter: an echo's sweep becomes a pulse where the sweep began."""
        count, ears, length = waveform.shape
        single = waveform.reshape(count * ears, 1, length)
        single = functional.pad(single, (0, self.chirp.shape[2] - 1))
        return functional.conv1d(single, self.chirp).reshape(count, ears, length)

    def _parts(self, waveform: Tensor) -> list[Tensor]:
        real, imag = self.spectrogram(waveform)
        energy = real.square() + imag.square()
        # Half the log of the energy is the log of the magnitude, without its square root.
        level = 0.25 * torch.log(energy + self.FLOOR ** 2)
        if not self.phase:
            return [level]
        left, right = (real[:, :1], imag[:, :1]), (real[:, 1:], imag[:, 1:])
        weight = torch.rsqrt(energy[:, :1] * energy[:, 1:] + self.FLOOR ** 4)
        return [level, (left[0] * right[0] + left[1] * right[1]) * weight,
                (left[1] * right[0] - left[0] * right[1]) * weight]


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation (folded into it at export), ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel=3, stride=1) -> None:
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = tuple(k // 2 for k in kernel)
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape."""
        return functional.relu(features + self.second(self.first(features)))


class Link(nn.Module):
    """
    Skip link from a time-frequency map to an image grid.

    Rows and columns of a spectrogram are not rows and columns of an image, so the map is not
    copied across, as in an ordinary U-Net, but every image cell learns where to listen: one
    linear map from all (frequency, time) cells to all (row, column) cells, shared by channels.

    :param inputs: channels of the encoder level.
    :param outputs: channels of the link.
    :param cells: frequency × time cells of the encoder level.
    :param size: rows (= columns) of the image grid.
    """

    def __init__(self, inputs: int, outputs: int, cells: int, size: int) -> None:
        super().__init__()
        self.reduce = ConvBlock(inputs, outputs, kernel=1)
        self.listen = nn.Linear(cells, size * size, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.size = size

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, inputs, F, T) to (N, outputs, size, size)."""
        cells = self.reduce(features).flatten(2)
        image = self.listen(cells).unflatten(2, (self.size, self.size))
        return functional.relu(self.norm(image))


@dataclass(frozen=True)
class NetworkConfig:
    """
    Sizes of an :class:`EchoUNet`; stored in checkpoints.

    :ivar encoder: channels of the four encoder levels.
    :ivar decoder: channels at 8, 16, 32 and 64 pixels.
    :ivar links: channels of the skip links into 8, 16 and 32 pixels (0 leaves one out).
    :ivar squeeze: channels that enter the bottleneck.
    :ivar code: length of the bottleneck's vector.
    """

    bin_step: int = 4
    phase: bool = True
    signals: str = 'raw'
    floor: float = 1e-2
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
    (6 cm) grid; two ears' levels and phases stay beside each other as channels.

    :param config: sizes.
    :param fmt: the ping.
    """

    SIZE = 128

    def __init__(self, config: NetworkConfig = NetworkConfig(),
                 fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        self.config = config
        self.features = EchoFeatures(
            fmt, config.bin_step, config.phase, config.signals, config.floor)
        one, two, three, four = config.encoder
        self.level1 = ConvBlock(self.features.channels, one, kernel=(7, 3), stride=(4, 1))
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
