# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Networks that hear walls in ambient sound, side by side on rooms that they have not heard.

    python benchmarks/ambient.py data/ambient [NAME=FILE[,FILE…] …] [--listen 30]

FILE is ``model.pt`` of "echo-depth train-ambient" (or ``last.ckpt``, for the best so far), or
ONNX; several of one NAME are seeds, whose mean ± standard deviation is printed; of one alone ± is
half of a 95 % interval, by drawing rooms anew. Two ways to tell which of two clips of a room is
nearer: the head trained for it, which compares embeddings (not in an ONNX file), and the distances
that the ONNX file answers with. Chance is that of guessing: for AP the share of obstacles, for
accuracy always saying what is more frequent; for balanced accuracy and for order it is 50 %.

MB and ms are of the ONNX file: what a decision takes, both sides of one clip, front end included,
in ONNX Runtime with one thread; all networks in turn in one process, the median.

``--louder DB`` makes the left ear louder than the right by so much, as microphones whose gains do
not match; what a clip's clipping or noise would do to it is not part of this.

``--listen N`` lets the robot stand in N test rooms, anew, and hear for longer and longer.

The paper's rows, from its Table 1, are of real rooms, with one class as frequent as the other in
all but the static obstacles; ours are simulation. They stand beside each other, not against. One
clip is 0.96 s in all rows. The paper hears both ears' average and the nearest surface, as rows do
here that "hear mono"; rows that hear ears tell left from right, which is another question.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
import tempfile
import time
from typing import NamedTuple

import numpy as np
import onnx
import torch

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.learning.ambient.clips import AmbientClips
from echo_depth_ros.learning.ambient.export import contract_of, export
from echo_depth_ros.learning.ambient.layouts import open_clips
from echo_depth_ros.learning.ambient.objective import (
    figures,
    figures_of_choice,
    Heard,
    intervals,
    listen,
    pairs_of,
)
from echo_depth_ros.learning.ambient.run import load_network
from echo_depth_ros.perception.ambient import AmbientModel
from echo_depth_ros.perception.assets import AMBIENT, default_model_path
from echo_depth_ros.sim.ambient_dataset import CLEARANCE, NEAR, pose_by_wall
from echo_depth_ros.sim.ambient_room import AmbientRoom
from echo_depth_ros.sim.ambient_surfaces import Around
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Rig
from echo_depth_ros.sim.scene import Scene

COLUMNS = (('chance', 'chance AP %'), ('ap', 'AP %'), ('guess', 'chance acc. %'),
           ('acc', 'acc. %'), ('balanced', 'balanced %'),
           ('order_ap', 'order AP %'), ('order_acc', 'order acc. %'),
           ('compare_ap', 'by distance AP %'), ('compare_acc', 'by distance acc. %'),
           ('mae', 'MAE m'), ('median', 'median m'), ('r2', 'R²'))
PAPER = (  # Chen, Hu and Owens, CoRL 2021, Table 1: obstacle AP, accuracy; order AP, accuracy
    ('static, audio', '68.3 ± 1.3', '60.0 ± 0.9', '85.5 ± 1.0', '77.2 ± 0.8'),
    ('static, image', '99.2 ± 0.2', '95.5 ± 0.5', '94.6 ± 0.5', '86.4 ± 0.7'),
    ('static, image, pretrained', '99.5 ± 0.1', '98.4 ± 0.4', '97.7 ± 0.2', '92.1 ± 0.5'),
    ('static, chance', '46.4 ± 1.4', '50.0 ± 1.0', '47.2 ± 1.3', '50.0 ± 1.0'),
    ('motion, audio', '65.6 ± 1.4', '64.5 ± 0.9', '87.1 ± 1.0', '81.3 ± 0.8'),
    ('motion, image', '73.4 ± 1.2', '68.2 ± 1.0', '87.9 ± 0.9', '81.2 ± 0.8'),
    ('motion, image, pretrained', '88.6 ± 0.7', '78.5 ± 0.8', '97.1 ± 0.3', '90.6 ± 0.6'),
    ('motion, chance', '50.4 ± 1.4', '50.0 ± 1.0', '50.5 ± 1.4', '50.0 ± 1.0'))
