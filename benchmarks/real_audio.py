# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The chain on real PortAudio streams: is every chirp found, on the sample, and at what cost.

Starts a JACK server of its own and a room as a client of it, then emitter, capture and inference
as processes on one duplex stream with that room. The room convolves live what the speaker plays
with impulse responses that the simulator renders along a drive, and keeps what it gave to the
ears. Each published window is found again in that, float by float, which tells its true frame; so
the alignment error is the capture's alone, and owes nothing to any clock. The true direct sound
comes `direct_distance / c` after the frame on which the room saw the chirp begin.

What streams cost in depth: the same chirps through the same impulse responses, one after the
other as they came, with as much noise, convolved offline, aligned and seen by the same student.
Everything but the streams is simulation.

    python benchmarks/real_audio.py --pings 1000
"""

import argparse
import os
import sys
import time

import numpy as np
import psutil
from running_nodes import (
    audio_host,
    cpu_seconds,
    own_domain,
    spectator,
    start_nodes,
    stop_nodes,
)
from scipy.signal import fftconvolve

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.bench.convolver import LONGEST
from echo_depth_ros.bench.jack import JackServer, missing
from echo_depth_ros.bench.room import Heard, RoomClient
from echo_depth_ros.perception.assets import find_model
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.metrics import FigureMean
from echo_depth_ros.perception.model import StudentModel

NODES = ('binaural_capture', 'depth_inference', 'chirp_emitter')
FMT = PingFormat()
NOISE = 10**(-55 / 20)
"""RMS of the ears' noise, of full scale."""
PING_RATE = 13.7
TRAVEL = FMT.direct_distance / SPEED_OF_SOUND * FMT.sample_rate
SILENT = int(np.flatnonzero(linear_chirp(FMT))[0])
"""Samples with which a chirp begins that are zero: the room sees it from the first that is not."""
_ACCOUNT = 50
BAR_CPU = 10.0
BAR_SAMPLES = 1.0


class Drive:
    """A robot that a pilot drives through a simulated room: impulse responses, true depth."""

    def __init__(self, seed: int):
        from echo_depth_ros.sim.random_world import random_world
        from echo_depth_ros.sim.simulation import Simulation
        self._simulation = Simulation(random_world(seed), seed=seed)
        self.responses: list[np.ndarray] = []
        self.depths: list[np.ndarray] = []

    def go_on(self) -> np.ndarray:
        """Drive for as long as one ping takes, and return the response there."""
        pose = self._simulation.tour(1 / PING_RATE)
        self.responses.append(self._simulation.air.response(pose)[:, :LONGEST])
        self.depths.append(self._simulation.camera.render(pose).depth)
        return self.responses[-1]


class Witness:
    """Subscribes like any other user, and keeps what comes."""

    def __init__(self, node):
        from diagnostic_msgs.msg import DiagnosticArray
        from sensor_msgs.msg import Image

        from echo_depth_ros.nodes.conversions import (
            depth_from_msg,
            recording_from_msg,
            stamp_from_msg,
        )
        self.windows: dict[int, np.ndarray] = {}
        self.depths: dict[int, np.ndarray] = {}
        self.status: dict[str, dict[str, str]] = {}
        node.create_subscription(Image, 'binaural', lambda msg: self.windows.update(
            {stamp_from_msg(msg.header.stamp): recording_from_msg(msg).copy()}), 50)
        node.create_subscription(Image, 'depth/image', lambda msg: self.depths.update(
            {stamp_from_msg(msg.header.stamp): depth_from_msg(msg).copy()}), 50)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 20)

    def _on_status(self, msg) -> None:
        for status in msg.status:
            self.status[status.name] = {v.key: v.value for v in status.values}


def find(window: np.ndarray, ears: np.ndarray) -> int | None:
    """Sample of ``ears`` on which exactly this window begins; noise makes it unique."""
    for at in np.flatnonzero(ears[0, :ears.shape[1] - window.shape[1] + 1] == window[0, 0]):
        if np.array_equal(ears[:, at:at + window.shape[1]], window):
            return int(at)
    return None


