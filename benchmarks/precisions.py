# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A student in float32, float16 and int8: accuracy, size and speed side by side, in one run.

    python benchmarks/precisions.py [models/echo_depth_student.onnx] [--data data/v1] [--out DIR]

From the float32 file these are made with ONNX Runtime's own tools:

- fp16: weights and activations in half precision. ONNX Runtime's CPU provider has few such kernels
  and converts back and forth, so on a CPU this saves space, not time.
- int8 static: weights and activations in 8 bits (QDQ), but for batch norms that follow no
  convolution; with ranges of activations from windows of the validation split.
- int8 dynamic: fully connected layers only; ranges of activations found at run time.

In all of them what precedes the logarithm (level, spectrogram, matched filter) and what follows
the last layer with weights (depth from its logarithm, confidence) stays in float32: magnitudes
span more orders than the short formats have, and depth is what is promised. Every variant keeps
its inputs, its outputs and its contract, and the node's own loader has to accept it.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
import sys
import tempfile

from inference import open_session, time_in_turn
import numpy as np
import onnx
import onnxruntime
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16
import torch

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import EchoSplit, open_split
from echo_depth_ros.perception.contract import ModelContract
from echo_depth_ros.perception.metrics import DepthFigures, FigureMean
from echo_depth_ros.perception.model import StudentModel

FMT = PingFormat()
ROOT = Path(__file__).parents[1]
WEIGHTED = ('Conv', 'ConvTranspose', 'Gemm', 'MatMul')
BATCH = 16


def float32_nodes(graph: onnx.GraphProto) -> list[str]:
    """
    Names of the nodes that must stay in float32: see the top of this file.

    :param graph: of a student, its nodes named, in topological order.
    :raises ValueError: when there is no logarithm to tell where the spectrogram ends.
    """
    producer = {output: node for node in graph.node for output in node.output}
    log = next((node for node in graph.node if node.op_type == 'Log'), None)
    if log is None:
        raise ValueError('the graph has no Log node, by which the end of the spectrogram is '
                         'found; expected a student that "echo-depth export" wrote')
    front, queue = {log.name}, [log]
    while queue:
        for name in queue.pop().input:
            above = producer.get(name)
            if above is not None and above.name not in front:
                front.add(above.name)
                queue.append(above)
    # From the end: a value that a layer with weights still hears is no result yet.
    heard: set[str] = set()
    tail = []
    for node in reversed(graph.node):
        if node.op_type in WEIGHTED or heard.intersection(node.output):
            heard.update(node.input)
        else:
            tail.append(node.name)
    return [node.name for node in graph.node if node.name in front or node.name in tail]


def prepare(path: Path, prepared: Path) -> onnx.ModelProto:
    """
    Fold constants and batch norms, infer shapes, name every node.

    :param path: float32 student.
    :param prepared: file to write.
    :raises ValueError: the file holds short weights already.
    """
    kinds = {weight.data_type for weight in onnx.load(path).graph.initializer}
    if kinds & {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8, onnx.TensorProto.UINT8}:
        raise ValueError(f'{path} is not in float32; give the file that "echo-depth export" wrote')
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    model = onnx.load(prepared)
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f'{node.op_type}_{index}'
    onnx.save(model, prepared)
    return model


