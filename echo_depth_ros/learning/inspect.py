# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Look into a data set before training on it.

Says what each split holds and what was skipped and why; how deep, loud and well aligned it is;
and draws some samples. Any layout: simulated rooms, BatVision V1 and V2, recordings of your own.

For example: echo-depth inspect data/rooms --picture rooms.png
"""

from argparse import ArgumentParser, Namespace
import json
from pathlib import Path

from echo_depth_ros.learning.data import DatasetError, open_split, SPLITS
from echo_depth_ros.learning.data.contact_sheet import draw_contact_sheet
from echo_depth_ros.learning.data.layouts import DESCRIPTIONS
from echo_depth_ros.learning.data.split import EchoSplit
from echo_depth_ros.learning.data.statistics import describe

_KINDS = 8


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.epilog = f'layouts that are recognised:\n{DESCRIPTIONS}'
    parser.add_argument('data', type=Path, metavar='DATASET', help='folder of the data set')
    parser.add_argument('--split', choices=SPLITS, help='only this one (default: all there are)')
    parser.add_argument('--limit', type=int, help='the first so many samples of each split only')
    parser.add_argument('--picture', type=Path, help='draw a contact sheet here (PNG, PDF, ...)')
    parser.add_argument('--rows', type=int, default=9,
                        help='samples on the contact sheet (default: %(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE',
                        help='write the figures, and all skipped names, here')


def main(args: Namespace) -> int:
    """
    Inspect, print, write what was asked for.

    :returns: 0.
    :raises DatasetError: when no split can be opened.
    """
    splits, absent = _open(args)
    figures = {name: describe(split) for name, split in splits.items()}
    layout = next(iter(splits.values())).report['layout']
    print('\n'.join([f'{args.data}: {layout}', '', *_table(figures), *_remarks(figures, absent)]))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(
            {'data': str(args.data), 'layout': layout, 'splits': figures, 'absent': absent},
            indent=1) + '\n', encoding='utf-8')
    if args.picture:
        draw_contact_sheet(args.picture, splits, rows=max(args.rows, 1),
                           title=f'{args.data} ({layout})')
        print(f'\npicture: {args.picture}')
    return 0


def _open(args: Namespace) -> tuple[dict[str, EchoSplit], dict[str, str]]:
    """Open what there is; the rest with the reason."""
    splits, absent = {}, {}
    for name in [args.split] if args.split else SPLITS:
        try:
            splits[name] = open_split(args.data, name, limit=args.limit)
        except DatasetError as error:
            absent[name] = str(error)
    if not splits:
        raise DatasetError(next(iter(absent.values())))
    return splits, absent


def _table(figures: dict[str, dict]) -> list[str]:
    rows: list[tuple[str, list[str]]] = []

    def row(label: str, cell) -> None:
        rows.append((label, [cell(each) for each in figures.values()]))

    row('', lambda each: next(name for name, it in figures.items() if it is each))
    row('samples', lambda each: str(each['samples']))
    row('skipped', lambda each: str(each['skipped']))
    row('colour', lambda each: 'yes' if each['rgb'] else 'no')
    row('material', lambda each: 'yes' if each['material'] else 'no')
    totals: dict[str, int] = {}
    for each in figures.values():
        for kind, count in each['rooms'].items():
            totals[kind] = totals.get(kind, 0) + count
    kinds = sorted(totals, key=totals.get, reverse=True)
    for kind in kinds[:_KINDS]:
        row(f'  {kind}', lambda each, kind=kind: _share(each['rooms'].get(kind, 0),
                                                        each['samples']))
    if len(kinds) > _KINDS:
        row(f'  {len(kinds) - _KINDS} other places', lambda each: _share(
            sum(each['rooms'].get(kind, 0) for kind in kinds[_KINDS:]), each['samples']))
    row('depth, m', lambda each: _range(each['depth']['metres'], 2))
    row('  holes, mean and worst', lambda each: f'{each["depth"]["holes_share"]:.1%}, '
                                                f'{each["depth"]["worst_holes_share"]:.1%}')
    row('  at the 12 m limit', lambda each: f'{each["depth"]["at_limit_share"]:.1%}')
    row('nearest surface, m', lambda each: _range(each['first_range_m'], 2))
    row('peak, dBFS', lambda each: _range(each['sound']['peak_dbfs'], 0))
    row('clipped windows', lambda each: _share(each['sound']['clipped'],
                                               each['sound']['windows']))
    row('left against right, dB', lambda each: _range(each['sound']['imbalance_db'], 1))
    row('direct sound on sample', lambda each: _range(each['sound']['direct_index'], 1))
    row('  its SNR, dB', lambda each: _range(each['sound']['snr_db'], 0))
    row('  not found again', lambda each: _share(each['sound']['no_direct_sound'],
                                                 each['sound']['windows']))
    if any(_recorded(each, 'direct_index') for each in figures.values()):
        row('  in the recordings', lambda each: _range(_recorded(each, 'direct_index'), 1))
        row('  SNR there, dB', lambda each: _range(_recorded(each, 'snr_db'), 0))
    wide = max(len(label) for label, _ in rows)
    widths = [max(len(cells[at]) for _, cells in rows) for at in range(len(figures))]
    lines = [f'{label:<{wide}}' + ''.join(
        f'  {cell:>{width}}' for cell, width in zip(cells, widths)) for label, cells in rows]
    return [*lines, '', 'Ranges are the 5th percentile, the median and the 95th percentile, and '
            'the extremes in brackets.']


def _remarks(figures: dict[str, dict], absent: dict[str, str]) -> list[str]:
    lines = []
    for name, each in figures.items():
        lines += [f'{name}: note: {note}' for note in each['notes']]
        for kind in each['reasons']:
            names = ', '.join(kind['names']) + (', ...' * (kind['count'] > len(kind['names'])))
            lines += [f'{name}: skipped {kind["count"]}: {kind["reason"].partition(";")[0]}',
                      f'    {names}']
    lines += [f'{name}: cannot be opened: {reason}' for name, reason in absent.items()]
    return ['', *lines] if lines else []


def _recorded(each: dict, name: str) -> dict | None:
    return (each['recorded'] or {}).get(name)


def _share(count: int, of: int) -> str:
    return f'{count / of:.1%}' if count else '-'


def _range(values: dict[str, float] | None, digits: int) -> str:
    if not values:
        return '-'
    low, middle, high, least, most = (
        f'{values[key]:.{digits}f}' for key in ('p5', 'median', 'p95', 'min', 'max'))
    return f'{low} / {middle} / {high} ({least}..{most})'
