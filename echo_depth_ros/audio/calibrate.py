# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Measure speaker and ears, say pass or what to change, and write what the nodes load.

Live, it listens to the noise, plays chirps from faint to --max-level, and stops as soon as they
are loud enough; nobody should have an ear at the speaker. With --recording it takes any stereo
recording with a few chirps in it, left ear first.

It finds the loop delay (live, or with --chirps), level and delay of the direct sound at each
ear, the noise floor, the frequency response, swapped ears, clipping and head-room, and suggests
volume and gains. The result is a ROS 2 parameter file and a picture.

Exit status: 0 if all is well, 1 if something is to be changed.

For example: echo-depth calibrate --input-device "USB Audio" --output-device "USB Audio" --tap
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
import shlex
import sys
import time
from typing import Any

import numpy as np
import soundfile

from echo_depth_ros.acoustics.calibration.analyse import analyse, Setup
from echo_depth_ros.acoustics.calibration.findings import CHANGE, Finding, findings, usable
from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sound_file import read_ears
from echo_depth_ros.audio.calibration_file import (
    keep_old,
    parameters,
    refuse_to_overwrite,
    save,
    write_parameters,
)
from echo_depth_ros.audio.soft_start import CalibrationError, SoftStart, Take

_TAP_SECONDS = 5.0
_MOST_PINGS = 200


class ArgumentError(EchoDepthError, ValueError):
    """Arguments that do not go together."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What is to be analysed, from whichever source; ``entries`` are parameters it adds."""

    recording: np.ndarray
    chirps: Sequence[float] | None
    silence: np.ndarray | None
    tap: np.ndarray | None
    amplitude: float
    entries: dict[str, tuple[Any, str]]
    notes: list[str]


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


def main(args: argparse.Namespace) -> int:
    """Measure, judge and write; 0 if all is well, 1 if something is to be changed."""
    picture = args.picture or args.out.with_suffix('.png')
    setup = _setup(args)
    targets = [args.out, picture]
    if args.save:
        targets += [args.save, _frames_of(args.save)]
    if len(set(targets)) < len(targets):
        raise ArgumentError(f'{", ".join(map(str, targets))} are to be written; expected names '
                            'that differ')
    refuse_to_overwrite(targets, args.force)
    made = datetime.now().astimezone()
    heard = _from_file(args, setup.fmt) if args.recording else _live(args, setup.fmt)
    for note in heard.notes:
        print(f'note: {note}')
    setup = replace(setup, fmt=replace(setup.fmt, chirp_amplitude=heard.amplitude))
    if args.save:
        _keep(args.save, heard, setup.fmt.sample_rate)
    found = analyse(
        _ears(heard.recording, args.swap), setup, chirps=heard.chirps,
        silence=_ears(heard.silence, args.swap), tap=_ears(heard.tap, args.swap))
    judged = findings(found, args.max_level)
    for finding in judged:
        print(f'{finding.verdict:<8}{finding.subject + ":":<16}{finding.text}')
    command = shlex.join(['echo-depth', 'calibrate', *_told(args)])
    from echo_depth_ros.audio.calibration_picture import draw_calibration
    _replace(picture, lambda: save(picture, draw_calibration(
        found, judged, f'calibration of {made:%Y-%m-%d %H:%M}')), 'picture')
    if usable(found):
        entries = {**parameters(found, max_level=args.max_level, swapped=args.swap,
                                ear_gain_db=args.ear_gain), **heard.entries}
        _replace(args.out, lambda: write_parameters(
            args.out, entries, command=command, made=made, judged=judged), 'parameters')
    else:
        print('parameters  not written: without two working ears there is nothing to load')
    return _verdict(judged)


def _setup(args: argparse.Namespace) -> Setup:
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


def _ears(recording: np.ndarray | None, swap: bool) -> np.ndarray | None:
    return recording if recording is None or not swap else recording[::-1]


def _from_file(args: argparse.Namespace, fmt: PingFormat) -> Heard:
    recording, rate = read_ears(args.recording, fmt.sample_rate)
    notes = []
    if rate != fmt.sample_rate:
        notes.append(f'resampled from {rate} to {fmt.sample_rate} Hz')
    chirps = None
    if args.chirps:
        chirps = _read_frames(args.chirps) * fmt.sample_rate / rate
    return Heard(recording, chirps, None, _tapped(args, fmt), args.amplitude, {}, notes)


def _tapped(args: argparse.Namespace, fmt: PingFormat) -> np.ndarray | None:
    return read_ears(args.tap_recording, fmt.sample_rate)[0] if args.tap_recording else None


def _read_frames(path: Path) -> np.ndarray:
    try:
        frames = np.array([float(word) for word in path.read_text().split()])
    except ValueError as error:
        raise ArgumentError(f'{path}: {error}; expected one number a line') from error
    if frames.size < 3 or not np.isfinite(frames).all():
        raise ArgumentError(f'{path} holds {frames.size} frames; expected at least 3 numbers')
    return frames


