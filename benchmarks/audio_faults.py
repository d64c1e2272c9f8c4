# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What goes wrong with sound, caused on real streams: what is lost, and when it is back.

Emitter and capture run as processes, once on a JACK server (with a room in it as the device) and
once on PulseAudio through ALSA; both servers are this script's own. Each fault is caused,
held for a while, and mended. `away` is how long the fault was held, `gap` how long no window
came, `back` the time from the mending to the last sample of the first window after it, and `lost`
how many chirps were announced in between and not heard. `said` is the first warning that a node
gave.

    python benchmarks/audio_faults.py [--only NAME ...]
"""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
from running_nodes import audio_host, own_domain, spectator, start_nodes, stop_nodes

from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.bench import jack, pulse
from echo_depth_ros.bench.room import RoomClient

FMT = PingFormat()
NODES = ('binaural_capture', 'chirp_emitter')
CARD = {'backend': 'portaudio', 'input_device': 'room', 'output_device': 'room'}
BAR = 3.0
_STEADY = 15
_PATIENCE = 20.0


@dataclass
class Stage:
    """What a fault can be done to."""

    env: dict
    server: object
    processes: dict[str, subprocess.Popen]
    room: RoomClient | None = None
    extra: list[subprocess.Popen] = field(default_factory=list)

    def host(self) -> psutil.Process:
        """Return the audio host of the nodes."""
        return audio_host(self.env)

    def restart(self, name: str) -> None:
        """Start a node that was killed."""
        self.processes |= start_nodes((name,), self.env, {name: CARD})

    def kill(self, name: str) -> None:
        """Kill a node as a crash would."""
        self.processes[name].kill()
        self.processes[name].wait()

    def second_emitter(self) -> None:
        """Start another robot's emitter, on the same card and topic."""
        self.extra += start_nodes(('chirp_emitter',), self.env, {
            'chirp_emitter': {**CARD, 'ping_rate': 11.0}}).values()

    def end_extra(self) -> None:
        """End it."""
        for process in self.extra:
            process.send_signal(signal.SIGINT)
            process.wait(10)
        self.extra.clear()


@dataclass(frozen=True)
class Fault:
    """One row of the table."""

    name: str
    bench: str
    cause: Callable[[Stage], object]
    mend: Callable[[Stage], object]
    held: float = 3.0


def _pass(stage: Stage) -> None:
    """Nothing to be done."""


FAULTS = (
    Fault('server dies, comes back', 'jack', lambda s: s.server.kill(),
          lambda s: s.server.start()),
    Fault('server hangs, goes on', 'jack', lambda s: s.server.pause(),
          lambda s: s.server.resume()),
    Fault('device vanishes, returns', 'jack', lambda s: s.room.kill(), lambda s: s.room.start()),
    Fault('audio host killed', 'jack', lambda s: s.host().kill(), _pass, 0.0),
    Fault('audio host hangs', 'jack', lambda s: s.host().suspend(), _pass, 0.0),
    Fault('callback stalls 0.2 s', 'jack', lambda s: s.host().suspend(),
          lambda s: s.host().resume(), 0.2),
    Fault('emitter crashes, restarts', 'jack', lambda s: s.kill('chirp_emitter'),
          lambda s: s.restart('chirp_emitter'), 2.0),
    Fault('capture crashes, restarts', 'jack', lambda s: s.kill('binaural_capture'),
          lambda s: s.restart('binaural_capture'), 2.0),
    Fault('two emitters at once', 'jack', lambda s: s.second_emitter(),
          lambda s: s.end_extra(), 5.0),
    Fault('server dies, comes back', 'pulse', lambda s: s.server.kill(),
          lambda s: s.server.start()),
    Fault('server hangs, goes on', 'pulse', lambda s: s.server.pause(),
          lambda s: s.server.resume()),
    Fault('device vanishes, returns', 'pulse', lambda s: s.server.unload('speaker'),
          lambda s: s.server.load('speaker')),
    Fault('callback stalls 0.2 s', 'pulse', lambda s: s.host().suspend(),
          lambda s: s.host().resume(), 0.2),
)


class Witness:
    """Notes windows, chirps and what the nodes say."""

    def __init__(self, node):
        from diagnostic_msgs.msg import DiagnosticArray
        from rcl_interfaces.msg import Log
        from sensor_msgs.msg import Image
        from std_msgs.msg import Header
        self.windows: list[float] = []
        self.chirps: list[float] = []
        self.said: list[tuple[float, str, str]] = []
        self.status: dict[str, dict[str, str]] = {}
        node.create_subscription(Image, 'binaural', lambda m: self.windows.append(
            m.header.stamp.sec + m.header.stamp.nanosec / 1e9), 50)
        node.create_subscription(Header, 'chirp', lambda m: self.chirps.append(
            m.stamp.sec + m.stamp.nanosec / 1e9), 50)
        node.create_subscription(Log, '/rosout', self._on_log, 100)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 20)

    def _on_log(self, msg) -> None:
        if msg.level >= 30 and 'benchmark' not in msg.name:
            self.said.append((time.time(), msg.name, msg.msg))

    def _on_status(self, msg) -> None:
        for status in msg.status:
            self.status[status.name] = {v.key: v.value for v in status.values}


