# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""``echo-depth export``: a checkpoint as one ONNX file that carries its own contract."""

from argparse import ArgumentParser, Namespace
import io
from pathlib import Path
import subprocess
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.dataset import DatasetError, EchoSplit
from echo_depth_ros.learning.networks import EchoUNet
from echo_depth_ros.learning.trainer import load_network
from echo_depth_ros.perception.contract import ModelContract

OPSET = 17
MAX_MEGABYTES = 12.0
TOLERANCE = 2e-3
"""Largest allowed difference between ONNX Runtime and torch, relative to the depth."""


class ExportError(EchoDepthError, RuntimeError):
    """The exported file is too large or does not compute what the network computes."""


def export(network: EchoUNet, path: Path, training_data: str, commit: str = '',
           windows: np.ndarray | None = None, fmt: PingFormat = PingFormat()) -> float:
    """
    Write ``network`` as ONNX: ``waveform`` (N, 2, window) in, ``depth`` (N, H, W) metres out.

    Nothing is written unless the file is small enough and ONNX Runtime agrees with torch on
    random windows and on ``windows``.

    :param training_data: what the network was trained on, in words, for the contract.
    :param commit: revision of the code, for the contract.
    :param windows: (N, 2, window) real windows to check on as well.
    :returns: largest relative difference to torch.
    :raises ExportError: see above.
    """
    network = network.eval().to(memory_format=torch.contiguous_format)
    size = network.SIZE
    contract = ModelContract.for_format(
        fmt, depth_min=network.config.depth_min, depth_max=network.config.depth_max, height=size,
        width=size, training_data=training_data, commit=commit)
    example = torch.randn(2, 2, fmt.window) * 0.1
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporter without dynamo announces its retirement
        torch.onnx.export(
            network, (example,), buffer, opset_version=OPSET, dynamo=False,
            input_names=[contract.input], output_names=[contract.output],
            dynamic_axes={contract.input: {0: 'N'}, contract.output: {0: 'N'}})
    model = onnx.load_model_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, contract.to_metadata())
    model.producer_name = 'echo_depth_ros'
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    if len(data) > MAX_MEGABYTES * 1e6:
        raise ExportError(f'the model is {len(data) / 1e6:.1f} MB; at most {MAX_MEGABYTES} MB are '
                          'allowed: train a network with fewer parameters')
    checks = [np.random.default_rng(0).normal(0, 0.05, (3, 2, fmt.window)).astype(np.float32)]
    if windows is not None:
        checks.append(windows.astype(np.float32))
    difference = max(_difference(network, data, batch) for batch in checks)
    if not difference <= TOLERANCE:
        raise ExportError(f'ONNX Runtime and torch differ by {difference:.1%} of the depth; at '
                          f'most {TOLERANCE:.1%} is allowed')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return difference


def _difference(network: EchoUNet, data: bytes, windows: np.ndarray) -> float:
    session = onnxruntime.InferenceSession(data, providers=['CPUExecutionProvider'])
    found = session.run(None, {session.get_inputs()[0].name: windows})[0]
    with torch.no_grad():
        expected = network(torch.from_numpy(windows)).numpy()
    return float(np.max(np.abs(found - expected) / expected))


def current_commit() -> str:
    """Revision of the source tree, or '' where it is not under version control."""
    try:
        done = subprocess.run(
            ['git', 'rev-parse', '--short=12', 'HEAD'], cwd=Path(__file__).parent,
            capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ''
    return done.stdout.strip()


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('checkpoint', type=Path, help='RUN/best.pt of "echo-depth train"')
    parser.add_argument('model', type=Path, help='ONNX file to write')
    parser.add_argument('--training-data', default='simulated rooms',
                        help='what it was trained on, in words, for the contract')
    parser.add_argument('--data', type=Path, default=None,
                        help='data set whose validation windows are used for the check')


def main(args: Namespace) -> int:
    """
    Export and check.

    :returns: 0, or 2 with the reason on stderr.
    """
    try:
        network, about = load_network(args.checkpoint)
        windows = None
        if args.data is not None:
            split = EchoSplit.load(args.data, 'val', limit=32, progress=False)
            windows = split.batch(torch.arange(len(split)))[0].numpy()
        difference = export(network, args.model, args.training_data, current_commit(), windows)
    except (DatasetError, ExportError, OSError, ValueError) as error:
        print(f'echo-depth export: {error}', file=sys.stderr)
        return 2
    size = args.model.stat().st_size / 1e6
    print(f'{args.model}: {size:.2f} MB, opset {OPSET}, step {about["step"]}, validation REL '
          f'{about["best"]:.4f}; largest difference to torch {difference:.1e} of the depth')
    return 0
