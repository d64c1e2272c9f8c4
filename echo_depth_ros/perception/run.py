# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Depth and first-echo range from one recorded chirp.

Finds the direct sound in a stereo recording, ranges the first echo after it, and draws the
depth image that the student sees in the echoes. The file is anything that libsndfile reads (WAV,
FLAC, ...), integers or floats, left ear in the first channel.

For example: echo-depth run recording.wav --out picture.png
"""

import argparse
import math
from pathlib import Path
import sys

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sound_file import read_ears, RecordingError
from echo_depth_ros.perception.assets import default_model_path, find_model
from echo_depth_ros.perception.echo_depth import EchoDepth, MIN_RANGE, Perception
from echo_depth_ros.perception.model import ModelError, StudentModel


def read_recording(path, sample_rate: int) -> tuple[np.ndarray, list[str]]:
    """
    Read a stereo file at the sample rate that is wanted.

    :returns: float32 (2, n) with full scale +-1, and notes for the user.
    :raises RecordingError: no such file, not a sound file, not two channels, or no samples.
    """
    samples, rate = read_ears(path, sample_rate)
    notes = []
    if rate != sample_rate:
        notes.append(f'resampled from {rate} to {sample_rate} Hz')
    if rate < sample_rate:
        notes.append(
            f'nothing above {rate / 2000:.1f} kHz was recorded, and the student was trained '
            f'with sound up to {sample_rate / 2000:.1f} kHz: trust its depth less')
    return samples, notes


def describe(heard: Perception, fmt: PingFormat) -> list[str]:
    """Say in lines of text what a perception found."""
    lines = []
    if heard.direct is not None:
        at = heard.direct.index
        lines.append(f'direct sound  sample {at:.1f} ({1e3 * at / fmt.sample_rate:.2f} ms), '
                     f'SNR {heard.direct.snr_db:.1f} dB')
    if heard.echo is None:
        lines.append('first echo    unknown')
    elif math.isinf(heard.range_m):
        lines.append('first echo    none: nothing reflects within range')
    else:
        lines.append(f'first echo    {heard.range_m:.2f} m ({1e3 * heard.echo.delay_s:.2f} ms '
                     f'after the direct sound), SNR {heard.echo.snr_db:.1f} dB')
    if heard.depth is not None:
        seen = heard.depth[np.isfinite(heard.depth)]
        lines.append(
            f'depth image   {heard.depth.shape[1]}x{heard.depth.shape[0]}, '
            + (f'nearest {seen.min():.2f} m, median {np.median(seen):.2f} m, '
               f'farthest {seen.max():.2f} m' if seen.size
               else 'all beyond range' if np.isposinf(heard.depth).any()
               else 'no pixel that is sure enough'))
    if heard.confidence is not None:
        sure = heard.confidence[np.isfinite(heard.confidence)]
        low, middle, high = np.quantile(sure, (0.1, 0.5, 0.9))
        lines.append(f'confidence    median {middle:.2f}, {low:.2f} to {high:.2f} in 80 % of it')
    if heard.confidence_problem is not None:
        lines.append(f'confidence    unknown: {heard.confidence_problem}')
    return lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `echo-depth run`."""
    parser.add_argument('file', type=Path, help='stereo recording with a chirp in it')
    parser.add_argument('--model', help='ONNX student; default: the one that comes along')
    parser.add_argument('--out', type=Path, help='picture to write; default: FILE_depth.png here')
    parser.add_argument('--npy', type=Path, help='also write the depth image as a NumPy file')
    parser.add_argument('--no-depth', action='store_true', help='first-echo range only, no model')
    parser.add_argument('--start', type=float, default=0.0, metavar='SECONDS',
                        help='look for the first chirp after so many seconds of the file')
    parser.add_argument('--min-range', type=float, default=MIN_RANGE, metavar='METRES',
                        help='nearer echoes do not count as the first '
                             '(default: %(default)s)')
    parser.add_argument('--min-confidence', type=float, default=0.0, metavar='SHARE',
                        help='leave out depth that is less sure, 0 to 1 (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads of the student')


def main(args: argparse.Namespace) -> int:
    """Run the whole chain on one file; 0 if it was heard, 1 if not."""
    fmt = PingFormat()
    recording, notes = read_recording(args.file, fmt.sample_rate)
    first = round(args.start * fmt.sample_rate)
    if not 0 <= first < recording.shape[1]:
        raise RecordingError(
            f'--start is {args.start} s; {args.file} lasts '
            f'{recording.shape[1] / fmt.sample_rate:.2f} s')
    if not 0 < args.min_range < 12:
        raise RecordingError(f'--min-range is {args.min_range}; expected metres from 0 to 12')
    model = None if args.no_depth else _load_model(args.model, fmt, args.threads, notes)
    try:
        ears = EchoDepth(
            model, fmt, min_range=args.min_range, min_confidence=args.min_confidence)
    except ValueError as error:
        raise RecordingError(str(error)) from error
    heard = ears.perceive(recording, search=(first, recording.shape[1]))
    for line in [*(f'note: {note}' for note in notes), *describe(heard, fmt)]:
        print(line)
    if heard.window is not None:
        from echo_depth_ros.perception.picture import draw_perception
        out = args.out or Path(f'{args.file.stem}_depth.png')
        draw_perception(out, heard, fmt, title=args.file.name)
        print(f'picture       {out}')
    if args.npy and heard.depth is not None:
        np.save(args.npy, heard.depth)
        print(f'depth         {args.npy}')
    if heard.problem:
        print(f'echo-depth: error: {args.file}: {heard.problem}', file=sys.stderr)
        return 1
    return 0


def _load_model(path, fmt: PingFormat, threads: int, notes: list[str]):
    """Load the model named, or the default one; without a default, say so and do without."""
    if not path:
        try:
            default_model_path()
        except ModelError as error:
            notes.append(f'no depth image, range only: {error}')
            return None
    return StudentModel(find_model(path), fmt, threads=threads)