class Table:
    """Causes the faults and prints the rows."""

    def __init__(self, witness: Witness, spin_until: Callable):
        self._witness, self._spin_until = witness, spin_until
        self.failed: list[str] = []

    def row(self, fault: Fault, stage: Stage) -> None:
        """Cause one fault, mend it, and print what happened."""
        witness = self._witness
        began = time.time()
        if not self._steady(began):
            self.print(fault, 'the chain was not steady before', '')
            return
        caused = time.time()
        fault.cause(stage)
        self._spin_until(lambda: False, fault.held)
        mended = time.time()
        fault.mend(stage)
        window = FMT.window_duration
        self._spin_until(
            lambda: sum(stamp > mended + 0.05 for stamp in witness.windows) >= _STEADY, _PATIENCE)
        stamps = np.sort(witness.windows)
        before, after = stamps[stamps < caused], stamps[stamps > mended]
        during = stamps[(stamps > caused + 0.1) & (stamps < mended)]
        said = next((text for at, _, text in witness.said if at > caused), '(nothing)')
        if not after.size:
            self.print(fault, f'not back within {_PATIENCE:.0f} s', said)
            return
        gaps = np.diff(np.concatenate((before[-1:], during, after[:_STEADY])))
        delay = FMT.direct_distance / SPEED_OF_SOUND
        begin, end = before[-1], after[min(_STEADY, after.size) - 1]
        chirps = np.array([c + delay for c in witness.chirps if begin < c < end - window])
        lost = sum(np.abs(stamps - chirp).min() > 0.04 for chirp in chirps)
        back = max(after[0] + window - mended, 0.0)
        figures = (f'{mended - caused:5.1f} {gaps.max():6.2f} {back:6.2f} {lost:4d}/'
                   f'{len(chirps):<4d}')
        self.print(fault, figures, said, back > BAR)

    def _steady(self, since: float) -> bool:
        return self._spin_until(
            lambda: sum(stamp > since for stamp in self._witness.windows) >= _STEADY, _PATIENCE)

    def print(self, fault: Fault, figures: str, said: str, bad: bool | None = None) -> None:
        if bad is None or bad:
            self.failed.append(f'{fault.bench}: {fault.name}')
        print(f'{fault.bench:<6}{fault.name:<28}{figures}  {said}', flush=True)


def run(bench: str, faults: list[Fault], late: bool, witness, spin_until, table: Table) -> None:
    """Cause the faults of one bench, one after the other, to the same nodes."""
    with ExitStack() as stack:
        if bench == 'jack':
            server = stack.enter_context(jack.JackServer())
            room = stack.enter_context(RoomClient(server, noise_rms=10**(-60 / 20)))
            response = np.zeros((2, 4096), np.float32)
            response[:, 22], response[:, 500] = 0.3, 0.1
            room.respond(response)
        else:
            server, room = stack.enter_context(pulse.PulseServer()), None
        stage = Stage({**os.environ, **server.environment}, server, {}, room)
        stack.callback(lambda: stop_nodes(stage.processes))
        start = Fault('never there, then appears', bench, _pass, lambda s: (
            s.room.start() if s.room else s.server.start()))
        if late:
            (room or server).kill()
        for name in NODES:
            stage.processes |= start_nodes((name,), stage.env, {name: CARD})
        if late:
            began = time.time()
            spin_until(lambda: False, 6.0)
            mended = time.time()
            start.mend(stage)
            spin_until(lambda: sum(s > mended for s in witness.windows) >= _STEADY, _PATIENCE)
            after = [stamp for stamp in witness.windows if stamp > mended]
            said = [text for at, _, text in witness.said if began < at < mended]
            figures = (f'{mended - began:5.1f} {"-":>6} '
                       f'{after[0] + FMT.window_duration - mended:6.2f} {"-":>9} '
                       if after else f'not there within {_PATIENCE:.0f} s')
            table.print(start, figures, f'{len(said)} times: {said[0]}' if said else '(nothing)',
                         not after or after[0] + FMT.window_duration - mended > BAR)
        for fault in faults:
            table.row(fault, stage)


def main() -> int:
    """Parse the command line and run; 0 if everything was back within the bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', default=[], metavar='NAME',
                        help='faults or benches whose name has this in it')
    args = parser.parse_args()
    for reason in (jack.missing(), pulse.missing()):
        if reason:
            print(f'this needs sound servers: {reason}', file=sys.stderr)
            return 2
    own_domain()
    print(f'{"":34}{"away":>5} {"gap":>6} {"back":>6} {"lost":>9}  said  (seconds; chirps lost of '
          'those announced)')

    def wanted(name: str, bench: str) -> bool:
        return not args.only or any(part in f'{bench}: {name}' for part in args.only)

    with spectator('fault_benchmark') as (node, spin_until):
        witness = Witness(node)
        table = Table(witness, spin_until)
        for bench in ('jack', 'pulse'):
            faults = [f for f in FAULTS if f.bench == bench and wanted(f.name, bench)]
            late = wanted('never there, then appears', bench)
            if faults or late:
                run(bench, faults, late, witness, spin_until, table)
    print(f'\nback later than {BAR:g} s, or not at all: {", ".join(table.failed) or "none"}')
    return 1 if table.failed else 0


if __name__ == '__main__':
    raise SystemExit(main())