BATCH = 64
CLIP = 3
"""Seconds of the clips whose chances the paper averages."""


class Row(NamedTuple):
    """
    One network, or one of several seeds.

    :ivar found: figures by name.
    :ivar half: half widths of their intervals.
    :ivar about: what it is, in words.
    :ivar model: as a robot runs it.
    :ivar megabytes: of the file.
    :ivar parameters: millions.
    """

    found: dict[str, float]
    half: dict[str, float]
    about: str
    model: AmbientModel
    megabytes: float
    parameters: float


def judge(path: Path, data: Path, split: str, folder: Path, limit: int | None) -> Row:
    """Figures of one file on one split."""
    if path.suffix != '.onnx':
        network, about = load_network(path)
        onnx_path = folder / f'{len(list(folder.iterdir()))}.onnx'
        export(network, onnx_path, contract_of(network, about))
        words = (f'{network.config.trunk}, {about["samples"]} samples of {about["data"]}, '
                 f'{about["run"]["epochs"]} epochs planned, best after '
                 f'{about["figures"]["epoch"]:.0f}, batches of {about["run"]["batch"]}, '
                 f'{about["run"]["optimizer"]["name"]}, seed {about["seed"]}')
    else:
        network, onnx_path, words = None, path, ''
    model = AmbientModel(onnx_path)
    contract = model.contract
    clips = open_clips(data, split, contract.hear, contract.near, limit=limit)
    spoken = answers(model, clips)
    # An ONNX file has no head that compares: its distances do.
    found, half = (judged(spoken, clips, contract.farthest) for judged in (figures, intervals))
    found['guess'] = max(found['chance'], 100 - found['chance'])
    half['guess'] = half['chance']
    for each in (found, half):
        for name in ('ap', 'acc'):
            each[f'compare_{name}'] = each.pop(f'order_{name}')
    if network is not None and about['run']['order']:
        heard = listen(network, clips)
        for each, judged in ((found, figures), (half, intervals)):
            told = judged(heard, clips, contract.farthest)
            each |= {name: told[name] for name in ('order_ap', 'order_acc')}
    if network is not None and not about['run']['distance']:
        for name in ('mae', 'median', 'r2', 'compare_ap', 'compare_acc'):
            found.pop(name), half.pop(name)
    weights = sum(np.prod(each.dims) for each in onnx.load(onnx_path).graph.initializer
                  if each.data_type == onnx.TensorProto.FLOAT)
    return Row(found, half, f'hears {contract.hear}; {words or contract.training_data}', model,
               onnx_path.stat().st_size / 1e6, float(weights) / 1e6)


def answers(model: AmbientModel, clips: AmbientClips) -> Heard:
    """Hear a whole split as a robot would, clip by clip."""
    said = [model.infer(clips.pictures(part).numpy())
            for part in torch.arange(len(clips)).split(BATCH)]
    near, distance = (torch.from_numpy(np.concatenate(each)) for each in zip(*said))
    pairs = pairs_of(clips)
    return Heard(torch.logit(near.double(), 1e-9).float(), distance, pairs,
                 distance[pairs[:, 1]] - distance[pairs[:, 0]])


def time_in_turn(models: dict[str, AmbientModel], rounds: int) -> dict[str, float]:
    """Median milliseconds of one decision, by name; one after the other, round after round."""
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in models}
    for number in range(rounds + 2):
        ears = rng.normal(0, 0.02, (2, AmbientFormat().clip)).astype(np.float32)
        for name, model in models.items():
            start = time.perf_counter()
            model.listen(ears)
            if number >= 2:
                times[name].append((time.perf_counter() - start) * 1e3)
    return {name: float(np.median(spent)) for name, spent in times.items()}


