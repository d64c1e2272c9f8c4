# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`echo-depth export-ambient`: a network that hears walls as one ONNX file with its contract."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
import io
from pathlib import Path
from typing import Any, NamedTuple
import warnings

import numpy as np
import onnx
import onnxruntime
import torch

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.learning.ambient.networks import AmbientNetwork
from echo_depth_ros.learning.ambient.run import load_network
from echo_depth_ros.learning.export import current_commit, ExportError, OPSET
from echo_depth_ros.perception.ambient import AmbientContract

TOLERANCE = 1e-3
"""Largest allowed difference between ONNX Runtime and torch, of chance and of metres."""


class Exported(NamedTuple):
    """Size of the file in MB, and the largest difference to torch."""

    megabytes: float
    difference: float


def export(network: AmbientNetwork, path: Path, contract: AmbientContract) -> Exported:
    """
    Write ``network`` as ONNX: ``mel`` in, ``near`` and ``distance`` out.

    Nothing is written unless ONNX Runtime agrees with torch.

    :raises ExportError: it does not, or the contract is of other channels.
    """
    network = network.eval()
    if contract.channels != network.config.channels:
        raise ExportError(f'the network hears {network.config.channels} channels, the contract '
                          f'says {contract.hear}')
    generator = torch.Generator().manual_seed(0)
    shape = (3, network.config.channels, contract.frames, contract.mels)
    example = torch.randn(shape, generator=generator) * 2 - 10
    axes = {'mel': {0: 'N'}, 'near': {0: 'N'}, 'distance': {0: 'N'}}
    checks = [example]
    if contract.any_length:
        axes['mel'][2] = 'frames'
        checks.append(torch.randn((2, *shape[1:2], 307, contract.mels), generator=generator) - 9)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporter without dynamo announces its retirement
        torch.onnx.export(network, (example,), buffer, opset_version=OPSET, dynamo=False,
                          input_names=['mel'], output_names=['near', 'distance'],
                          dynamic_axes=axes)
    model = onnx.load_model_from_string(buffer.getvalue())
    onnx.helper.set_model_props(model, contract.to_metadata())
    model.producer_name = 'echo_depth_ros'
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=['CPUExecutionProvider'])
    worst = 0.0
    for pictures in checks:
        with torch.no_grad():
            expected = network(pictures)
        found = session.run(['near', 'distance'], {'mel': pictures.numpy()})
        # NumPy's maximum keeps a NaN, Python's may lose it.
        worst = float(np.max([worst, *(np.abs(a - b.numpy()).max()
                                       for a, b in zip(found, expected))]))
    if not worst <= TOLERANCE:
        raise ExportError(f'ONNX Runtime and torch differ by {worst:.2g}; at most {TOLERANCE} is '
                          'allowed')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Exported(len(data) / 1e6, worst)


def contract_of(network: AmbientNetwork, about: Mapping[str, Any],
                training_data: str | None = None) -> AmbientContract:
    """
    Return what an exported network promises.

    :param about: what :func:`~.run.load_network` knows about it.
    :param training_data: in words; the name of the data set when omitted.
    """
    return AmbientContract(
        **vars(AmbientFormat()), hear=about['hear'],
        any_length=network.config.trunk == 'small', near=about['run']['near'],
        farthest=network.config.farthest, training_data=training_data or about['data'],
        commit=current_commit())


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('checkpoint', type=Path, help='RUN/model.pt of "train-ambient"')
    parser.add_argument('model', type=Path, help='ONNX file to write')
    parser.add_argument('--training-data', metavar='WORDS',
                        help='what it was trained on, for the contract (default: the name of the '
                             'data set)')


def main(args: Namespace) -> int:
    """
    Export and check; returns 0.

    :raises EchoDepthError: no such checkpoint, or ONNX Runtime disagrees.
    """
    network, about = load_network(args.checkpoint)
    contract = contract_of(network, about, args.training_data)
    done = export(network, args.model, contract)
    print(f'{args.model}: {network.config.trunk}, hears {contract.hear}, {done.megabytes:.2f} MB, '
          f'opset {OPSET}; largest difference to torch {done.difference:.1e}')
    return 0
