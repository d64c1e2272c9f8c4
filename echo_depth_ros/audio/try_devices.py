# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
List the speakers and microphones that can be used, and try them.

Each device is asked what it can do with up to two channels; `in` and `out` mark the defaults.
Give the nodes part of a name, or an index, as input_device and output_device.

With --try, three soft chirps are played and a second is recorded, and a meter shows how loud
each channel was. Keep your ears away from the speaker.

For example: echo-depth devices --try --input-device "USB Audio" --output-device "USB Audio"
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
import json
import math
import os
from queue import Empty, SimpleQueue
import sys
from threading import Thread
import time
from typing import Any, Optional

import numpy as np

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sync import find_direct_sound, NoChirpError
from echo_depth_ros.audio.card import Card
from echo_depth_ros.audio.devices import Device, list_devices, portaudio
from echo_depth_ros.audio.errors import DeviceError
from echo_depth_ros.audio.settings import CardSettings

RATES = (44100, 48000)
_PATIENCE = 15.0
_OPENING = 8.0
_CHIRPS, _PAUSE = 3, 0.25
_METER, _FLOOR_DB = 30, -60.0
_SILENT_DB, _CLIPPED = -100.0, 0.99
_ABILITIES = 28


def survey() -> list[dict[str, Any]]:
    """
    Return what PortAudio lists, and which rates each device can.

    :raises DeviceError: PortAudio is not installed.
    """
    found = []
    with _quiet():
        sound = portaudio()
        for device in list_devices():
            asked = sorted({*RATES, round(device.default_rate)})
            rates = {kind: [rate for rate in asked if _can(sound, device, kind, rate)]
                     for kind in ('input', 'output')}
            found.append({**asdict(device), 'input_rates': rates['input'],
                          'output_rates': rates['output']})
    return found


def table(found: Sequence[dict[str, Any]]) -> list[str]:
    """Say in lines of text what a survey found."""
    if not found:
        return ['PortAudio finds no sound device at all: plug one in, start the sound server, or '
                'join the group audio (sudo usermod -aG audio $USER)']
    lines = []
    width = max(len(device['name']) for device in found)
    for api in dict.fromkeys(device['host_api'] for device in found):
        lines.append(api)
        for device in found:
            if device['host_api'] == api:
                lines.append(f"{device['index']:4}  {device['name']:<{width}}  "
                             f"{_abilities(device, 'input')}  {_abilities(device, 'output')}"
                             .rstrip())
    return lines


