# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Waveform to depth on the CPU: students beside networks of the shapes of their peers.

All are ONNX files that take the raw waveform, run by ONNX Runtime in turn, in one process, with
the same number of threads, so that ratios hold on a busy machine too. The peers are the baselines
that ``echo-depth train`` trains, here with random weights: only their time is compared.

    python benchmarks/inference.py [models/*.onnx]

- EchoNet (Parida et al., CVPR 2021): spectrogram of 60 ms, 2×257×166; three convolutions, one
  fully connected layer of 512, seven transposed convolutions; 8.98 M parameters.
- BatVision U-Net (pix2pix ``unet_256``): spectrogram resized to 2×256×256; eight levels; 54.4 M.

Parameters are counted in the files: batch norms are folded into convolutions there, and the fixed
kernels of a spectrogram (0.03 M) count as well.
"""

import argparse
from collections.abc import Mapping
import math
from pathlib import Path
import tempfile
import time
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.networks.batvision_unet import BatVisionUNet
from echo_depth_ros.learning.networks.echonet import EchoNet

FMT = PingFormat()
MODELS = Path(__file__).parents[1] / 'models'
PEERS = {'EchoNet': EchoNet, 'BatVision U-Net (256)': BatVisionUNet}
_WEIGHTS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16,
            onnx.TensorProto.INT8, onnx.TensorProto.UINT8, onnx.TensorProto.INT32)


def count_parameters(model: onnx.ModelProto) -> int:
    """Numbers in the initializers of a graph; not its shapes, nor scales of quantisation."""
    return sum(math.prod(weight.dims) for weight in model.graph.initializer
               if weight.data_type in _WEIGHTS
               and not weight.name.endswith(('_scale', '_zero_point')))


def write(network: nn.Module, path: Path) -> None:
    """Export a peer, for batches of one."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(network.eval(), (torch.zeros(1, 2, FMT.window),), path,
                          opset_version=17, dynamo=False, input_names=['waveform'],
                          output_names=['depth'])


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """ONNX Runtime on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # As the node runs it. Threads that spin would also steal time from the next network's.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


def time_in_turn(sessions: Mapping[str, onnxruntime.InferenceSession],
                 rounds: int) -> dict[str, np.ndarray]:
    """
    Time networks on the same window, one after the other, round after round.

    :param sessions: by name; the first input of each is the waveform.
    :returns: milliseconds of each run, by name.
    """
    window = np.random.default_rng(0).normal(0, 0.05, (1, 2, FMT.window)).astype(np.float32)
    feeds = {name: {session.get_inputs()[0].name: window} for name, session in sessions.items()}
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for name, session in sessions.items():
        for _ in range(5):
            session.run(None, feeds[name])
    for _ in range(rounds):
        for name, session in sessions.items():
            # Each first run finds the others' weights in the caches: the second is counted.
            session.run(None, feeds[name])
            start = time.perf_counter()
            session.run(None, feeds[name])
            times[name].append((time.perf_counter() - start) * 1e3)
    return {name: np.array(values) for name, values in times.items()}


def main() -> None:
    """Time all in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('models', type=Path, nargs='*', metavar='MODEL.onnx',
                        help='students; all others are compared with the first '
                             '(default: all in models/)')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=60)
    args = parser.parse_args()
    models = args.models or sorted(MODELS.glob('*.onnx'))
    missing = [str(path) for path in models if not path.is_file()]
    if missing or not models:
        parser.error(f'{", ".join(missing) or MODELS / "*.onnx"} does not exist; export a '
                     'student first: echo-depth export RUN/model.pt MODEL.onnx')

    with tempfile.TemporaryDirectory() as folder:
        files = {path.stem: path for path in models}
        for name, network in PEERS.items():
            torch.manual_seed(0)
            files[name] = Path(folder) / f'{len(files)}.onnx'
            write(network(), files[name])
        sessions = {name: open_session(path, args.threads) for name, path in files.items()}
        megabytes = {name: path.stat().st_size / 1e6 for name, path in files.items()}
        millions = {name: count_parameters(onnx.load(path)) / 1e6 for name, path in files.items()}

    times = time_in_turn(sessions, args.rounds)
    first = np.median(times[models[0].stem])
    print(f'{args.threads} threads, ONNX Runtime {onnxruntime.__version__}, batch 1')
    print(f'| network | parameters M | file MB | p50 ms | p95 ms | times {models[0].stem} |')
    print('|---|---:|---:|---:|---:|---:|')
    for name, values in times.items():
        p50, p95 = np.percentile(values, [50, 95])
        print(f'| {name} | {millions[name]:.2f} | {megabytes[name]:.1f} | {p50:.2f} | {p95:.2f} | '
              f'{p50 / first:.1f} |')


if __name__ == '__main__':
    main()