def to_float16(model: onnx.ModelProto, keep: list[str]) -> onnx.ModelProto:
    """
    Convert to half precision, but for the inputs, the outputs and the nodes named in ``keep``.

    The converter casts every input to float16 first, and back for each node that stays in
    float32: that would round the waveform. So all casts there and back are taken out again.
    """
    model = convert_float_to_float16(model, keep_io_types=True, node_block_list=keep)
    half, full = ({node.output[0]: node.input[0] for node in model.graph.node
                   if node.op_type == 'Cast' and node.attribute[0].i == kind}
                  for kind in (onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT))
    original = {back: half[there] for back, there in full.items() if there in half}
    nodes = [node for node in model.graph.node if node.output[0] not in original]
    outputs = {output.name for output in model.graph.output}
    # An output that was cast there and back is the value before under the output's name.
    renamed = {value: name for name, value in original.items() if name in outputs}
    for node in nodes:
        for place, name in enumerate(node.input):
            name = original.get(name, name)
            node.input[place] = renamed.get(name, name)
        for place, name in enumerate(node.output):
            node.output[place] = renamed.get(name, name)
    used = outputs.union(*(node.input for node in nodes))
    nodes = [node for node in nodes if used.intersection(node.output)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


class Windows(quantization.CalibrationDataReader):
    """
    Windows for the ranges of activations, a batch at a time.

    :param name: of the model's input.
    :param windows: float32 (N, 2, window).
    """

    def __init__(self, name: str, windows: np.ndarray) -> None:
        batches = [windows[start:start + BATCH] for start in range(0, len(windows), BATCH)]
        self._feeds: Iterator[dict] = iter([{name: batch} for batch in batches])

    def get_next(self) -> dict | None:
        """Return the next batch, or None after the last."""
        return next(self._feeds, None)


def make_variants(path: Path, folder: Path, windows: np.ndarray) -> dict[str, Path]:
    """
    Write the variants of a student.

    :param path: float32 student.
    :param folder: to write into.
    :param windows: float32 (N, 2, window), for the ranges of activations.
    :returns: files by name of the variant, the given one first.
    """
    metadata = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    contract = ModelContract.from_metadata(metadata)
    files = {'float32': path} | {
        name: folder / f'{path.stem}_{name.replace(" ", "_")}.onnx'
        for name in ('fp16', 'int8 static', 'int8 dynamic')}
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / 'prepared.onnx'
        model = prepare(path, prepared)
        keep = float32_nodes(model.graph)
        onnx.save(to_float16(model, keep), files['fp16'])
        norms = [n.name for n in model.graph.node if n.op_type == 'BatchNormalization']
        # Unsigned activations and signed weights: the pair that CPUs multiply fastest.
        quantization.quantize_static(
            prepared, files['int8 static'], Windows(contract.input, windows),
            quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            nodes_to_exclude=keep + norms,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            # Sums of 8-bit products saturate on processors without VNNI; those of 7 bits do not.
            reduce_range=True)
        quantization.quantize_dynamic(
            prepared, files['int8 dynamic'], nodes_to_exclude=keep,
            op_types_to_quantize=['Gemm', 'MatMul'], weight_type=quantization.QuantType.QInt8,
            reduce_range=True)
    for written in list(files.values())[1:]:
        variant = onnx.load(written)
        onnx.helper.set_model_props(variant, metadata)
        onnx.save(variant, written)
    return files


def spread(split: EchoSplit, count: int) -> torch.Tensor:
    """Choose so many samples, evenly over a split: neighbours share a room."""
    return torch.linspace(0, len(split) - 1, min(count, len(split))).long()


def accuracy(session: onnxruntime.InferenceSession, contract: ModelContract, split: EchoSplit,
             indices: torch.Tensor) -> tuple[DepthFigures, list[np.ndarray]]:
    """
    Figures of a model, and what it said.

    :param indices: the samples to judge it by.
    :returns: figures; depth in metres and, where the network has it, confidence, each
        (N, height, width).
    """
    names = [contract.output, *([contract.confidence] if contract.confidence else [])]
    figures, answers = FigureMean(contract.depth_max), []
    for chosen in indices.split(BATCH):
        waveform, truth = split.batch(chosen)
        answers.append(session.run(names, {contract.input: waveform.numpy()}))
        for guess, true in zip(answers[-1][0], truth.numpy()):
            figures.add(guess, true)
    return figures.mean, [np.concatenate(images) for images in zip(*answers)]


def main() -> int:
    """Make, check, judge and time all, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('model', type=Path, nargs='?',
                        default=ROOT / 'models' / 'echo_depth_student.onnx',
                        help='float32 student (default: %(default)s)')
    parser.add_argument('--data', type=Path, default=ROOT / 'data' / 'v1',
                        help='data set (default: %(default)s)')
    parser.add_argument('--split', default='test', help='to judge by (default: %(default)s)')
    parser.add_argument('--limit', type=int, default=None,
                        help='judge by so many samples, evenly spread (default: all)')
    parser.add_argument('--calibration', type=int, default=256,
                        help='validation windows for int8 ranges (default: %(default)s)')
    parser.add_argument('--out', type=Path, default=None,
                        help='keep the variants in this folder (default: keep none)')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=60)
    args = parser.parse_args()
    if not args.model.is_file():
        parser.error(f'{args.model} does not exist; export a student first: '
                     'echo-depth export RUN/model.pt MODEL.onnx')
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            val, judged = open_split(args.data, 'val'), open_split(args.data, args.split)
            windows = val.batch(spread(val, args.calibration))[0].numpy()
            files = make_variants(args.model, folder, windows)
            contracts = {name: StudentModel(path, FMT).contract for name, path in files.items()}
        except (EchoDepthError, ValueError) as error:
            print(f'precisions: {error}', file=sys.stderr)
            return 2
        sessions = {name: open_session(path, args.threads) for name, path in files.items()}
        megabytes = {name: path.stat().st_size / 1e6 for name, path in files.items()}

    indices = spread(judged, args.limit or len(judged))
    results = {name: accuracy(session, contracts[name], judged, indices)
               for name, session in sessions.items()}
    times = time_in_turn(sessions, args.rounds)
    reference = results['float32'][1]
    print(f'{args.model.name}, {len(indices)} windows of {args.data.name}/{args.split}; '
          f'{args.threads} threads, ONNX Runtime {onnxruntime.__version__}, batch 1')
    print('| variant | file MB | REL | RMSE m | δ1 | mean change of depth | of confidence '
          '| p50 ms | p95 ms | times float32 |')
    print('|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|')
    for name, (figures, said) in results.items():
        depth = f'{np.mean(np.abs(said[0] / reference[0] - 1)):.2%}'
        confidence = f'{np.mean(np.abs(said[1] - reference[1])):.4f}' if said[1:] else '–'
        p50, p95 = np.percentile(times[name], [50, 95])
        print(f'| {name} | {megabytes[name]:.2f} | {figures.rel:.4f} | {figures.rmse:.4f} | '
              f'{figures.delta1:.4f} | {depth} | {confidence} | {p50:.2f} | {p95:.2f} | '
              f'{p50 / np.median(times["float32"]):.2f} |')
    return 0


if __name__ == '__main__':
    sys.exit(main())
