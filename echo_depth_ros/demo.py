# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Drive through a furnished simulated room for a while and see it by sound.

Starts the package's nodes as separate processes over ROS 2, shows a live status line, and writes
a picture and a summary. Everything is measured against the simulator's true depth. With --audio
the sound goes through real PortAudio streams: a JACK server of our own carries it, and the room is
one of its clients; no sound card is needed.
"""

import argparse
from contextlib import contextmanager, ExitStack
from pathlib import Path
import shutil
import signal
import subprocess
import sys
from typing import Iterator

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.perception.assets import find_model
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.processes import find_config, node_command, processes
from echo_depth_ros.vision.frames import FRAMES

NODES = ('room_simulator', 'binaural_capture', 'depth_inference', 'chirp_emitter')
"""In the order in which they start: whoever listens before whoever speaks."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument('--seconds', type=float, default=30.0,
                        help='how long to drive after the first depth image (default: 30)')
    parser.add_argument('--seed', type=int, default=90001,
                        help='which room (default: 90001; the shipped model was trained on rooms '
                             '0 to 1999 and has never heard any above)')
    parser.add_argument('--room', default='', help='box, corridor, l, or a room description '
                                                   'file; drawn from the seed when omitted')
    parser.add_argument('--out', type=Path, default=Path('out/demo'),
                        help='folder for picture, summary and logs (default: out/demo)')
    parser.add_argument('--model', default='', help='ONNX student (default: the shipped one)')
    parser.add_argument('--audio', action='store_true',
                        help='play and listen through PortAudio, with the room as a JACK client')
    parser.add_argument('--rviz', action='store_true', help='open RViz where it is installed')


def main(args: argparse.Namespace) -> int:
    """Run `echo-depth demo`; 0 when depth images came and the picture was written."""
    if not 0 < args.seconds <= 3600:
        print('echo-depth demo: --seconds must lie between 0 and 3600', file=sys.stderr)
        return 2
    # So that the nodes end with this process however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    model = find_model(args.model).resolve()
    StudentModel(model)  # so that a bad one is named here, not in a log
    args.out.mkdir(parents=True, exist_ok=True)
    parameters = {
        'room_simulator': {'seed': args.seed, 'room': args.room, 'drive': 'tour'},
        'depth_inference': {'model': model}}
    with ExitStack() as stack:
        env = stack.enter_context(_jack(parameters)) if args.audio else {}
        start = stack.enter_context(processes(args.out / 'logs', env))
        for name in NODES:
            start(name, parameters.get(name, {}))
        if args.rviz:
            _open_rviz(start)
        observer = node_command('demo_observer', {
            'seconds': args.seconds, 'out': str(args.out.resolve())})
        # The observer draws on this terminal; an interrupt reaches it as it reaches us.
        status = subprocess.call(observer)
    if status != 0:
        print(f'The nodes\' own words are in {args.out / "logs"}.', file=sys.stderr)
    return status


@contextmanager
def _jack(parameters: dict[str, dict]) -> Iterator[dict[str, str]]:
    """Run a JACK server, have the nodes use it, and yield the environment that names it."""
    from echo_depth_ros.bench.jack import JackServer, missing
    reason = missing()
    if reason:
        raise EchoDepthError(f'--audio needs a JACK server: {reason}')
    parameters['room_simulator']['air'] = 'jack'
    for name in ('chirp_emitter', 'binaural_capture'):
        parameters[name] = {
            'backend': 'portaudio', 'input_device': 'room', 'output_device': 'room'}
    with JackServer() as server:
        yield server.environment


def _open_rviz(start) -> None:
    if shutil.which('rviz2') is None:
        print('RViz is not installed here (no rviz2 on the PATH); going on without it.')
        return
    if shutil.which('ros2') is not None:
        for frame in FRAMES:
            start(f'{frame.child}_frame', {}, [
                'ros2', 'run', 'tf2_ros', 'static_transform_publisher',
                *frame.publisher_arguments()])
    start('rviz2', {}, ['rviz2', '-d', str(find_config('echo_depth.rviz'))])
