# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""``echo-depth export``: a checkpoint as one ONNX file that carries its own contract."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
import io
from pathlib import Path
import subprocess
import sys
from typing import NamedTuple
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import DatasetError, EchoSplit, open_split
from echo_depth_ros.learning.data.view import field_of_view, FieldOfView
from echo_depth_ros.learning.evaluation.calibration import calibrate
from echo_depth_ros.learning.networks.student import EchoStudent
from echo_depth_ros.learning.networks.teacher import RgbTeacher
from echo_depth_ros.learning.training.checkpoint import load_model
from echo_depth_ros.perception.contract import ModelContract

OPSET = 17
MAX_MEGABYTES = 12.0
"""A student runs on a robot, so its file is small. Baselines may be as large as they are."""
TOLERANCE = 2e-3
"""Largest allowed difference between ONNX Runtime and torch: of depth relative to the depth, of
confidence as it is."""
CHECKED_WINDOWS = 32


class ExportError(EchoDepthError, RuntimeError):
    """The exported file is too large or does not compute what the network computes."""


class Exported(NamedTuple):
    """
    What was written.

    :ivar megabytes: size of the file.
    :ivar depth: largest difference to torch, relative to the depth.
    :ivar confidence: largest difference to torch; None where the network predicts none.
    """

    megabytes: float
    depth: float
    confidence: float | None


def export(network: nn.Module, path: Path, training_data: str, commit: str = '',
           windows: np.ndarray | None = None, fmt: PingFormat = PingFormat(),
           calibration: str = '', view: FieldOfView = FieldOfView()) -> Exported:
    """
    Write ``network`` as ONNX: ``waveform`` (N, 2, window) in, ``depth`` (N, H, W) metres out.

    A network that returns depth and confidence, as :class:`EchoStudent` does, has a second output,
    ``confidence`` (N, H, W). Nothing is written unless the file is small enough (for a student)
    and ONNX Runtime agrees with torch on random windows and on ``windows``.

    :param training_data: what the network was trained on, in words, for the contract.
    :param commit: revision of the code, for the contract.
    :param windows: (N, 2, window) real windows to check on as well.
    :param calibration: what its confidence was calibrated on, in words, for the contract.
    :param view: of the camera whose depth the network was trained to draw, for the contract.
    :raises ExportError: see above, or the network answers with no depth images at all.
    """
    network = network.eval().to(memory_format=torch.contiguous_format)
    contract = _contract(network, fmt, training_data=training_data, commit=commit,
                         calibration=calibration, hfov_deg=view.hfov_deg,
                         vfov_deg=view.vfov_deg)
    model = _convert(network, contract)
    onnx.helper.set_model_props(model, contract.to_metadata())
    model.producer_name = 'echo_depth_ros'
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    megabytes = len(data) / 1e6
    if isinstance(network, EchoStudent) and megabytes > MAX_MEGABYTES:
        raise ExportError(f'the model is {megabytes:.1f} MB; at most {MAX_MEGABYTES} MB are '
                          'allowed: train a network with fewer parameters')
    checks = [np.random.default_rng(0).normal(0, 0.05, (3, 2, fmt.window)).astype(np.float32)]
    if windows is not None:
        checks.append(windows.astype(np.float32))
    # NumPy's maximum keeps a NaN, Python's may lose it.
    worst = [float(each) for each in np.max(
        [_differences(network, data, batch) for batch in checks], axis=0)]
    for name, of, difference in zip(('depth', 'confidence'), ('the depth', 'full scale'), worst):
        if not difference <= TOLERANCE:
            raise ExportError(f'ONNX Runtime and torch differ in {name} by {difference:.1%} of '
                              f'{of}; at most {TOLERANCE:.1%} is allowed')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Exported(megabytes, worst[0], worst[1] if len(worst) > 1 else None)


def _outputs(network: nn.Module, windows: torch.Tensor) -> list[np.ndarray]:
    """Depth, and confidence where there is one."""
    with torch.no_grad():
        answer = network(windows)
    return [image.numpy() for image in (answer if isinstance(answer, tuple) else (answer,))]


def _contract(network: nn.Module, fmt: PingFormat, **others) -> ModelContract:
    """Contract with the size and the outputs that the network really has."""
    outputs = _outputs(network, torch.zeros(1, 2, fmt.window))
    shape = outputs[0].shape
    if len(shape) != 3 or len(outputs) > 2 or any(image.shape != shape for image in outputs):
        raise ExportError(
            f'the network answers with {[image.shape for image in outputs]} for one window; '
            'expected depth, and perhaps confidence, of one shape (1, height, width)')
    config = getattr(network, 'config', None)
    defaults = ModelContract()
    return ModelContract.for_format(
        fmt, height=shape[1], width=shape[2],
        depth_min=getattr(config, 'depth_min', defaults.depth_min),
        depth_max=getattr(config, 'depth_max',
                          getattr(network, 'max_depth', defaults.depth_max)),
        confidence='confidence' if len(outputs) > 1 else '', **others)


