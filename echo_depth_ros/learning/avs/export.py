# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`echo-depth export-avs`: an AVS-Net as one ONNX file that carries its own contract."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
import io
from pathlib import Path
from typing import NamedTuple
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.narrow import LEAST_VIEW
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.data.view import field_of_view, FieldOfView
from echo_depth_ros.learning.export import current_commit, ExportError, OPSET
from echo_depth_ros.learning.half_weights import halve_weights
from echo_depth_ros.learning.training.sampler import spread
from echo_depth_ros.perception.avs_contract import AvsContract, WHOLE_VIEW

TOLERANCE = 2e-3
"""Largest allowed difference between ONNX Runtime and torch, relative to the depth."""
_CHECKED = 16

Senses = tuple[Tensor, ...]
"""Colour images, and the windows where echoes are heard: the arguments of the network."""


class Exported(NamedTuple):
    """Size of the file in MB, and the largest difference to torch relative to the depth."""

    megabytes: float
    difference: float


def export(network: AvsNet, path: Path, training_data: str, commit: str = '',
           samples: tuple[Tensor, Tensor] | None = None, fmt: PingFormat = PingFormat(),
           view: FieldOfView = FieldOfView(), least_view: float = WHOLE_VIEW,
           half: bool = False) -> Exported:
    """
    Write ``network`` as ONNX: ``rgb`` and ``waveform`` in, ``depth`` out.

    Spectrogram and its resize are part of the graph; images come at the network's own size, any
    number at a time, or one where the visual backbone cannot have it otherwise.
    Nothing is written unless ONNX Runtime agrees with torch.

    :param training_data: what the network was trained on, in words, for the contract.
    :param commit: revision of the code, for the contract.
    :param samples: real images (N, 3, H, W) and windows (N, 2, window) to check on as well.
    :param view: of the camera that the network was trained with, for the contract.
    :param least_view: see :class:`~echo_depth_ros.perception.avs_contract.AvsContract`.
    :param half: keep weights in 16 bits, see :mod:`~echo_depth_ros.learning.half_weights`.
    :raises ExportError: they disagree.
    """
    network = network.eval().to(memory_format=torch.contiguous_format)
    config = network.config
    contract = AvsContract.for_format(
        fmt, height=config.image[0], width=config.image[1], depth_min=config.depth_min,
        depth_max=config.depth_max, hfov_deg=view.hfov_deg, vfov_deg=view.vfov_deg,
        training_data=training_data, commit=commit, echo_branch=config.echo_branch,
        visual=config.visual, least_view=least_view)
    chance = torch.Generator().manual_seed(0)
    drawn = (torch.rand((3, 3, *config.image), generator=chance),
             0.05 * torch.randn((3, 2, fmt.window), generator=chance))
    checks = [drawn]
    if samples is not None:
        checks.append((torch.nn.functional.interpolate(
            samples[0], config.image, mode='bilinear', antialias=True), samples[1]))
    senses = len(contract.inputs)
    data = _convert(network, contract, tuple(each[:1] for each in drawn[:senses]), half)
    # NumPy's maximum keeps a NaN, Python's may lose it.
    worst = float(np.max([_difference(network, data, contract, batch[:senses])
                          for batch in checks]))
    if not worst <= TOLERANCE:
        raise ExportError(f'ONNX Runtime and torch differ by {worst:.1%} of the depth; at most '
                          f'{TOLERANCE:.1%} is allowed')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Exported(len(data) / 1e6, worst)


def _convert(network: AvsNet, contract: AvsContract, example: Senses, half: bool) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporter without dynamo announces its retirement
        torch.onnx.export(
            network, example, buffer, opset_version=OPSET, dynamo=False,
            input_names=list(contract.inputs), output_names=[contract.output],
            dynamic_axes={name: {0: 'N'} for name in (*contract.inputs, contract.output)
                          if network.visual.any_batch})
    model = onnx.load_model_from_string(buffer.getvalue())
    if half:
        model = halve_weights(model)
    onnx.helper.set_model_props(model, contract.to_metadata())
    model.producer_name = 'echo_depth_ros'
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _difference(network: AvsNet, data: bytes, contract: AvsContract, senses: Senses) -> float:
    """Largest difference between ONNX Runtime and torch, relative to the depth."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=['CPUExecutionProvider'])
    with torch.no_grad():
        expected = network(*senses).numpy()
    step = len(expected) if network.visual.any_batch else 1
    try:
        found = np.concatenate([session.run([contract.output], {
            name: each[at:at + step].numpy() for name, each in zip(contract.inputs, senses)})[0]
            for at in range(0, len(expected), step)])
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise ExportError(f'ONNX Runtime cannot run what torch exported: {error}') from error
    if found.shape != expected.shape:
        raise ExportError(f'the exported file answers with images of {found.shape}; expected '
                          f'{expected.shape}, as torch does')
    return float((np.abs(found - expected) / expected).max())


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('checkpoint', type=Path, help='RUN/model.pt of "train-avs"')
    parser.add_argument('model', type=Path, help='ONNX file to write')
    parser.add_argument('--training-data', metavar='WORDS',
                        help='what it was trained on, for the contract (default: the kind and '
                             'name of the data set given with --data)')
    parser.add_argument('--data', type=Path, default=None,
                        help='data set on whose validation samples the file is checked, and '
                             'whose camera the contract names')
    parser.add_argument('--half', action='store_true',
                        help='keep weights in 16 bits, for a file of half the size')
    for name, across in (('hfov', 'from left to right'), ('vfov', 'from top to bottom')):
        parser.add_argument(f'--{name}', type=float, metavar='DEGREES',
                            help=f'field of view of the camera {across}, for the contract '
                                 '(default: what --data says of its camera, else 90)')


def main(args: Namespace) -> int:
    """
    Export and check.

    :returns: 0.
    :raises EchoDepthError: no such checkpoint or data set, or ONNX Runtime disagrees.
    """
    network, about = load_avs(args.checkpoint)
    view, samples, words = FieldOfView(), None, args.training_data
    if args.data is not None:
        view = field_of_view(args.data)
        split = open_split(args.data, 'val')
        chosen = spread(len(split), _CHECKED)
        samples = split.rgb_batch(chosen), split.batch(chosen)[0]
        words = words or f'{split.report["layout"]}: {args.data.resolve().name}'
    given = {'hfov_deg': args.hfov, 'vfov_deg': args.vfov}
    view = replace(view, **{name: value for name, value in given.items() if value is not None})
    narrow = about.get('config', {}).get('narrow_share', 0) > 0
    done = export(network, args.model, words or 'not stated', current_commit(), samples,
                  view=view, least_view=LEAST_VIEW if narrow else WHOLE_VIEW, half=args.half)
    senses = 'RGB and echoes' if network.config.echo_branch else 'only RGB'
    print(f'{args.model}: step {about.get("step", "unknown")}, {network.config.visual}, {senses}, '
          f'{done.megabytes:.2f} MB, opset {OPSET}; largest difference to torch '
          f'{done.difference:.1e} of the depth; camera {view.hfov_deg:g}° × {view.vfov_deg:g}°')
    return 0
