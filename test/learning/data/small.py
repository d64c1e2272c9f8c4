# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small data sets in every layout that is read."""

import csv

import numpy as np
from PIL import Image
import soundfile

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.recordings import write_recordings

from ..toy import make_room

FMT = PingFormat()


def ping(seed, samples, start, silent=False):
    """Render a direct sound on ``start`` and an echo twice as loud; float32 (2, samples)."""
    rng = np.random.default_rng(seed)
    wave = 1e-3 * rng.standard_normal((2, samples))
    if not silent:
        chirp = linear_chirp(FMT)
        for at, gain in ((start, 0.3), (start + 309, 0.6)):
            wave[:, at:at + len(chirp)] += gain * chirp
    return wave.astype(np.float32)


def frame(seed, shape=(72, 128)):
    """Return depth of two walls in millimetres with a hole; float64."""
    depth = np.full(shape, 1500.0 + seed)
    depth[:, shape[1] // 2:] = 4000
    depth[:shape[0] // 4, :shape[1] // 4] = 0
    return depth


def colour(shape=(72, 128)):
    """Return a picture, red on the left and blue on the right."""
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb[:, :shape[1] // 2, 0] = rgb[:, shape[1] // 2:, 2] = 200
    return rgb


def write_room(path, poses=3, seed=1, **changes):
    """Write one simulated room; an array that is changed to None is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {**make_room(seed, poses), **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def write_list(path, rows):
    """Write rows, dictionaries of equal keys, as a list of samples."""
    with open(path, 'w', newline='', encoding='utf-8') as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)


def write_batvision1(root, split='train', count=3, pictures=True, dtype=np.int32):
    """Write a data set in the layout of BatVision V1; returns the rows of its list."""
    rows = []
    for number in range(count):
        base = f'2019.08.26/{{}}/18033{number}{{}}'
        row = {'depth path': base.format('depth', '.npy'),
               'audio path left': base.format('audio/raw_long', '_left.npy'),
               'audio path right': base.format('audio/raw_long', '_right.npy'),
               'camera path left': base.format('camera', '.png')}
        for path in row.values():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
        depth = frame(number)
        depth[depth == 0] = np.nan
        depth[-1, -1] = -np.inf
        np.save(root / row['depth path'], depth)
        wave = ping(number, 4400, 975 + number)
        for ear, side in zip(wave, ('left', 'right')):
            scaled = ear if dtype is np.float32 else (ear * 2.0**31).astype(dtype)
            np.save(root / row[f'audio path {side}'], scaled)
        if pictures:
            Image.fromarray(colour()).save(root / row['camera path left'])
        rows.append(row)
    write_list(root / f'{split}.csv', rows)
    return rows


def write_batvision2(root, split='train', location='Salle', count=2, start=282):
    """Write one location in the layout of BatVision V2; returns the rows of its list."""
    rows = []
    for kind in ('depth', 'audio'):
        (root / location / kind).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        row = {'depth path': f'{location}/depth', 'depth file name': f'd_{number}.npy',
               'audio path': f'{location}/audio', 'audio file name': f'a_{number}.wav'}
        np.save(root / row['depth path'] / row['depth file name'],
                frame(number).astype(np.uint16))
        soundfile.write(root / row['audio path'] / row['audio file name'],
                        ping(number, 20000, start).T, FMT.sample_rate, subtype='PCM_32')
        rows.append(row)
    write_list(root / location / f'{split}.csv', rows)
    return rows


def write_own(root, split='train', name='hall', count=3, rgb=True, **changes):
    """Write recordings of one's own, raw, depth in metres with NaN."""
    depth = np.stack([frame(number) for number in range(count)]) / 1000
    arrays = {
        'waveform': np.stack([ping(number, 6000, 1200 + 50 * number) for number in range(count)]),
        'depth': np.where(depth > 0, depth, np.nan).astype(np.float32),
        'rgb': np.stack([colour()] * count) if rgb else None}
    write_recordings(root / split / f'{name}.npz', **{**arrays, **changes}, shape=name)
