# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of `echo-depth calibrate`, and what they say about the robot."""

import argparse
from dataclasses import replace
from pathlib import Path

from echo_depth_ros.acoustics.calibration.analyse import Setup
from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat

_MOST_PINGS = 200


class ArgumentError(EchoDepthError, ValueError):
    """Arguments that do not go together."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `echo-depth calibrate`."""
    _add_devices(parser.add_argument_group('live'))
    _add_recording(parser.add_argument_group('from a recording'))
    _add_robot(parser.add_argument_group('the robot'))
    out = parser.add_argument_group('what is written')
    out.add_argument('--out', type=Path, default=Path('calibration.yaml'),
                     help='parameter file (default: %(default)s)')
    out.add_argument('--picture', type=Path, help='default: OUT with .png')
    out.add_argument('--save', type=Path, metavar='WAV', help='keep what was heard, and the '
                     'frames of the chirps beside it as WAV.txt, for --recording')
    out.add_argument('--force', action='store_true',
                     help='replace files; the old ones are kept as *.old')


def _add_devices(group) -> None:
    group.add_argument('--input-device', default='', metavar='NAME', help='microphones: part of a '
                       'name or an index, see `echo-depth devices` (default: the default one)')
    group.add_argument('--output-device', default='', metavar='NAME',
                       help='speaker; the same text as for the input shares one stream')
    group.add_argument('--device-rate', type=int, default=0, metavar='HZ',
                       help='sample rate of the card (default: the best it can)')
    group.add_argument('--input-channels', type=int, nargs=2, default=(1, 2),
                       metavar=('LEFT', 'RIGHT'), help='channels of the card, from 1')
    group.add_argument('--output-channels', type=int, nargs='+', default=(), metavar='N',
                       help='channels that play, from 1 (default: the first two, or one)')
    group.add_argument('--latency', type=float, default=0.04, metavar='SECONDS',
                       help='asked of the sound card (default: %(default)s)')
    group.add_argument('--max-level', type=float, default=0.5, metavar='SHARE', help='peak that '
                       'no chirp exceeds, of full scale (default: %(default)s)')
    group.add_argument('--pings', type=int, default=20, metavar='N',
                       help='chirps that count (default: %(default)s)')
    group.add_argument('--tap', action='store_true',
                       help='also ask for taps on the left ear, to tell left from right')
    group.add_argument('--wait', type=float, default=10.0, metavar='SECONDS',
                       help='for the card to appear (default: %(default)s)')


def _add_recording(group) -> None:
    group.add_argument('--recording', type=Path, metavar='FILE', help='stereo sound file')
    group.add_argument('--chirps', type=Path, metavar='FILE', help='text file with the sample of '
                       'the recording on which each chirp was played, one a line')
    group.add_argument('--tap-recording', type=Path, metavar='FILE',
                       help='stereo sound file in which the left ear is tapped')
    group.add_argument('--amplitude', type=float, default=0.5, metavar='SHARE', help='peak of the '
                       'chirps that were played (default: %(default)s)')


def _add_robot(group) -> None:
    fmt = PingFormat()
    group.add_argument('--sample-rate', type=int, default=fmt.sample_rate, metavar='HZ',
                       help='of the nodes (default: %(default)s)')
    group.add_argument('--swap', action='store_true',
                       help='the first channel is the right ear')
    group.add_argument('--ear-gain', type=float, nargs=2, metavar=('LEFT', 'RIGHT'),
                       help='dB to write, instead of those that make the ears equal')
    group.add_argument('--ear-spacing', type=float, default=fmt.ear_spacing, metavar='METRES',
                       help='(default: %(default)s)')
    group.add_argument('--direct-distance', type=float, metavar='METRES', help='from the speaker '
                       f'to each ear, by tape measure (default: {fmt.direct_distance}, assumed)')
    group.add_argument('--speaker-offset', type=float, default=0.0, metavar='METRES', help='by '
                       'which the speaker sits to the left of the middle; from 2 cm on it tells '
                       'left from right')
    group.add_argument('--head-height', type=float, metavar='METRES', help='from the floor to '
                       'the ears: measure the echo of the floor, with nothing else as near')
    group.add_argument('--wall', type=float, metavar='METRES', help='to a wall that the robot '
                       'faces, from halfway between speaker and ears: measure direct_distance')


def setup_of(args: argparse.Namespace) -> Setup:
    """
    Return what is known of the robot beforehand.

    :raises ArgumentError: values out of range, or that do not go together.
    """
    limits = (
        ('--max-level', args.max_level, 0.001, 1.0), ('--amplitude', args.amplitude, 1e-4, 1.0),
        ('--pings', args.pings, 3, _MOST_PINGS), ('--ear-spacing', args.ear_spacing, 0.01, 2.0),
        ('--direct-distance', args.direct_distance, 0.01, 2.0),
        ('--speaker-offset', args.speaker_offset, -1.0, 1.0),
        ('--head-height', args.head_height, 0.3, 3.0), ('--wall', args.wall, 0.5, 5.0),
        ('--sample-rate', args.sample_rate, 8000, 192000), ('--wait', args.wait, 0.0, 3600.0))
    for name, value, low, high in limits:
        if value is not None and not low <= value <= high:
            raise ArgumentError(f'{name} is {value:g}; expected {low:g} to {high:g}')
    if args.ear_gain and not all(abs(gain) <= 60 for gain in args.ear_gain):
        raise ArgumentError(f'--ear-gain is {args.ear_gain}; expected at most 60 dB')
    if args.chirps and not args.recording:
        raise ArgumentError('--chirps belongs to --recording; live, the frames are known, and '
                            '--pings says how many are played')
    if args.recording and (args.tap or args.save):
        raise ArgumentError(
            '--tap and --save are for live use; give a recording of taps as --tap-recording')
    given = args.direct_distance is not None
    fmt = replace(PingFormat(), sample_rate=args.sample_rate, ear_spacing=args.ear_spacing)
    fmt = replace(fmt, window=round(PingFormat().window_duration * fmt.sample_rate))
    if given:
        fmt = replace(fmt, direct_distance=args.direct_distance)
    return Setup(fmt, given, args.speaker_offset, args.head_height, args.wall)