class Ledger:
    """For each window its true frame, and the sound it belongs to."""

    def __init__(self, room: RoomClient):
        self._room = room
        self.rows: dict[int, tuple[int, float, int]] = {}
        self.foreign = 0
        self._done: set[int] = set()

    def account(self, windows: dict[int, np.ndarray]) -> None:
        """Find the windows that are new in what the room gave to the ears."""
        new = [stamp for stamp in windows if stamp not in self._done]
        sounds = self._room.truth()
        end = self._room.end_frame
        for stamp in new:
            ago = round((time.time() - stamp / 1e9) * 44100)
            start = max(end - ago - 8192, 0)
            ears = self._room.ears(start, min(16384 + FMT.window, end - start))
            at = find(windows[stamp], ears)
            self._done.add(stamp)
            if at is None:
                self.foreign += 1
                continue
            direct = start + at + FMT.direct_index
            sound = min(sounds, key=lambda heard: abs(heard.frame - direct))
            self.rows[stamp] = (
                start + at, direct - (sound.frame - SILENT + TRAVEL), sound.response_id)


def offline(drive: Drive, sounds: list[Heard], ears: EchoDepth, seed: int) -> FigureMean:
    """See the same train of chirps with the same student, without streams."""
    rng = np.random.default_rng(seed)
    chirp, figures, before = linear_chirp(FMT), FigureMean(), 1000
    first = sounds[0].frame - before
    air = rng.normal(0, NOISE, (2, sounds[-1].frame - first + 2 * LONGEST)).astype(np.float32)
    heard = {pose: np.stack([fftconvolve(row, chirp) for row in drive.responses[pose]])
             for pose in {sound.response_id for sound in sounds}}
    for sound in sounds:
        at, part = sound.frame - SILENT - first, heard[sound.response_id]
        air[:, at:at + part.shape[1]] += part
    for sound in sounds:
        at = sound.frame - SILENT - first
        seen = ears.perceive(air[:, at - 300:at + FMT.window + 300], want_range=False,
                             search=(300, 400))
        if seen.depth is not None:
            figures.add(seen.depth, drive.depths[sound.response_id])
    return figures


def measure(args: argparse.Namespace) -> int:
    """Run the benchmark and print its tables."""
    model = find_model(args.model)
    card = {'backend': 'portaudio', 'input_device': 'room', 'output_device': 'room'}
    drive = Drive(args.seed)
    with (spectator('real_audio_benchmark') as (node, spin_until), JackServer() as server,
          RoomClient(server, noise_rms=NOISE, seed=args.seed) as room):
        witness = Witness(node)
        room.respond(drive.go_on())
        processes = start_nodes(NODES, {**os.environ, **server.environment}, {
            'chirp_emitter': card, 'binaural_capture': card,
            'depth_inference': {'model': model, 'threads': args.threads}})
        ledger = Ledger(room)
        try:
            if not spin_until(lambda: len(witness.depths) >= 30, args.patience):
                print(f'no depth images within {args.patience:.0f} s; what the nodes say:')
                for name, values in witness.status.items():
                    print(f'  {name}: {values}')
                return 1
            watched = {name: psutil.Process(p.pid) for name, p in processes.items()}
            watched['audio host'] = audio_host(server.environment)
            watched |= {'jackd (bench)': psutil.Process(server.pid),
                        'room (bench)': psutil.Process(room.pid)}
            cpu, began = cpu_seconds(watched), time.monotonic()
            first = len(room.truth())
            while len(room.truth()) - first < args.pings:
                heard = len(room.truth())
                if not spin_until(lambda heard=heard: len(room.truth()) > heard, 20.0):
                    print('the chirps have ceased')
                    return 1
                room.respond(drive.go_on())
                # Not every time: looking costs as much as a node.
                if heard % _ACCOUNT == 0:
                    ledger.account(witness.windows)
            elapsed = time.monotonic() - began
            cpu = {name: 100 * (used - cpu[name]) / elapsed
                   for name, used in cpu_seconds(watched).items()}
            spin_until(lambda: False, 1.2)
            ledger.account(witness.windows)
            sounds = room.truth()[first:first + args.pings]
            overruns, slowest = room.overruns, room.slowest_block_ms
        finally:
            codes = stop_nodes(processes)
    return report(args, ledger, witness, drive, sounds, cpu, codes, model, (overruns, slowest))


