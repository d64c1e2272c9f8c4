# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How fast the room simulator is, and how far its physics is from theory. Simulation only.

    python benchmarks/simulator.py [--rooms 8] [--poses 16]
"""

import os

for _threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[_threads] = '1'  # before NumPy loads: figures are per core

import argparse  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402
from scipy.signal import resample  # noqa: E402

from echo_depth_ros.acoustics.chirp import linear_chirp  # noqa: E402
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND  # noqa: E402
from echo_depth_ros.sim.bands import AIR_ABSORPTION, crossover  # noqa: E402
from echo_depth_ros.sim.dataset import simulate_room  # noqa: E402
from echo_depth_ros.sim.echoes import EchoRenderer  # noqa: E402
from echo_depth_ros.sim.hearing import Hearing  # noqa: E402
from echo_depth_ros.sim.late import trace_decay  # noqa: E402
from echo_depth_ros.sim.random_world import random_world  # noqa: E402
from echo_depth_ros.sim.rig import Pose, Rig  # noqa: E402
from echo_depth_ros.sim.scene import Scene  # noqa: E402
from echo_depth_ros.sim.simulation import Simulation  # noqa: E402
from echo_depth_ros.sim.world import box_room  # noqa: E402

PING_RATE = 13.7


def data_rate(rooms: int, poses: int) -> float:
    """Training samples a second on one core, room set-up included."""
    begin = time.process_time()
    for seed in range(rooms):
        simulate_room(seed, poses)
    return rooms * poses / (time.process_time() - begin)


def live_share(rooms: int, pings: int) -> tuple[float, float]:
    """Milliseconds of one core per live ping (echoes, images, driving, stream): p50 and p95."""
    fmt = PingFormat()
    chirp, period = linear_chirp(fmt), fmt.ping_period(PING_RATE)
    taken = []
    for seed in range(rooms):
        simulation = Simulation(random_world(seed), seed=seed)
        frame = 0
        for _ in range(pings):
            begin = time.process_time()
            simulation.play(chirp, frame)
            simulation.listen(period)
            simulation.camera.render(simulation.pose)
            simulation.tour(period / fmt.sample_rate)
            taken.append(1e3 * (time.process_time() - begin))
            frame += period
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 95))


def flat_wall() -> tuple[float, float]:
    """
    Largest errors of a flat wall's echo in the rendered response, over 0.5 to 8 m.

    :returns: samples between the peak and where geometry puts it, and decibels between its level
        and what spreading, absorption and air leave.
    """
    omni = Hearing(beam=0, shadow=0, low_cut=0, high_cut=1e9, sensitivity=1)
    rig = Rig(height=10.0, speaker=(0.0, 0.0, -0.1))
    scene = Scene(box_room(24, 20, 20))
    # One value for all bands, so that the peak's height is the level.
    scene.absorption[:], scene.scattering[:] = 0.1, 0.02
    renderer = EchoRenderer(scene, rig, omni)
    worst_time = worst_level = 0.0
    for wall in (0.5, 1, 2, 4, 8):
        path = np.sqrt((2 * wall) ** 2 + 0.1175 ** 2 + 0.1 ** 2)
        response = renderer.impulse_response(Pose(24 - wall, 10, 0), np.random.default_rng(0))[0]
        place = path / SPEED_OF_SOUND * 44100
        start = round(place) - 32
        fine = resample(response[start:start + 64] * np.hanning(64), 64 * 16)
        peak = np.argmax(np.abs(fine)) / 16 + start
        worst_time = max(worst_time, abs(peak - place))
        # A pulse of flat spectrum at half sample rate; air takes most of the highest octaves.
        weights = crossover(np.linspace(0, 22050, 512)).mean(axis=1)
        expected = np.sqrt(0.9 * 0.98) / path * (
            weights @ np.exp(-0.5 * AIR_ABSORPTION * path))
        worst_level = max(worst_level, abs(20 * np.log10(np.abs(fine).max() / expected)))
    return worst_time, worst_level


def decay_ratios() -> list[tuple[float, float, float]]:
    """Absorption, and reverberation time at 1 kHz over Sabine's and over Eyring's."""
    rows = []
    for absorption in (0.05, 0.1, 0.2, 0.3, 0.4):
        scene = Scene(box_room(5, 5, 5))
        scene.absorption[:], scene.scattering[:] = absorption, 1.0
        decay = trace_decay(scene, np.array([2.1, 2.7, 1.9]), 0, np.random.default_rng(0), 800)
        air = 4 * AIR_ABSORPTION[3] * 125
        measured = decay.reverberation_time()[3]
        sabine = 0.161 * 125 / (150 * absorption + air)
        eyring = 0.161 * 125 / (-150 * np.log(1 - absorption) + air)
        rows.append((absorption, measured / sabine, measured / eyring))
    return rows


def interaural() -> float:
    """Largest error in microseconds of the ears' delay against d sin(angle) / c, far wall."""
    rig = Rig(height=10.0, speaker=(0.0, 0.0, 0.01))
    renderer = EchoRenderer(Scene(box_room(30, 30, 20)), rig)
    worst = 0.0
    for degrees in range(-80, 81, 10):
        pose = Pose(16, 15, np.radians(-degrees))
        image = np.array([2 * 30 - 16, 15, 10.01])
        sides = renderer.echoes(pose, np.random.default_rng(0))
        times = [np.linalg.norm(image - ear) / SPEED_OF_SOUND for ear in rig.ears(pose)]
        found = [side.delay[np.argmin(np.abs(side.delay - t))] for side, t in zip(sides, times)]
        expected = rig.ear_spacing * np.sin(np.radians(degrees)) / SPEED_OF_SOUND
        worst = max(worst, abs(found[1] - found[0] - expected))
    return 1e6 * worst


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('--rooms', type=int, default=8)
    parser.add_argument('--poses', type=int, default=16)
    args = parser.parse_args()
    rate = data_rate(args.rooms, args.poses)
    print(f'training data     {rate:6.1f} samples/s per core   bar 20, ratio {rate / 20:.2f}')
    p50, p95 = live_share(args.rooms, 20)
    budget = 1000 / PING_RATE
    print(f'live ping         {p50:6.1f} ms p50, {p95:.1f} ms p95   one core has {budget:.1f} ms, '
          f'{budget / p95:.1f} times real time')
    samples, level = flat_wall()
    print(f'flat wall 0.5-8 m {samples:6.3f} samples, {level:.3f} dB largest error')
    print(f"ears' delay       {interaural():6.2f} us largest error against d sin(a) / c")
    for absorption, sabine, eyring in decay_ratios():
        print(f'decay, a = {absorption:.2f}   T60 / Sabine {sabine:.3f}, '
              f'T60 / Eyring {eyring:.3f}')


if __name__ == '__main__':
    main()
