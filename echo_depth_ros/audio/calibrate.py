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

from echo_depth_ros.acoustics.calibration.analyse import analyse
from echo_depth_ros.acoustics.calibration.findings import CHANGE, Finding, findings, usable
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sound_file import read_ears
from echo_depth_ros.audio.calibrate_arguments import add_arguments, ArgumentError, setup_of
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


def main(args: argparse.Namespace) -> int:
    """Measure, judge and write; 0 if all is well, 1 if something is to be changed."""
    picture = args.picture or args.out.with_suffix('.png')
    setup = setup_of(args)
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