def table(rows: dict[str, list[Row]], spent: dict[str, float]) -> str:
    """Draw the figures as Markdown."""
    head = ['network', *(words for _, words in COLUMNS), 'M', 'MB', 'ms']
    lines = [head, ['---', *['---:'] * (len(head) - 1)]]
    for name, seeds in rows.items():
        cells = [name if len(seeds) == 1 else f'{name} ({len(seeds)} seeds)']
        for key, _ in COLUMNS:
            values = [row.found[key] for row in seeds if key in row.found]
            if not values:
                cells.append('–')
                continue
            half = np.std(values, ddof=1) if len(values) > 1 else seeds[0].half[key]
            digits = 2 if key in ('mae', 'median', 'r2') else 1
            cells.append(f'{np.mean(values):.{digits}f} ± {half:.{digits}f}')
        lines.append([*cells, f'{seeds[0].parameters:.3f}', f'{seeds[0].megabytes:.2f}',
                      f'{spent[name]:.2f}'])
    return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in lines)


def louder(models: dict[str, AmbientModel], data: Path, split: str, decibels: list[float],
           limit: int | None) -> str:
    """Draw as Markdown what is left where one ear is louder than it should be."""
    lines = [['network', 'left ear louder by', 'AP %', 'acc. %', 'balanced %', 'MAE m'],
             ['---', '---:', '---:', '---:', '---:', '---:']]
    for name, model in models.items():
        contract = model.contract
        if contract.hear == 'mono':
            continue
        clips = open_clips(data, split, contract.hear, contract.near, limit=limit)
        for gain in decibels:
            mel = clips.mel.copy()
            mel[:, 0] += np.float16(gain * np.log(10) / 10)
            heard = replace(clips, mel=mel)
            found = figures(answers(model, heard), heard, contract.farthest)
            lines.append([name, f'{gain:g} dB', f'{found["ap"]:.1f}', f'{found["acc"]:.1f}',
                          f'{found["balanced"]:.1f}', f'{found["mae"]:.2f}'])
    return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in lines)


