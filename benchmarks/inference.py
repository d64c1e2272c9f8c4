# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Waveform to depth on the CPU: the student beside networks of the shapes of its peers.

All are ONNX files that take the raw waveform, run by ONNX Runtime in turn, in one process, with
the same number of threads, so that ratios hold on a busy machine too. The peers are written from
their published descriptions and have random weights: only their time is compared.

    python benchmarks/inference.py [models/echo_depth_student.onnx]

- EchoNet (Parida et al., CVPR 2021): spectrogram of 60 ms, 2×257×166; three convolutions, one
  fully connected layer of 512, seven transposed convolutions; 8.98 M parameters.
- BatVision U-Net (pix2pix ``unet_256``): spectrogram resized to 2×256×256; eight levels; 54.4 M.
"""

import argparse
from dataclasses import replace
from pathlib import Path
import tempfile
import time
import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.features import Spectrogram

FMT = PingFormat()
_ECHONET = replace(FMT, window=2646)
"""Its 60 ms, which are 166 frames."""
MODEL = Path(__file__).parents[1] / 'models' / 'echo_depth_student.onnx'


class Magnitude(nn.Module):
    """The peers' own preprocessing: magnitude spectrogram of both ears, (N, 2, 257, frames)."""

    def __init__(self, fmt=FMT):
        super().__init__()
        self.transform = Spectrogram(fmt)

    def forward(self, waveform):
        """Map (N, 2, fmt.window) to (N, 2, 257, frames)."""
        real, imag = self.transform(waveform)
        return torch.sqrt(real**2 + imag**2)


class EchoNetShape(nn.Module):
    """Encoder to one vector, decoder from 1×1 to 128×128."""

    def __init__(self):
        super().__init__()
        self.magnitude = Magnitude(_ECHONET)
        layers, last = [], 2
        for width, kernel, stride in ((32, 8, 4), (64, 4, 2), (8, 3, 1)):
            layers += [nn.Conv2d(last, width, kernel, stride), nn.BatchNorm2d(width), nn.ReLU()]
            last = width
        layers += [nn.Flatten(), nn.Unflatten(1, (8 * 28 * 17, 1, 1)),
                   nn.Conv2d(8 * 28 * 17, 512, 1), nn.BatchNorm2d(512), nn.ReLU()]
        last = 512
        for width in (512, 256, 128, 64, 32, 16):
            layers += [nn.ConvTranspose2d(last, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
            last = width
        self.body = nn.Sequential(*layers, nn.ConvTranspose2d(last, 1, 4, 2, 1), nn.Sigmoid())

    def forward(self, waveform):
        """Map (N, 2, window) to (N, 128, 128)."""
        return self.body(self.magnitude(waveform[..., :_ECHONET.window]))[:, 0]


class UNetShape(nn.Module):
    """Eight halvings to 1×1, eight doublings, a skip link at every level."""

    WIDTHS = (64, 128, 256, 512, 512, 512, 512, 512)

    def __init__(self):
        super().__init__()
        self.magnitude = Magnitude()
        widths = self.WIDTHS
        self.down = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, 2, 1)
            for inputs, outputs in zip((2, *widths[:-1]), widths))
        self.down_norm = nn.ModuleList(
            nn.BatchNorm2d(width) if 0 < level < 7 else nn.Identity()
            for level, width in enumerate(widths))
        outputs = (1, *widths[:-1])
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(width * (1 if level == 7 else 2), outputs[level], 4, 2, 1)
            for level, width in enumerate(widths))
        self.up_norm = nn.ModuleList(
            nn.BatchNorm2d(width) if level else nn.Identity()
            for level, width in enumerate(outputs))

    def forward(self, waveform):
        """Map (N, 2, window) to (N, 256, 256)."""
        image = functional.interpolate(self.magnitude(waveform), size=(256, 256))
        levels = []
        for level, (conv, norm) in enumerate(zip(self.down, self.down_norm)):
            image = norm(conv(functional.leaky_relu(image, 0.2) if level else image))
            levels.append(image)
        image = levels.pop()
        for level in range(7, -1, -1):
            image = self.up_norm[level](self.up[level](functional.relu(image)))
            if level:
                image = torch.cat([image, levels.pop()], dim=1)
        return torch.sigmoid(image[:, 0])


def write(network: nn.Module, path: Path) -> int:
    """Export a peer and return its number of parameters."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(network.eval(), (torch.zeros(1, 2, FMT.window),), path,
                          opset_version=17, dynamo=False, input_names=['waveform'])
    return sum(p.numel() for p in network.parameters())


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """ONNX Runtime on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # As the node runs it. Threads that spin would also steal time from the next network's.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


def main() -> None:
    """Time all in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('model', type=Path, nargs='?', default=MODEL)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=60)
    args = parser.parse_args()
    if not args.model.is_file():
        parser.error(f'{args.model} does not exist; export a student first: '
                     'echo-depth export RUN/best.pt MODEL.onnx')

    window = np.random.default_rng(0).normal(0, 0.05, (1, 2, FMT.window)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        peers = {'EchoNet': EchoNetShape(), 'BatVision U-Net (256)': UNetShape()}
        files, parameters = {'student': args.model}, {'student': 0}
        for name, network in peers.items():
            files[name] = Path(folder) / f'{len(files)}.onnx'
            parameters[name] = write(network, files[name])
        sessions = {name: open_session(path, args.threads) for name, path in files.items()}
        megabytes = {name: path.stat().st_size / 1e6 for name, path in files.items()}

    times: dict[str, list[float]] = {name: [] for name in sessions}
    for session in sessions.values():
        for _ in range(5):
            session.run(None, {'waveform': window})
    for _ in range(args.rounds):
        for name, session in sessions.items():
            # Each first run finds the others' weights in the caches: the second is counted.
            session.run(None, {'waveform': window})
            start = time.perf_counter()
            session.run(None, {'waveform': window})
            times[name].append((time.perf_counter() - start) * 1e3)

    student = np.median(times['student'])
    print(f'{args.threads} threads, ONNX Runtime {onnxruntime.__version__}, batch 1')
    print('| network | file MB | p50 ms | p95 ms | times the student |')
    print('|---|---:|---:|---:|---:|')
    for name, values in times.items():
        p50, p95 = np.percentile(values, [50, 95])
        size = f' ({parameters[name] / 1e6:.2f} M)' if parameters[name] else ''
        print(f'| {name}{size} | {megabytes[name]:.1f} | {p50:.2f} | {p95:.2f} | '
              f'{p50 / student:.1f} |')


if __name__ == '__main__':
    main()
