# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Turn a rosbag2 recording, SQLite or MCAP, into training data in BatVision V2's layout.

Takes the topics binaural, binaural/raw, binaural/rgb and binaural/depth, in whatever namespace.
Where the camera was recorded under its own names, give them with --rgb and --depth; each window
gets the images nearest in time.

For example: echo-depth import-bag drive_1 data/mine --location kitchen
"""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
import sys

from tqdm import tqdm

from echo_depth_ros.recording.bag import Bag, stamp_of
from echo_depth_ros.recording.description import camera_of, Description, RAW, WINDOW
from echo_depth_ros.recording.errors import RecorderError
from echo_depth_ros.recording.intake import Arrived, Intake
from echo_depth_ros.recording.options import (
    add_target_arguments,
    number,
    open_writer,
    ping_format,
    remarks,
    summary,
)
from echo_depth_ros.recording.pairing import Pairing, Together
from echo_depth_ros.recording.topics import (
    CAMERA_INFO,
    check_topic,
    choose_namespace,
    COMPRESSED,
    IMAGE,
)
from echo_depth_ros.recording.writer import check_target

_PATIENCE = 2_000_000_000
"""Nanoseconds of the bag's time that a window waits for its images."""


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument('bag', type=Path, metavar='BAG', help='folder of the rosbag2 recording')
    add_target_arguments(parser)
    parser.add_argument('--rgb', metavar='TOPIC', help='colour images (default: binaural/rgb)')
    parser.add_argument('--depth', metavar='TOPIC',
                        help='depth images, of the same view as colour (default: binaural/depth)')
    parser.add_argument('--camera-info', metavar='TOPIC',
                        help='camera_info of the images (default: camera/color/camera_info, or '
                             'the one beside --rgb or --depth)')
    parser.add_argument('--tolerance', type=number(float, 0, 10), default=0.05, metavar='SECONDS',
                        help='by which images of --rgb and --depth may be off '
                             '(default: %(default)s)')


def main(args: Namespace) -> int:
    """
    Import a bag.

    :returns: 0, or 1 where not one window could be kept.
    :raises RecorderError: the bag or the target cannot be used.
    """
    check_target(args.root, args.location, args.split, round(args.keep_free * 1e9))
    with Bag(args.bag) as bag:
        streams = choose_streams(bag.topics, args)
        about = Description(
            fmt=ping_format(args), wav=RAW if streams.raw else WINDOW,
            colour=not args.no_colour, camera=_camera(bag, streams.info),
            sources=[f'bag {args.bag.resolve().name}'])
        with open_writer(args, about) as writer:
            for remark in remarks(writer):
                print(f'note: {remark}', file=sys.stderr)
            intake = Intake(writer, args.min_snr)
            _fill(intake, bag, streams, args)
            print(summary(intake.tally, writer))
            return 0 if intake.tally.kept else 1


@dataclass(frozen=True)
class Streams:
    """
    Topics of one robot; '' where there is none.

    :ivar nearest: which of 'rgb' and 'depth' carry their own stamps, and not the windows'.
    """

    window: str
    raw: str
    depth: str
    rgb: str
    info: str
    nearest: frozenset[str]


def choose_streams(topics: dict[str, str], args: Namespace) -> Streams:
    """
    Choose topics by what there is and what was asked for.

    :param topics: types by name.
    :raises RecorderError: something is missing; it names what there is.
    """
    base = choose_namespace(topics, args.namespace)
    ours = {kind: name if (name := f'{base}/binaural/{kind}') in topics else ''
            for kind in ('raw', 'depth', 'rgb')}
    depth, rgb = ours['depth'], '' if args.no_colour else ours['rgb']
    if args.depth:
        depth = check_topic(topics, args.depth, (IMAGE,), '--depth')
    if args.rgb and not args.no_colour:
        rgb = check_topic(topics, args.rgb, (IMAGE, COMPRESSED), '--rgb')
    images = ', '.join(sorted(name for name, kind in topics.items() if kind in (
        IMAGE, COMPRESSED) and not name.startswith(f'{base}/binaural'))) or 'none'
    if not depth:
        raise RecorderError(
            f'no depth: the bag has no {base}/binaural/depth; a network learns from windows with '
            f"depth only: name a camera's topic with --depth; image topics there are: {images}")
    if not rgb and not args.no_colour:
        raise RecorderError(
            f"no colour: the bag has no {base}/binaural/rgb; name a camera's topic with --rgb, "
            f'or do without: --no-colour; image topics there are: {images}')
    nearest = frozenset(kind for kind, given, name in (
        ('depth', args.depth, depth), ('rgb', args.rgb, rgb)) if given and name != ours[kind])
    return Streams(f'{base}/binaural', ours['raw'], depth, rgb,
                   _info(topics, base, args, rgb, depth), nearest)


def _info(topics: dict[str, str], base: str, args: Namespace, rgb: str, depth: str) -> str:
    if args.camera_info:
        return check_topic(topics, args.camera_info, (CAMERA_INFO,), '--camera-info')
    beside = [f'{name.rpartition("/")[0]}/camera_info' for name in (rgb, depth) if name]
    for name in (*beside, f'{base}/camera/color/camera_info', f'{base}/camera/depth/camera_info'):
        if topics.get(name) == CAMERA_INFO:
            return name
    return ''


def _camera(bag: Bag, topic: str) -> dict:
    if topic:
        for _, _, message in bag.messages({topic}):
            return camera_of(message, topic)
    return {}


def _fill(intake: Intake, bag: Bag, streams: Streams, args: Namespace) -> None:
    """Read through the bag once."""
    kinds = {streams.depth: ['depth'], streams.raw: ['raw'], streams.rgb: ['rgb']}
    kinds.pop('', None)
    tolerance = round(args.tolerance * 1e9)
    pairing = Pairing({kind: tolerance if kind in streams.nearest else 0
                       for names in kinds.values() for kind in names}, _PATIENCE)
    topics = {streams.window, *kinds}
    with tqdm(total=bag.count(topics), desc=args.bag.name, unit='msg') as bar:
        for topic, when, message in bag.messages(topics):
            stamp = stamp_of(message)
            if topic == streams.window:
                pairing.add_window(stamp, message, when)
            for kind in kinds.get(topic, ()):
                pairing.add(kind, stamp, message)
            for together in pairing.settled(when):
                intake.take(_arrived(together, streams))
            bar.set_postfix(kept=intake.tally.kept, refresh=False)
            bar.update()
        for together in pairing.rest():
            intake.take(_arrived(together, streams))
        bar.set_postfix(kept=intake.tally.kept)


def _arrived(together: Together, streams: Streams) -> Arrived:
    items = {kind: frame.item for kind, frame in together.others.items() if frame is not None}
    stamps = {f'{kind}_stamp': together.others[kind].stamp for kind in streams.nearest
              if kind in items}
    return Arrived(together.stamp, together.window, **items, **stamps)