def report(args, ledger, witness, drive, sounds, cpu, codes, model, bench) -> int:
    """Print the figures beside the bars; 0 if all bars are met."""
    starts = np.array([sound.frame - SILENT for sound in sounds])
    judged = {stamp: row for stamp, row in ledger.rows.items()
              if np.abs(starts - (row[0] + FMT.direct_index - TRAVEL)).min() < 0.5 * FMT.window}
    frames = np.array([row[0] for row in judged.values()])
    error = np.abs([row[1] for row in judged.values()])
    stamps = np.array(list(judged))
    found = sum(np.abs(frames + FMT.direct_index - TRAVEL - start).min() <= 0.5 * FMT.window
                for start in starts)
    p50, p95 = np.percentile(error, (50, 95))
    print(f'{len(starts)} chirps heard in the room, {psutil.cpu_count()} cores, load '
          f'{os.getloadavg()[0]:.1f}\n')
    print(f'windows published for {found} of them: {100 * found / len(starts):.2f} %')
    print(f'windows that are not what the ears were given: {ledger.foreign}')
    print(f'alignment error, samples: p50 {p50:.2f}  p95 {p95:.2f}  max {error.max():.2f}   '
          f'(bar p95 {BAR_SAMPLES:g})')
    line = np.polyfit(frames - frames[0], stamps - stamps[0], 1)
    off = (stamps - stamps[0] - np.polyval(line, frames - frames[0])) / 1e3
    print(f'stamp jitter about the best straight line, us: RMS {off.std():.0f}  '
          f'p95 {np.percentile(np.abs(off), 95):.0f}  max {np.abs(off).max():.0f}\n')
    capture = next(v for k, v in witness.status.items() if k.endswith('binaural_capture'))
    print(', '.join(f'{key} {capture.get(key)}' for key in (
        'overflows', 'underflows', 'restarts', 'chirps not heard', 'windows lost',
        'loop delay ms', 'longest callback gap ms', 'SNR median dB')))
    print(f'the bench itself: {bench[0]} periods not done in time, slowest block '
          f'{bench[1]:.1f} ms\n')
    print(f'{"process":<20}{"CPU % of one core":>18}{"exit code":>11}')
    for name, used in cpu.items():
        print(f'{name:<20}{used:>18.1f}{codes.get(name, ""):>11}')
    print(f'(bar for binaural_capture {BAR_CPU:.0f})\n')
    cost(args, judged, witness, drive, sounds, model)
    met = (found == len(starts) and p95 <= BAR_SAMPLES and cpu['binaural_capture'] <= BAR_CPU
           and ledger.foreign == 0)
    print('\nall bars met' if met else '\nsome bars are not met')
    return 0 if met else 1


def cost(args, judged, witness, drive, sounds, model) -> None:
    """Print the depth of the streams beside that of the same pings without them."""
    streamed = FigureMean()
    for stamp, (_, _, pose) in judged.items():
        if stamp in witness.depths and 0 <= pose < len(drive.depths):
            streamed.add(witness.depths[stamp], drive.depths[pose])
    student = EchoDepth(StudentModel(model, FMT, threads=args.threads))
    simulated = offline(drive, sounds, student, args.seed)
    print(f'{"depth along the drive":<24}{"pings":>7}{"REL":>8}'
          f'{"RMSE m":>8}{"delta1":>8}')
    for name, figures in (('through PortAudio', streamed), ('without streams', simulated)):
        mean = figures.mean
        print(f'{name:<24}{figures.images:>7}{mean.rel:>8.4f}{mean.rmse:>8.3f}{mean.delta1:>8.4f}')
    print(f'cost of the streams: {100 * (streamed.mean.rel / simulated.mean.rel - 1):+.2f} % REL')


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pings', type=int, default=1000, help='how many are judged')
    parser.add_argument('--model', default='', help='ONNX student; the one that comes along')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads of the student')
    parser.add_argument('--seed', type=int, default=90100, help='of the first room')
    parser.add_argument('--patience', type=float, default=60.0, help='seconds until it must run')
    args = parser.parse_args()
    if missing():
        print(f'this needs a JACK server: {missing()}', file=sys.stderr)
        return 2
    own_domain()
    return measure(args)


if __name__ == '__main__':
    raise SystemExit(main())
