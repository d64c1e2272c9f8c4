# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The `echo-depth` command: one entry, with subcommands that load only what they need."""

import argparse
from importlib import import_module
import logging
import sys
from typing import NamedTuple, Optional, Sequence

from echo_depth_ros import __version__
from echo_depth_ros.acoustics.errors import EchoDepthError


class Command(NamedTuple):
    """
    One subcommand.

    Its module offers ``add_arguments(parser)`` and ``main(args) -> int``, and its docstring is
    what ``echo-depth <command> --help`` says first.
    """

    module: str
    summary: str


COMMANDS = {
    'demo': Command('echo_depth_ros.demo',
                    'drive through a simulated room and see it by sound'),
    'demo-wall': Command('echo_depth_ros.demo_wall',
                         'watch a simulated robot follow walls by ear'),
    'run': Command('echo_depth_ros.perception.run',
                   'depth and range from one recorded chirp (any stereo WAV)'),
    'devices': Command('echo_depth_ros.audio.try_devices',
                       'list speakers and microphones that can be used, and try them'),
    'calibrate': Command('echo_depth_ros.audio.calibrate',
                         'measure speaker and ears, live or from a recording; say what to change'),
    'record': Command('echo_depth_ros.nodes.record',
                      'record echoes and camera of a running robot as training data'),
    'import-bag': Command('echo_depth_ros.recording.import_bag',
                          'turn a rosbag2 recording into training data'),
    'simulate': Command('echo_depth_ros.sim.dataset',
                        'make training data in simulated rooms'),
    'inspect': Command('echo_depth_ros.learning.inspect',
                       'look into a data set: counts, ranges, alignment, a contact sheet'),
    'train': Command('echo_depth_ros.learning.train',
                     'train a student, its vision teachers or a baseline'),
    'evaluate': Command('echo_depth_ros.learning.evaluate',
                        'figures of any models on held-out data, and of their confidence'),
    'export': Command('echo_depth_ros.learning.export',
                      'write a trained student as one ONNX file'),
    'train-avs': Command('echo_depth_ros.learning.avs.train',
                         'train AVS-Net: depth from a colour image and its echoes'),
    'evaluate-avs': Command('echo_depth_ros.learning.avs.evaluate',
                            'figures of such networks, and of what they give scale to'),
    'export-avs': Command('echo_depth_ros.learning.avs.export',
                          'write such a network as one ONNX file'),
    'simulate-drive': Command('echo_depth_ros.sim.drive_dataset',
                              'make films of a robot that tours rooms, to learn depth from'),
    'train-monodepth': Command('echo_depth_ros.learning.monodepth.train',
                               'train relative depth from such films, without any truth'),
    'simulate-ambient': Command('echo_depth_ros.sim.ambient_dataset',
                                'make rooms that are only listened to, without any chirp'),
    'train-ambient': Command('echo_depth_ros.learning.ambient.train',
                             'train a network that hears walls in the sound of a room'),
    'evaluate-ambient': Command('echo_depth_ros.learning.ambient.evaluate',
                                'figures of such a network on held-out rooms'),
    'probe-ambient': Command('echo_depth_ros.learning.ambient.probe',
                             'pretrain it by sight and sound, and probe what it has learned'),
    'export-ambient': Command('echo_depth_ros.learning.ambient.export',
                              'write such a network as one ONNX file'),
}

EXAMPLES = """\
examples:
  see a simulated room by sound, without any hardware:
    echo-depth demo
    echo-depth demo-wall

  what does this recording of a chirp say? (writes recording_depth.png)
    echo-depth run recording.wav

  a speaker and two microphones of your own (docs/hardware.md):
    echo-depth devices
    echo-depth calibrate --input-device USB --output-device USB --tap --out my_robot.yaml
    ros2 launch echo_depth_ros echo_depth.launch.py sim:=false calibration:=my_robot.yaml

  training data from the robot while it drives, or from a bag (docs/own_data.md):
    echo-depth record data/mine --location kitchen
    echo-depth import-bag drive data/mine --location hall

  train a student of your own, from nothing:
    echo-depth simulate data/rooms
    echo-depth inspect data/rooms --picture rooms.png
    echo-depth train data/rooms --out runs/first
    echo-depth export runs/first/model.pt models/first.onnx --data data/rooms
    echo-depth evaluate models/first.onnx data/rooms --split test
    echo-depth run recording.wav --model models/first.onnx

  depth from a colour image and its echoes (AVS-Net), and from the image alone:
    echo-depth train-avs data/rooms --out runs/avs
    echo-depth train-avs data/rooms --config only_rgb --out runs/only_rgb
    echo-depth evaluate-avs runs/avs/model.pt runs/only_rgb/model.pt data/rooms
    echo-depth export-avs runs/avs/model.pt models/avs.onnx --data data/rooms

  relative depth from films of a moving camera, without any truth (Monodepth2):
    echo-depth simulate-drive data/drive
    echo-depth train-monodepth data/drive --out runs/monodepth

  hear walls in silence (Structure from Silence):
    echo-depth simulate-ambient data/ambient
    echo-depth train-ambient data/ambient --out runs/ambient
    echo-depth evaluate-ambient runs/ambient/model.pt data/ambient
    echo-depth probe-ambient data/ambient --out runs/probe
    echo-depth export-ambient runs/ambient/model.pt models/ambient.onnx

`echo-depth COMMAND --help` explains each command. The ROS 2 nodes start with
`ros2 launch echo_depth_ros echo_depth.launch.py sim:=true`.
"""

_EXTRAS = {
    'torch': 'train', 'onnx': 'train', 'pytorch_lightning': 'train', 'lightning_fabric': 'train',
    'torchmetrics': 'train',
    'transformers': 'teachers', 'mujoco': 'sim', 'pyroomacoustics': 'sim',
    'pyrealsense2': 'realsense', 'rosbags': 'bags', 'jack': 'bench',
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """
    Run one subcommand.

    :returns: exit status: 0, 1 for a user's error that has been explained, 2 for a command line
        that makes no sense, 130 after an interrupt.
    """
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format='%(levelname)s: %(message)s')
    try:
        module = import_module(COMMANDS[args.command].module)
        parser = argparse.ArgumentParser(
            prog=f'echo-depth {args.command}', description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter)
        module.add_arguments(parser)
        return module.main(parser.parse_args(args.arguments)) or 0
    except (EchoDepthError, OSError) as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        return _fail(_missing(args.command, error))
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    lines = '\n'.join(f'  {name:<17}{command.summary}' for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog='echo-depth', usage='echo-depth [-h] [--version] COMMAND ...',
        description='See by sound: chirp out, binaural echoes in, metric depth images.\n\n'
                    f'commands:\n{lines}',
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--version', action='version', version=f'echo_depth_ros {__version__}')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help=argparse.SUPPRESS)
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _missing(command: str, error: ModuleNotFoundError) -> str:
    package = (error.name or '').partition('.')[0]
    if package in _EXTRAS:
        return (f'`echo-depth {command}` needs {package}, which is not installed: '
                f'pip install "echo_depth_ros[{_EXTRAS[package]}]"')
    if package == 'rclpy':
        return (f'`echo-depth {command}` needs ROS 2: source its setup file, or run `make` in the '
                'source tree')
    return f'`echo-depth {command}` needs {error.name}, which is not installed: pip install it'


def _fail(message: str) -> int:
    print(f'echo-depth: error: {message}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