def _convert(network: nn.Module, contract: ModelContract) -> onnx.ModelProto:
    names = [contract.output, *([contract.confidence] if contract.confidence else [])]
    example = torch.randn(2, 2, contract.window, generator=torch.Generator().manual_seed(0)) * 0.1
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporter without dynamo announces its retirement
        torch.onnx.export(
            network, (example,), buffer, opset_version=OPSET, dynamo=False,
            input_names=[contract.input], output_names=names,
            dynamic_axes={name: {0: 'N'} for name in (contract.input, *names)})
    return onnx.load_model_from_string(buffer.getvalue())


def _differences(network: nn.Module, data: bytes, windows: np.ndarray) -> list[float]:
    """Largest difference between ONNX Runtime and torch, output by output."""
    session = onnxruntime.InferenceSession(data, providers=['CPUExecutionProvider'])
    expected = _outputs(network, torch.from_numpy(windows))
    try:
        found = session.run(None, {session.get_inputs()[0].name: windows})
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise ExportError(f'ONNX Runtime cannot run what torch exported: {error}') from error
    shapes = [[image.shape for image in images] for images in (found, expected)]
    if shapes[0] != shapes[1]:
        raise ExportError(f'the exported file answers with images of {shapes[0]}; expected '
                          f'{shapes[1]}, as torch does')
    apart = [np.abs(a - b) for a, b in zip(found, expected)]
    apart[0] /= expected[0]
    return [float(each.max()) for each in apart]


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
    parser.add_argument('checkpoint', type=Path, help='RUN/model.pt of "echo-depth train"')
    parser.add_argument('model', type=Path, help='ONNX file to write')
    parser.add_argument('--training-data', metavar='WORDS',
                        help='what it was trained on, for the contract (default: the kind and '
                             'name of the data set given with --data)')
    parser.add_argument('--data', type=Path, default=None,
                        help='data set on whose validation windows confidence is calibrated and '
                             'the file is checked')
    for name, across in (('hfov', 'from left to right'), ('vfov', 'from top to bottom')):
        parser.add_argument(f'--{name}', type=float, metavar='DEGREES',
                            help=f'field of view {across} of the camera whose depth it draws, for '
                                 'the contract (default: what --data says of its camera, else '
                                 '90)')


def main(args: Namespace) -> int:
    """
    Calibrate, export and check.

    :returns: 0, or 2 with the reason on stderr.
    """
    try:
        network, about = load_model(args.checkpoint)
        if isinstance(network, RgbTeacher):
            raise ExportError(f'{args.checkpoint} is a vision teacher, which hears nothing; '
                              'expected a student or a baseline')
        view, windows, calibration = FieldOfView(), None, ''
        training_data = args.training_data
        if args.data is not None:
            view = field_of_view(args.data)
            split = open_split(args.data, 'val')
            windows = _some(split)
            if training_data is None:
                training_data = f'{split.report["layout"]}: {args.data.resolve().name}'
            if isinstance(network, EchoStudent):
                slope, offset = calibrate(network, split)
                calibration = (f'validation windows of {args.data.resolve().name} '
                               f'(slope {slope:.3f}, offset {offset:.3f})')
        given = {'hfov_deg': args.hfov, 'vfov_deg': args.vfov}
        view = replace(view, **{name: value for name, value in given.items() if value is not None})
        done = export(network, args.model, training_data or 'not stated', current_commit(),
                      windows, calibration=calibration, view=view)
    except (DatasetError, ExportError, OSError, ValueError) as error:
        print(f'echo-depth export: {error}', file=sys.stderr)
        return 2
    print(f'{args.model}: step {about.get("step", "unknown")}, {_describe(network, done)}; '
          f'camera {view.hfov_deg:g}° × {view.vfov_deg:g}°')
    if isinstance(network, EchoStudent):
        print(f'confidence: calibrated on {calibration}' if calibration else
              'confidence: not calibrated; name a data set with --data')
    return 0


def _some(split: EchoSplit) -> np.ndarray:
    """Return windows from all over a split."""
    chosen = np.linspace(0, len(split) - 1, min(CHECKED_WINDOWS, len(split))).round()
    return split.batch(torch.from_numpy(np.unique(chosen).astype(np.int64)))[0].numpy()


def _describe(network: nn.Module, done: Exported) -> str:
    limit = f' (at most {MAX_MEGABYTES:g})' if isinstance(network, EchoStudent) else ''
    return (f'{type(network).__name__}, {done.megabytes:.2f} MB{limit}, opset {OPSET}; largest '
            f'difference to torch {done.depth:.1e} of the depth'
            + ('' if done.confidence is None else f', {done.confidence:.1e} in confidence'))