def meter(samples: np.ndarray) -> str:
    """Draw how loud one channel was: its level as a bar, its peak as a line, and what is odd."""
    peak = _decibels(float(np.abs(samples).max()))
    level = _decibels(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))
    bar = ['#' if at < _column(level) else '.' for at in range(_METER)]
    if peak > _FLOOR_DB:
        bar[min(_column(peak), _METER - 1)] = '|'
    remark = ''
    if peak <= _SILENT_DB:
        remark = '  nothing at all: muted, or the wrong channel?'
    elif peak >= _decibels(_CLIPPED):
        remark = '  clipped: turn the gain down'
    return f'[{"".join(bar)}] level {level:6.1f} dB, peak {peak:6.1f} dB{remark}'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `echo-depth devices`."""
    parser.add_argument('--try', dest='attempt', action='store_true',
                        help='play soft chirps, record a second, show the levels')
    parser.add_argument('--input-device', default='', metavar='NAME',
                        help='part of a name, or an index; default: the default device')
    parser.add_argument('--output-device', default='', metavar='NAME', help='likewise')
    parser.add_argument('--input-channels', type=int, nargs=2, default=(1, 2), metavar='N',
                        help='left and right ear, counted from 1 (default: 1 2)')
    parser.add_argument('--level', type=float, default=0.1, metavar='PEAK',
                        help='peak of the chirps; full scale is 1 (default: %(default)s)')
    parser.add_argument('--json', action='store_true', help='write the list as JSON')


def main(args: argparse.Namespace) -> int:
    """List the devices, and try two of them if asked; 1 if there are none or nothing is heard."""
    if not 0 < args.level <= 1:
        raise DeviceError(f'--level is {args.level}; expected more than 0 and at most 1')
    if args.attempt:
        return _attempt(args)
    found = _patiently(survey)
    print(json.dumps(found, indent=2) if args.json else '\n'.join(table(found)))
    return 0 if found else 1


def _attempt(args: argparse.Namespace) -> int:
    settings = CardSettings(
        input_device=args.input_device, output_device=args.output_device,
        input_channels=tuple(args.input_channels))
    card = Card(settings, log=lambda level, text: None)
    try:
        _await_stream(card)
        print(f'speaker      {card.output_name}\nmicrophones  {card.input_name}\n'
              f'stream       {card.device_rate} Hz through {card.host_api}')
        recording, chirps = _record(card, args.level)
    finally:
        card.close()
    for side, samples in zip(('left', 'right'), recording):
        print(f'{side:<5}  {meter(samples)}')
    return _verdict(recording, chirps)


def _await_stream(card: Card) -> None:
    deadline = time.monotonic() + _OPENING
    while card.state != 'streaming':
        if time.monotonic() > deadline or card.state == 'waiting':
            raise DeviceError(card.problem)
        time.sleep(0.02)


def _record(card: Card, level: float) -> tuple[np.ndarray, list[int]]:
    """Return a second that begins with the first chirp, and the samples that chirps began on."""
    speaker, ears = card.speaker(), card.microphones()
    sound = linear_chirp(replace(
        PingFormat(), sample_rate=speaker.sample_rate, chirp_amplitude=level))
    first = speaker.next_frame
    pause = round(_PAUSE * speaker.sample_rate)
    played = [speaker.play(sound, first + number * pause) for number in range(_CHIRPS)]
    frames = [ears.chirp_frame(one.stamp) for one in played]
    return (ears.read(frames[0], ears.sample_rate, timeout=5.0),
            [frame - frames[0] for frame in frames])


def _verdict(recording: np.ndarray, chirps: Sequence[int]) -> int:
    fmt = PingFormat()
    reach = chirps[1] - fmt.window
    for chirp in chirps[:-1]:
        try:
            direct = find_direct_sound(recording, fmt, (max(chirp, 512), chirp + reach))
        except NoChirpError:
            continue
        delay = 1e3 * (direct.index - chirp) / fmt.sample_rate
        print(f'chirps       heard, {delay:.1f} ms after they were played, '
              f'SNR {direct.snr_db:.0f} dB')
        return 0
    print('chirps       not heard: turn speaker or microphones up, or choose other devices')
    return 1


def _abilities(device: dict[str, Any], kind: str) -> str:
    short = {'input': 'in', 'output': 'out'}[kind]
    count = device[f'{kind}s']
    if not count:
        return ' ' * _ABILITIES
    rates = ' '.join(f'{rate / 1000:g}' for rate in device[f'{kind}_rates'])
    default = f' <- {short}' if device[f'is_default_{kind}'] else ''
    can = f'{rates} kHz' if rates else 'refuses (busy?)'
    return f'{f"{short} {count}: {can}{default}":<{_ABILITIES}}'


def _can(sound, device: Device, kind: str, rate: int) -> bool:
    channels = min(2, device.channels(kind))
    if not channels:
        return False
    try:
        getattr(sound, f'check_{kind}_settings')(
            device.index, channels, 'float32', samplerate=rate)
    except (sound.PortAudioError, ValueError):
        return False
    return True


def _decibels(value: float) -> float:
    return 20 * math.log10(max(value, 1e-6))


def _column(decibels: float) -> int:
    return round(_METER * min(max(1 - decibels / _FLOOR_DB, 0.0), 1.0))


def _patiently(call):
    """Call something that hangs where a sound server does."""
    answers: SimpleQueue = SimpleQueue()

    def run() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:
            answers.put((None, error))
    stderr = os.dup(2)  # What hangs may have taken it away.
    Thread(target=run, daemon=True).start()
    try:
        answer, error = answers.get(timeout=_PATIENCE)
    except Empty:
        os.write(stderr, (
            f'echo-depth: error: the sound system has not answered for {_PATIENCE:g} s; restart '
            'PulseAudio, PipeWire or JACK\n').encode())
        os._exit(1)  # What hangs would also hang when the interpreter ends.
    finally:
        os.close(stderr)
    if error is not None:
        raise error
    return answer


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what ALSA and JACK write to stderr about devices that cannot do something."""
    sys.stderr.flush()
    before: Optional[int] = None
    try:
        before = os.dup(2)
        with open(os.devnull, 'wb') as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        if before is not None:
            os.dup2(before, 2)
            os.close(before)
