# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Options that `echo-depth record` and `echo-depth import-bag` have in common."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import fields, replace
import math
from pathlib import Path

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.recording.description import Description
from echo_depth_ros.recording.intake import MIN_SNR_DB
from echo_depth_ros.recording.tally import Tally
from echo_depth_ros.recording.writer import KEEP_FREE, LocationWriter, SPLITS

_LEAST = {int: 1, float: 1e-6}
"""Of any figure of a ping."""
_ASPECT = 0.02
"""By which the shapes of images may differ that are said to be of one view."""


def add_target_arguments(parser: ArgumentParser) -> None:
    """Declare where to write, and what is good enough."""
    parser.add_argument('root', type=Path, metavar='ROOT',
                        help='folder of the data set; it is made, or added to')
    parser.add_argument('--location', required=True, metavar='NAME',
                        help='the room, as a folder of ROOT; all of one room into one split')
    parser.add_argument('--split', choices=SPLITS, default='train',
                        help='what the samples are for (default: %(default)s)')
    parser.add_argument('--namespace', default='', metavar='NAME',
                        help="namespace of the robot's topics (default: none)")
    parser.add_argument('--no-colour', action='store_true',
                        help='depth only; vision teachers need colour, other training does not')
    parser.add_argument('--png', action='store_true',
                        help='pictures as PNG, about four times as large as JPEG')
    parser.add_argument('--min-snr', type=number(float, -100, 100), default=MIN_SNR_DB,
                        metavar='DB',
                        help='skip windows whose direct sound is weaker (default: %(default)s)')
    parser.add_argument('--calibration', type=Path, metavar='FILE',
                        help='calibration of speaker and ears, to be copied beside the samples')
    parser.add_argument('--hfov', type=number(float, 1, 179), metavar='DEGREES',
                        help='field of view from left to right, where no camera_info comes')
    parser.add_argument('--vfov', type=number(float, 1, 179), metavar='DEGREES',
                        help='field of view from top to bottom, likewise')
    parser.add_argument('--format', type=_assignment, action='append', default=[],
                        metavar='KEY=VALUE', help='what differs from the default ping, such as '
                                                  'ear_spacing=0.2')
    parser.add_argument('--keep-free', type=number(float, 0), default=KEEP_FREE / 1e9,
                        metavar='GB',
                        help='stop when less of the disk is free (default: %(default)s)')


def number(kind: type, least: float, most: float = math.inf) -> Callable[[str], int | float]:
    """Return what reads an argument that is a number between two others."""
    def read(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and least <= value <= most):
            raise ArgumentTypeError(
                f'{text!r}; expected a {"whole " * (kind is int)}number, '
                + (f'{least:g} or more' if math.isinf(most) else f'{least:g} to {most:g}'))
        return value
    return read


def ping_format(args: Namespace, known: PingFormat = PingFormat()) -> PingFormat:
    """Return what is known of the pings, and above that what was given."""
    return replace(known, **dict(args.format))


def known_format(parameters: dict) -> PingFormat:
    """Return the pings that the parameters of a node describe; the rest is the default."""
    return PingFormat(**{one.name: type(one.default)(parameters[one.name])
                         for one in fields(PingFormat) if one.name in parameters})


def open_writer(args: Namespace, about: Description) -> LocationWriter:
    """
    Open the location that the arguments name.

    :raises RecorderError: see :class:`LocationWriter`.
    """
    about.camera = about.camera or {
        name: value for name, value in (('hfov_deg', args.hfov), ('vfov_deg', args.vfov))
        if value is not None}
    writer = LocationWriter(
        args.root, args.location, args.split, about, keep_free=round(args.keep_free * 1e9),
        colour_suffix='.png' if args.png else '.jpg')
    try:
        if args.calibration is not None:
            writer.keep_calibration(args.calibration)
    except BaseException:
        writer.close()
        raise
    return writer


def remarks(writer: LocationWriter) -> list[str]:
    """Return what the user should know about a location before it is recorded into."""
    lines = []
    if writer.other_splits:
        lines.append(f'{writer.folder} also has {" and ".join(writer.other_splits)}; a network '
                     'that was trained in a room is not tested by it: one room, one split')
    if writer.repaired:
        lines.append(f'an earlier recording was killed while it wrote; {writer.repaired} bytes of '
                     'its last line were cut off, and recording goes on behind it')
    standard = PingFormat()
    different = [f'{one.name} is {getattr(writer.about.fmt, one.name)}, not '
                 f'{getattr(standard, one.name)}' for one in fields(standard)
                 if one.name in writer.about.as_json()['format']
                 and getattr(writer.about.fmt, one.name) != getattr(standard, one.name)]
    if different:
        lines.append(f'{"; ".join(different)}: today the learning commands know only the default '
                     'ping and will refuse these samples')
    return lines


def summary(tally: Tally, writer: LocationWriter) -> str:
    """Say how it went and what to do next."""
    lines = [f'{tally.kept} of {tally.windows} windows kept in {writer.folder}, split '
             f'{writer.split} ({writer.bytes_written / 1e6:.0f} MB); {tally.meter()}']
    lines += [f'skipped {count}: {tally.words[reason]}'
              for reason, count in tally.skipped.most_common()]
    if tally.dropped:
        lines.append(f'dropped {tally.dropped}: the disk was too slow; record smaller images, or '
                     'to a faster disk')
    if tally.kept and not writer.about.camera:
        lines.append('the field of view is not known, since no camera_info came: give --hfov and '
                     '--vfov here, or to "echo-depth export"')
    about, shape = writer.about.camera, writer.depth_shape
    if tally.kept and about.get('width') and abs(
            shape[1] / shape[0] / (about['width'] / about['height']) - 1) > _ASPECT:
        lines.append(f'depth images are {shape[1]}x{shape[0]}, but camera_info tells of '
                     f'{about["width"]}x{about["height"]}: align depth to colour in the camera '
                     'driver, or the field of view is wrong')
    if tally.kept:
        lines.append(f'next: echo-depth inspect {writer.root} --picture samples.png')
    return '\n'.join(lines)


def _assignment(text: str) -> tuple[str, int | float]:
    kinds = {one.name: type(one.default) for one in fields(PingFormat)}
    key, equals, value = text.partition('=')
    if key not in kinds or not equals:
        raise ArgumentTypeError(f'{text!r}; expected KEY=VALUE with one of {", ".join(kinds)}')
    try:
        return key, number(kinds[key], _LEAST[kinds[key]])(value)
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f'{key} is {error}') from error
