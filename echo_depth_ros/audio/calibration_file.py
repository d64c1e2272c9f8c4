# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a calibration as parameters that the nodes load."""

from collections.abc import Mapping, Sequence
from datetime import datetime
import math
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
import textwrap
from typing import Any

from echo_depth_ros import __version__
from echo_depth_ros.acoustics.calibration.analyse import Calibration
from echo_depth_ros.acoustics.calibration.findings import CHANGE, Finding
from echo_depth_ros.acoustics.calibration.surfaces import LOUDEST_FLOOR_DB
from echo_depth_ros.acoustics.calibration.volume import volume_change
from echo_depth_ros.acoustics.errors import EchoDepthError


class FileInTheWayError(EchoDepthError, OSError):
    """A file that would be overwritten."""


def parameters(found: Calibration, *, max_level: float, swapped: bool = False,
               ear_gain_db: Sequence[float] | None = None,
               ) -> dict[str, tuple[Any, str]]:
    """
    Parameters of the nodes by name: value, and what it is.

    Levels are what the nodes will see once they have loaded all of it: with the suggested
    amplitude, and the gains that make the ears equal.

    :param swapped: whether the channels had been exchanged before they were analysed.
    :param ear_gain_db: gains to use instead of those that make the ears equal.
    """
    volume = volume_change(found, max_level)
    # No -0.0.
    gains = [round(float(g), 1) + 0.0 for g in (
        found.ear_gain_db if ear_gain_db is None else ear_gain_db)]
    entries: dict[str, tuple[Any, str]] = {}
    if found.loop_delay_s is not None and found.loop_delay_s >= 0 and not found.pings.ambiguous:
        entries['loop_delay'] = (round(found.loop_delay_s, 7), (
            'Seconds from a chirp to its sound at the ears, without the way through the air; '
            f'{1e6 * found.loop_spread_s:.0f} us of spread.'))
    entries['direct_distance'] = (round(float(found.distance_m.mean()), 4), {
        'wall': 'Metres from the speaker to each ear, measured by a wall.',
        'given': 'Metres from the speaker to each ear, as given.',
        'assumed': 'Metres from the speaker to each ear: assumed, not measured. loop_delay '
                   'goes with it.'}[found.distance_by])
    entries['direct_level_db'] = (
        [round(float(level) + volume.amplitude_db + gain, 1)
         for level, gain in zip(found.direct_level_db, gains)],
        'Peak of the direct sound at the left and the right ear, in dB of full scale.')
    entries['ear_gain_db'] = (gains, 'Gains, in dB, that make both ears equal.'
                              if ear_gain_db is None else 'Gains, in dB, as given.')
    entries['swap_ears'] = (swapped != bool(found.wiring.swapped), {
        True: 'The first channel is the right ear.',
        False: 'The first channel is the left ear.'}.get(
            None if found.wiring.swapped is None else swapped != found.wiring.swapped,
            'Whether the first channel is the right ear; not tested.'))
    entries['amplitude'] = (round(volume.amplitude, 4), (
        f'Peak of a chirp, of full scale 1; measured with '
        f'{found.setup.fmt.chirp_amplitude:.3g}.'
        + (' Needs a max_level above its default.' if volume.amplitude > 0.5 else '')))
    entries['noise_floor_dbfs'] = (
        [round(float(level) + gain, 1) for level, gain in zip(found.noise.level_db, gains)],
        'Noise at the left and the right ear, RMS in dB of full scale.')
    if found.floor is not None and found.floor.level_db <= LOUDEST_FLOOR_DB:
        entries['floor_near'] = (found.floor.near, 'Metres from which on the floor answers, ...')
        entries['floor_far'] = (found.floor.far, '... up to which it does, ...')
        entries['floor_level_db'] = (
            found.floor.level_db, '... and how loud at most, in dB of the direct sound.')
    return entries


def write_parameters(
        path: Path, entries: Mapping[str, tuple[Any, str]], *, command: str, made: datetime,
        judged: Sequence[Finding]) -> None:
    """
    Write a ROS 2 parameter file for all nodes, whole or not at all.

    :param command: with which it was measured.
    :param judged: the findings, written as comments.
    """
    lines = [
        '# Calibration of speaker and ears, measured '
        f'{made.isoformat(sep=" ", timespec="seconds")} by echo_depth_ros {__version__}:',
        *_comment(command, '#   '),
        '#',
        '# Load it after config/echo_depth.yaml: what stands here counts.',
        '#']
    change = [finding for finding in judged if finding.verdict == CHANGE]
    if change:
        lines += ['# NOT AS IT SHOULD BE: change what is marked, and calibrate again.', '#']
    for finding in judged:
        lines += _comment(f'{finding.verdict:<8}{finding.subject}: {finding.text}', '# ')
    lines += ['', '/**:', '  ros__parameters:']
    for name, (value, text) in entries.items():
        lines += [*_comment(text, '    # '), f'    {name}: {_yaml(value)}']
    save(path, '\n'.join(lines).encode() + b'\n')


def _comment(text: str, prefix: str) -> list[str]:
    return textwrap.wrap(
        text, 96, initial_indent=prefix, subsequent_indent=prefix + '    ',
        break_long_words=False, break_on_hyphens=False)


def _yaml(value: Any) -> str:
    """Write a value so that ROS reads its type: a float keeps its point, a text its quotes."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(map(_yaml, value))}]'
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f'a parameter is {value}; expected a finite number')
        return f'{value:.7f}'.rstrip('0').ljust(3, '0') if value % 1 else f'{value:.1f}'
    if isinstance(value, int):
        return str(value)
    quoted = str(value).replace("'", "''")
    return f"'{quoted}'"


def refuse_to_overwrite(paths: Sequence[Path], force: bool) -> None:
    """
    Look before anything is measured.

    :raises FileInTheWayError: when one of them exists, and ``force`` is not given.
    :raises PermissionError: when one of them cannot be written.
    """
    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise FileInTheWayError(
            f'{" and ".join(there)} exist{"s" * (len(there) == 1)} already; give --force to '
            'replace (the old one is kept as *.old), or another name with --out')
    for path in paths:
        folder = next(one for one in path.absolute().parents if one.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise PermissionError(f'{path} cannot be written: {folder} is read-only, or no '
                                  'folder; expected another place')


def keep_old(path: Path) -> Path | None:
    """Put aside a file that is to be replaced; return where it is now, None if there was none."""
    if not path.exists():
        return None
    aside = path.with_name(path.name + '.old')
    os.replace(path, aside)
    return aside


def save(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f'.{path.name}.', delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            os.chmod(part.name, 0o644)
            os.replace(part.name, path)
        except BaseException:
            os.unlink(part.name)
            raise