def stretches(data: Path, split: str, rooms: int, poses: int,
              seconds: float) -> Iterator[tuple[np.ndarray, Around]]:
    """
    Stand in rooms of a data set at places that it does not hold, and listen.

    :returns: sound, shape (2, n), and how near surfaces are, room by room.
    """
    files = sorted((data / split).glob('ambient_*.npz'))
    for path in files[::max(1, len(files) // rooms)][:rooms]:
        seed = int(path.stem.partition('_')[2])
        build = np.random.default_rng([seed, 21])  # the robot of the data set's room
        rig, world = Rig(), random_world(seed)
        room = AmbientRoom(Scene(world, rig.robot_radius), rig, Hearing.random(build), seed=seed)
        rng = np.random.default_rng([seed, 22])
        space = world.free_space(CLEARANCE)
        for _ in range(poses):
            pose = pose_by_wall(world, space, rng)
            yield room.hear(pose, rng, samples=round(seconds * room.fmt.sample_rate)), \
                room.around(pose)


def listen_longer(models: dict[str, AmbientModel], data: Path, split: str, rooms: int,
                  poses: int, seconds: list[float]) -> str:
    """Draw as Markdown how sure networks are after so many seconds at one place."""
    rate = AmbientFormat().sample_rate
    ways = [(length, whole) for length in seconds for whole in (True, False)
            if whole or length >= 2 * CLIP]
    said: dict[tuple[str, float, bool], list[tuple[float, float]]] = {
        (name, *way): [] for name in models for way in ways}
    truth: list[tuple[float, float, float]] = []
    for sound, around in stretches(data, split, rooms, poses, max(seconds)):
        truth.append((around.left, around.right, around.nearest))
        for name, model in models.items():
            for length, whole in ways:
                part = sound[:, :round(length * rate)]
                parts = [part] if whole else np.split(
                    part[:, :part.shape[1] // (CLIP * rate) * CLIP * rate],
                    part.shape[1] // (CLIP * rate), axis=1)
                chances = [model.listen(np.ascontiguousarray(each))[:2] for each in parts]
                said[name, length, whole].append(tuple(np.mean(chances, axis=0)))
    lines = [['network', 'heard for', 'how', 'chance AP %', 'AP %', 'acc. %'],
             ['---', '---:', '---', '---:', '---:', '---:']]
    distance = np.array(truth)
    for (name, length, whole), chances in said.items():
        mono = models[name].contract.hear == 'mono'
        near = torch.from_numpy((distance[:, 2] if mono else distance[:, :2].ravel()) < NEAR)
        chance = np.array(chances)
        heard = torch.logit(torch.from_numpy(chance[:, 0] if mono else chance.ravel()), 1e-9)
        found = figures_of_choice(heard, near)
        how = 'at once' if whole else f'mean of {int(length // CLIP)} clips of {CLIP} s'
        lines.append([name, f'{length:g} s', how, f'{100 * near.float().mean():.1f}',
                      f'{found["ap"]:.1f}', f'{found["acc"]:.1f}'])
    return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in lines)


def main(words: list[str] | None = None) -> None:
    """Judge, time, listen, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n')[0])
    parser.add_argument('data', type=Path, help='simulated ambient sound')
    parser.add_argument('models', nargs='*', metavar='NAME=FILE[,FILE]',
                        help='default: the shipped network')
    parser.add_argument('--split', default='test', help='default: %(default)s')
    parser.add_argument('--limit', type=int, help='use only so many rooms')
    parser.add_argument('--rounds', type=int, default=50, help='of timing (default: %(default)s)')
    parser.add_argument('--louder', type=float, nargs='+', metavar='DB', default=[],
                        help='one ear is louder by so many decibels')
    parser.add_argument('--listen', type=int, default=0, metavar='ROOMS',
                        help='hear for longer in so many rooms; 2 s of computing for a minute')
    parser.add_argument('--poses', type=int, default=5, help='in each (default: %(default)s)')
    parser.add_argument('--seconds', type=float, nargs='+', default=[1, 3, 10, 60],
                        help='how long (default: 1 3 10 60)')
    args = parser.parse_args(words)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        rows: dict[str, list[Row]] = {}
        for word in args.models or [f'shipped={default_model_path(AMBIENT)}']:
            name, equals, files = word.partition('=')
            if not equals:
                parser.error(f'{word}: expected NAME=FILE, such as shipped={AMBIENT.name}')
            rows[name] = [judge(Path(each), args.data, args.split, Path(folder), args.limit)
                          for each in files.split(',')]
        models = {name: seeds[0].model for name, seeds in rows.items()}
        print(f'{args.data}, split {args.split}: simulation\n')
        print(table(rows, time_in_turn(models, args.rounds)) + '\n')
        for name, seeds in rows.items():
            print(f'{name}: ' + '; '.join(dict.fromkeys(row.about for row in seeds)))
        print('\nThe paper, real rooms, VGGish of 72 M parameters, one clip of 0.96 s:\n')
        print('| Table 1 | AP % | acc. % | order AP % | order acc. % |\n|---|---:|---:|---:|---:|')
        print('\n'.join('| ' + ' | '.join(cells) + ' |' for cells in PAPER))
        if args.louder:
            print('\nEars whose gains do not match:\n')
            print(louder(models, args.data, args.split, args.louder, args.limit))
        if args.listen:
            print(f'\nStanding in {args.listen} test rooms, {args.poses} places each:\n')
            print(listen_longer(models, args.data, args.split, args.listen, args.poses,
                                args.seconds))


if __name__ == '__main__':
    main()
