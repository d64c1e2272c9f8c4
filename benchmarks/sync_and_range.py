# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How exactly the direct sound and the first echo are found, and how fast, against the bars.

    python benchmarks/sync_and_range.py [--pings 300] [--seed 0]

The signals are closed forms, not the room simulator's. SNR is that of a sweep as one ear receives
it: its mean power in the 3 ms that it lasts, against the power of white noise, over the full band.
In the sync scenes the direct sound is dull (a first-order lowpass at 3 to 4 kHz, or a speaker's
back: ((1 + cos a) / 2) to a power that grows with frequency) and 6 dB weaker than the first echo;
later echoes and a reverberant tail of 0.2 to 0.8 s follow, and the ping before has its own. SNR is
the direct sound's there. In the range scenes a wall answers to a rig with ears beside and a
speaker before and below them, and SNR is the echo's.
"""

import os

for _threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[_threads] = '1'  # before NumPy loads: figures are per core

import argparse  # noqa: E402
from collections.abc import Callable  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402
from scipy import fft  # noqa: E402

from echo_depth_ros.acoustics.chirp import linear_chirp  # noqa: E402
from echo_depth_ros.acoustics.errors import NoChirpError  # noqa: E402
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND  # noqa: E402
from echo_depth_ros.acoustics.quality import assess  # noqa: E402
from echo_depth_ros.acoustics.ranging import first_echo, FloorEcho  # noqa: E402
from echo_depth_ros.acoustics.spectrogram import spectrogram  # noqa: E402
from echo_depth_ros.acoustics.sync import find_direct_sound  # noqa: E402
from echo_depth_ros.perception.echo_depth import MIN_RANGE  # noqa: E402

FMT = PingFormat()
PERIOD = FMT.ping_period(13.7)
SYNC_BAR = 1.0
"""Samples, p95, at 10 dB and more."""
RANGE_BARS = 0.01, 0.03
"""Metres, median and p95, at 20 dB and more."""
SPEAKER = np.array([0.10, 0.0, -0.08])
EARS = np.array([[0.0, FMT.ear_spacing / 2, 0.0], [0.0, -FMT.ear_spacing / 2, 0.0]])
BUFFER = 16384
FREQUENCY = fft.rfftfreq(BUFFER, 1 / FMT.sample_rate)
SWEEP = fft.rfft(linear_chirp(FMT).astype(np.float64), BUFFER)
SWEEP_ENERGY = float(np.sum(linear_chirp(FMT).astype(np.float64)**2))


def delayed(samples: float) -> np.ndarray:
    """Spectrum of a delay."""
    return np.exp(-2j * np.pi * FREQUENCY * samples / FMT.sample_rate)


def lowpassed(rng: np.random.Generator) -> np.ndarray:
    """Direct sound that has lost its highs to a first-order lowpass."""
    return 1 / (1 + 1j * FREQUENCY / rng.uniform(3000, 4000))


def behind_speaker(rng: np.random.Generator) -> np.ndarray:
    """Direct sound that leaves the speaker 90 to 140 degrees off its axis."""
    cosine = np.cos(np.radians(rng.uniform(90, 140)))
    return ((1 + cosine) / 2)**(FREQUENCY / rng.uniform(3000, 6000)) + 0j


def sync_scene(
        rng: np.random.Generator, snr_db: float, path: Callable, samples: int = 3300,
        echo_db: float = 6.0) -> tuple[np.ndarray, float]:
    """Return a streaming segment (2, samples) float32, and where the direct sound begins."""
    start, decay_s = rng.uniform(500, 1000), rng.uniform(0.2, 0.8)
    shift = rng.uniform(-3, 3) / 2
    echo_delay = FMT.range_to_samples(rng.uniform(0.5, 3))
    direct = path(rng)
    received = np.sum(fft.irfft(SWEEP * direct, BUFFER)**2)
    direct *= np.sqrt(SWEEP_ENERGY / received)
    offset = 4000
    recording = np.zeros((2, samples))
    later = echo_delay + rng.uniform(40, 1200, 4)
    level = 10**((echo_db - rng.uniform(3, 15, 4)) / 20) * rng.choice([-1, 1], 4)
    level *= echo_delay / later * np.exp(-6.91 * later / FMT.sample_rate / decay_s)
    for ear, side in enumerate((-shift, shift)):
        room = direct + 10**(echo_db / 20) * delayed(echo_delay - 4 * side)
        for delay, gain in zip(later, level, strict=True):
            room += gain * delayed(delay - 4 * side)
        tail = np.zeros(BUFFER)
        moment = np.arange(8000) / FMT.sample_rate
        tail[200:8200] = rng.standard_normal(8000) * np.exp(-6.91 * moment / decay_s)
        room += fft.rfft(tail / np.sqrt(np.sum(tail**2)))
        for begin in (start, start - PERIOD):
            arrived = fft.irfft(room * SWEEP * delayed(offset + begin + side), BUFFER)
            recording[ear] += arrived[offset:offset + samples]
    noise = SWEEP_ENERGY / FMT.chirp_samples / 10**(snr_db / 10)
    recording += rng.standard_normal(recording.shape) * np.sqrt(noise)
    return (0.05 * recording).astype(np.float32), start


def wall_scene(
        rng: np.random.Generator, snr_db: float, distance: float) -> np.ndarray:
    """
    Return a window with one wall; ``distance`` is from halfway between speaker and ears.

    Sound spreads by 1 / r; the direct sound is lowpassed and, turned away from, 20 dB down.
    """
    mirrored = SPEAKER.copy()
    mirrored[0] = 2 * (distance + SPEAKER[0] / 2) - SPEAKER[0]
    start, lead = FMT.direct_index + rng.uniform(-0.5, 0.5), 1000
    direct_path = np.linalg.norm(SPEAKER - EARS, axis=1)
    echo_path = np.linalg.norm(mirrored - EARS, axis=1)
    direct = 0.1 * lowpassed(rng)
    heard = np.empty((2, FMT.window))
    for ear in range(2):
        late = (echo_path[ear] - direct_path[ear]) * FMT.sample_rate / SPEED_OF_SOUND
        spectrum = direct / direct_path[ear] + delayed(late) / echo_path[ear]
        wave = fft.irfft(spectrum * SWEEP * delayed(lead + start), BUFFER)
        heard[ear] = wave[lead:lead + FMT.window]
    echo_power = SWEEP_ENERGY / echo_path.mean()**2 / FMT.chirp_samples
    heard += rng.standard_normal(heard.shape) * np.sqrt(echo_power / 10**(snr_db / 10))
    return (0.1 * heard).astype(np.float32)


def sync_table(pings: int, seed: int) -> None:
    """Print the sync error over SNR."""
    print(f'Direct-path sync: {pings} pings a row, echo 6 dB above the direct sound, reverberant')
    print(f'{"direct sound":<15}{"SNR":>6}{"missed":>8}{"p50":>8}{"p95":>8}{"max":>9}'
          '  samples  p95 / bar')
    for name, path in (('lowpassed', lowpassed), ('behind speaker', behind_speaker)):
        for snr_db in (0, 5, 10, 20, 30, 40):
            errors = []
            for ping in range(pings):
                recording, start = sync_scene(np.random.default_rng([seed, ping]), snr_db, path)
                try:
                    errors.append(abs(find_direct_sound(recording, FMT).index - start))
                except NoChirpError:
                    errors.append(np.inf)
            p50, p95, worst = ranked(errors)
            print(f'{name:<15}{snr_db:>3} dB{np.count_nonzero(np.isinf(errors)):>8}'
                  f'{p50:>8.2f}{p95:>8.2f}{worst:>9.2f}{"":>11}'
                  + verdict(p95, SYNC_BAR, snr_db >= 10))


def false_alarm_table(pings: int, seed: int) -> None:
    """Print how often noise alone is taken for a chirp."""
    print('\nFalse alarms on white noise')
    for samples, count in ((3300, 5 * pings), (20000, pings)):
        found = 0
        for ping in range(count):
            noise = np.random.default_rng([seed, 1, ping]).normal(0, 0.01, (2, samples))
            try:
                find_direct_sound(noise.astype(np.float32), FMT)
                found += 1
            except NoChirpError:
                pass
        print(f'{samples:>6} samples: {found} of {count}')


def range_table(pings: int, seed: int) -> None:
    """Print the range error over SNR and distance."""
    print(f'\nFirst-echo range of a flat wall at 0.5 to 8 m: {pings} pings a row')
    print(f'{"distance":<13}{"SNR":>6}{"missed":>8}{"median":>9}{"p95":>8}{"max":>9}'
          '  cm  median / bar         p95 / bar')
    for snr_db in (10, 20, 30):
        for near, far in ((0.5, 1), (1, 3), (3, 8), (0.5, 8)):
            errors = []
            for ping in range(pings):
                rng = np.random.default_rng([seed, 2, ping])
                distance = rng.uniform(near, far)
                found = first_echo(wall_scene(rng, snr_db, distance), FMT, MIN_RANGE,
                                   floor=FloorEcho()).range_m
                errors.append(abs(found - distance))
            p50, p95, worst = ranked(errors)
            judged = snr_db >= 20
            print(f'{near:>3} to {far:>3} m {snr_db:>4} dB'
                  f'{np.count_nonzero(np.isinf(errors)):>8}{100 * p50:>9.2f}{100 * p95:>8.2f}'
                  f'{100 * worst:>9.2f}{"":>6}{verdict(p50, RANGE_BARS[0], judged):<21}'
                  + verdict(p95, RANGE_BARS[1], judged))


def ranked(errors: list[float]) -> np.ndarray:
    """Return median, 95th percentile and maximum; never better than a value that occurred."""
    place = np.ceil(np.array([0.5, 0.95, 1.0]) * (len(errors) - 1)).astype(int)
    return np.sort(errors)[place]


def verdict(value: float, bar: float, judged: bool) -> str:
    """Ratio of a figure to its bar, and whether it holds."""
    return f'{value / bar:.2f} {"ok" if value <= bar else "MISSED"}' if judged else '(no bar)'


def time_table(seed: int) -> None:
    """Print what each step costs."""
    rng = np.random.default_rng(seed)
    segment, start = sync_scene(rng, 20, lowpassed)
    recording, _ = sync_scene(rng, 20, lowpassed, samples=10000)
    window = wall_scene(rng, 20, 2.0)
    verified = (round(start) - 40, round(start) + 40)
    steps = {
        'find_direct_sound, 3300 samples': lambda: find_direct_sound(segment, FMT),
        'find_direct_sound, search of 81': lambda: find_direct_sound(segment, FMT, verified),
        'find_direct_sound, 10000 samples': lambda: find_direct_sound(recording, FMT),
        'first_echo': lambda: first_echo(window, FMT),
        'assess': lambda: assess(window, FMT),
        'spectrogram': lambda: spectrogram(window, FMT)}
    print('\nTime per call, one core')
    print(f'{"":<34}{"p50":>7}{"p95":>7}  ms')
    for name, step in steps.items():
        taken = []
        for _ in range(300):
            begin = time.perf_counter()
            step()
            taken.append(1e3 * (time.perf_counter() - begin))
        p50, p95 = np.quantile(taken[20:], [0.5, 0.95])
        print(f'{name:<34}{p50:>7.2f}{p95:>7.2f}')


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pings', type=int, default=300, help='pings per row of a table')
    parser.add_argument('--seed', type=int, default=0, help='the same seed gives the same errors')
    args = parser.parse_args()
    sync_table(args.pings, args.seed)
    false_alarm_table(args.pings, args.seed)
    range_table(args.pings, args.seed)
    time_table(args.seed)


if __name__ == '__main__':
    main()