def _live(args: argparse.Namespace, fmt: PingFormat) -> Heard:
    with open_cards(args) as (card, speaker, microphones):
        _wait_for(card, args.wait)
        player = SoftStart(speaker, microphones, fmt, stream=card.stream, problem=card.problem)
        take: Take = player.take(args.max_level, args.pings, _TAP_SECONDS if args.tap else 0.0)
        entries = {
            'input_device': (args.input_device, f'Microphones: {card.input_name}.'),
            'output_device': (args.output_device, f'Speaker: {card.output_name}.'),
            'device_rate': (args.device_rate, f'The card ran at {card.device_rate} Hz.'),
            'input_channels': (list(args.input_channels), 'Left and right ear.')}
        if args.output_channels:
            entries['output_channels'] = (list(args.output_channels), 'Channels that play.')
    notes = ['louder chirps clipped, and were given up'] if take.clipped else []
    tap = take.tap if take.tap is not None else _tapped(args, fmt)
    return Heard(take.recording, take.chirps, take.silence, tap, take.amplitude, entries, notes)


class Cards:
    """One card that plays and listens, or one for each, seen as one."""

    def __init__(self, *cards):
        """Take the card with the speaker first."""
        self._cards = cards

    def problem(self) -> str:
        """Why there is no stream, in words; empty if there is."""
        return next((card.problem for card in self._cards if card.state != 'streaming'), '')

    def streaming(self) -> bool:
        """Whether sound goes in and out."""
        return all(card.state == 'streaming' for card in self._cards)

    def stream(self) -> tuple:
        """Return what changes when samples were lost or a stream was opened anew."""
        return tuple((card.generation, card.discontinuities) for card in self._cards)

    @property
    def input_name(self) -> str:
        """Name of the microphones' card."""
        return self._cards[-1].input_name

    @property
    def output_name(self) -> str:
        """Name of the speaker's card."""
        return self._cards[0].output_name

    @property
    def device_rate(self) -> int:
        """Rate of the microphones' card in Hz."""
        return self._cards[-1].device_rate


@contextmanager
def open_cards(args: argparse.Namespace) -> Iterator[tuple[Cards, Any, Any]]:
    """Open what the arguments choose as the nodes would: one stream if the names are the same."""
    from echo_depth_ros.audio.card import Card
    from echo_depth_ros.audio.settings import CardSettings
    settings = CardSettings(
        input_device=args.input_device, output_device=args.output_device,
        sample_rate=args.sample_rate, device_rate=args.device_rate,
        input_channels=tuple(args.input_channels), output_channels=tuple(args.output_channels),
        latency=args.latency)
    if args.input_device == args.output_device:
        wanted = [settings]
    else:
        wanted = [replace(settings, input_device=None), replace(settings, output_device=None)]
    opened = []
    try:
        for one in wanted:
            opened.append(Card(one, log=_log))
        yield Cards(*opened), opened[0].speaker(), opened[-1].microphones()
    finally:
        for card in opened:
            card.close()


def _log(level: str, text: str) -> None:
    if level != 'info':
        print(f'{level}: {text}', file=sys.stderr)


def _wait_for(card: Cards, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not card.streaming():
        if time.monotonic() > end:
            raise CalibrationError(
                f'no sound card after {seconds:g} s: {card.problem() or "it is still opening"}; '
                '`echo-depth devices` lists what there is')
        time.sleep(0.05)


def _keep(path: Path, heard: Heard, rate: int) -> None:
    """Write silence and chirps as one sound file, and the chirps' frames beside it."""
    whole = np.concatenate([heard.silence, heard.recording], axis=1)
    keep_old(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, whole.T, rate, 'FLOAT' if path.suffix.lower() == '.wav' else None)
    frames = _frames_of(path)
    keep_old(frames)
    lines = [str(frame + heard.silence.shape[1]) for frame in heard.chirps]
    save(frames, '\n'.join(lines).encode() + b'\n')
    print(f'recording   {path}, chirps in {frames}')


def _frames_of(path: Path) -> Path:
    return path.with_name(path.name + '.txt')


def _replace(path: Path, write, what: str) -> None:
    old = keep_old(path)
    try:
        write()
    except BaseException:
        if old is not None:
            old.replace(path)
        raise
    print(f'{what:<12}{path}' + (f' (the old one is now {old})' if old else ''))


def _told(args: argparse.Namespace) -> list[str]:
    """Return the arguments that say more than the defaults do."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words: list[str] = []
    for name, value in vars(args).items():
        if value == parser.get_default(name) or name == 'force':
            continue
        option = f'--{name.replace("_", "-")}'
        if isinstance(value, bool):
            words.append(option)
        else:
            words += [option, *map(str, value if isinstance(value, (list, tuple)) else [value])]
    return words


def _verdict(judged: Sequence[Finding]) -> int:
    changes = [finding.subject for finding in judged if finding.verdict == CHANGE]
    if changes:
        print(f'CHANGE      {", ".join(changes)}')
        return 1
    unknown = [finding.subject for finding in judged if finding.verdict != 'pass']
    print('PASS' + (f'        (not told: {", ".join(unknown)})' if unknown else ''))
    return 0
