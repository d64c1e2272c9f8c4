# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Empty box rooms with image-source echoes: enough physics for a network to learn from."""

import json
from pathlib import Path

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND

FMT = PingFormat()


def _chirp() -> np.ndarray:
    t = np.arange(FMT.chirp_samples) / FMT.sample_rate
    slope = (FMT.chirp_end_hz - FMT.chirp_start_hz) / FMT.chirp_duration
    return FMT.chirp_amplitude * np.sin(2 * np.pi * (FMT.chirp_start_hz * t + slope * t * t / 2))


def _seen(room: np.ndarray, place: np.ndarray, yaw: float) -> tuple[np.ndarray, np.ndarray]:
    """z-depth (128, 128) from ``place`` along ``yaw``, and which of the six planes is seen."""
    grid = (np.arange(128) - 63.5) / 64
    right, down = np.meshgrid(grid, grid)
    rays = np.stack([np.cos(yaw) + np.sin(yaw) * right, np.sin(yaw) - np.cos(yaw) * right, -down])
    with np.errstate(divide='ignore'):
        reach = np.where(rays > 0, (room - place)[:, None, None] / rays,
                         -place[:, None, None] / rays)
    axis = reach.argmin(axis=0)
    ahead = np.take_along_axis(rays, axis[None], 0)[0] > 0
    return reach.min(axis=0), 2 * axis + ahead


def _waveform(room: np.ndarray, place: np.ndarray, yaw: float,
              rng: np.random.Generator) -> np.ndarray:
    """Direct sound, images up to the second order, noise; (2, window)."""
    orders = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3, indexing='ij'), -1).reshape(-1, 3)
    bounces = np.abs(orders).sum(1)
    orders, bounces = orders[(0 < bounces) & (bounces < 3)], bounces[(0 < bounces) & (bounces < 3)]
    images = np.where(orders % 2 == 0, orders * room + place, (orders + 1) * room - place)
    to_left = np.array([-np.sin(yaw), np.cos(yaw), 0])
    impulses = np.zeros((2, FMT.window))
    for ear, side in enumerate((1, -1)):
        path = images - place - side * FMT.ear_spacing / 2 * to_left
        distance = np.linalg.norm(path, axis=1)
        facing = 0.6 + 0.4 * side * (path @ to_left) / distance
        ahead = 0.6 + 0.4 * (path @ [np.cos(yaw), np.sin(yaw), 0]) / distance
        gain = 0.7 ** bounces * facing * ahead * 0.3 / distance
        delay = FMT.direct_index + (
            distance - FMT.direct_distance) * FMT.sample_rate / SPEED_OF_SOUND
        keep = delay < FMT.window - 2
        whole = delay[keep].astype(int)
        np.add.at(impulses[ear], whole, gain[keep] * (1 - delay[keep] + whole))
        np.add.at(impulses[ear], whole + 1, gain[keep] * (delay[keep] - whole))
    impulses[:, FMT.direct_index] += 0.3
    size = 4096
    heard = np.fft.irfft(np.fft.rfft(impulses, size) * np.fft.rfft(_chirp(), size), size)
    return heard[:, :FMT.window] + 1e-3 * rng.standard_normal((2, FMT.window))


def make_room(seed: int, poses: int) -> dict[str, np.ndarray]:
    """Arrays of one room file, as the simulator lays them out."""
    rng = np.random.default_rng(seed)
    room = rng.uniform((2.5, 2.5, 2.2), (9.0, 9.0, 3.5))
    arrays = {'waveform': [], 'depth': [], 'material': [], 'first_range': []}
    for _ in range(poses):
        place = np.array([*rng.uniform(0.5, room[:2] - 0.5), 0.5])
        yaw = rng.uniform(-np.pi, np.pi)
        wave = _waveform(room, place, yaw, rng)
        arrays['waveform'].append(np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16))
        depth, plane = _seen(room, place, yaw)
        arrays['depth'].append(np.round(np.minimum(depth, 60) * 1000).astype(np.uint16))
        arrays['material'].append((1 + plane).astype(np.uint8))
        arrays['first_range'].append(min(place.min(), (room - place).min()))
    arrays = {key: np.array(value) for key, value in arrays.items()}
    # Red and green tell the plane, blue tells the depth: what a teacher is to find out.
    material, shade = arrays['material'], np.minimum(arrays['depth'] // 40, 255)
    arrays['rgb'] = np.stack([40 * material, 255 - 40 * material, shade], -1).astype(np.uint8)
    arrays['first_range'] = arrays['first_range'].astype(np.float32)
    arrays['shape'] = np.array('box')
    return arrays


def write_dataset(root: Path, rooms: dict[str, int], poses: int) -> Path:
    """Write a data set with so many rooms in each split."""
    seed = 0
    for split, count in rooms.items():
        (root / split).mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            np.savez(root / split / f'room_{seed:06d}.npz', **make_room(seed, poses))
            seed += 1
    (root / 'dataset.json').write_text(json.dumps({'rooms': rooms, 'poses': poses}))
    return root
