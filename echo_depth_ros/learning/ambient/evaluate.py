# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
Figures of networks that hear walls, on data that they have not heard.

  echo-depth evaluate-ambient runs/ambient/model.pt data/ambient --split test

Obstacles within 0.5 m: average precision (AP) and accuracy in percent beside chance; which of two
clips of a room is nearer; distance in metres. ± is half of a 95 % interval, by drawing rooms anew.
"""

from argparse import ArgumentParser, Namespace
import json
from pathlib import Path
import time

import torch

from echo_depth_ros.learning.ambient.clips import AmbientClips
from echo_depth_ros.learning.ambient.layouts import open_clips
from echo_depth_ros.learning.ambient.objective import figures, intervals, listen
from echo_depth_ros.learning.ambient.run import load_network

_SHOWN = (('chance', 'chance AP %'), ('ap', 'AP %'), ('acc', 'accuracy %'),
          ('balanced', 'balanced %'), ('order_ap', 'order AP %'), ('order_acc', 'order acc. %'),
          ('mae', 'MAE m'), ('median', 'median m'), ('r2', 'R²'))


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('model', type=Path, nargs='+', help='model.pt of "train-ambient", then '
                        'the data set')
    parser.add_argument('--split', default='test', help='default: %(default)s')
    parser.add_argument('--gap', type=float, metavar='METRES',
                        help='leave out what is farther than 0.5 m but nearer than this: in the '
                        "paper's recordings nothing is between 0.5 and 1 m")
    parser.add_argument('--task', choices=('obstacle', 'order'), default='obstacle',
                        help="which of the paper's lists (default: %(default)s)")
    parser.add_argument('--limit', type=int, help='use only so many rooms')
    parser.add_argument('--json', type=Path, help='write the figures to this file as well')


def main(args: Namespace) -> int:
    """Evaluate; returns 0."""
    *models, data = args.model
    if not models:
        print('name a model and a data set')
        return 2
    rows = {}
    for path in models:
        network, about = load_network(path)
        clips = open_clips(data, args.split, about['hear'], about['run']['near'], args.task,
                           args.limit)
        if args.gap:
            clips = without(clips, about['run']['near'], args.gap)
        began = time.perf_counter()
        heard = listen(network, clips)
        spent = (time.perf_counter() - began) / len(clips) * 1e3
        farthest = network.config.farthest
        found, half = figures(heard, clips, farthest), intervals(heard, clips, farthest)
        weights = sum(p.numel() for p in network.parameters())
        rows[str(path)] = {**found, **{f'{name}_pm': value for name, value in half.items()},
                           'weights': weights, 'ms': spent, 'samples': len(clips)}
        print(f'{path}: {network.config.trunk}, hears {about["hear"]}, {weights / 1e6:.3f} M '
              f'parameters, {len(clips)} samples of {len(clips.group.unique())} rooms, '
              f'{spent:.2f} ms each')
        for name, words in _SHOWN:
            if name in found:
                print(f'  {words:<14}{found[name]:7.2f} ± {half.get(name, float("nan")):.2f}')
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1), encoding='utf-8')
    return 0


def without(clips: AmbientClips, near: float, far: float) -> AmbientClips:
    """Leave out samples between two distances in metres."""
    keep = ((clips.distance < near) | (clips.distance >= far)).nonzero()[:, 0]
    pairs = clips.pairs
    if pairs is not None:
        where = torch.full((len(clips),), -1).index_copy(0, keep, torch.arange(len(keep)))
        pairs = where[pairs]
        pairs = pairs[(pairs >= 0).all(dim=1)]
    return AmbientClips(clips.mel, clips.rows[keep], clips.both, clips.distance[keep],
                        clips.near[keep], clips.group[keep], pairs, clips.image, clips.name)
