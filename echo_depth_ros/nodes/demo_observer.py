# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`demo_observer`: compares depth images with the simulator's truth, live, and draws the drive."""

import json
import math
from pathlib import Path
import sys
import time

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, Range

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    range_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.watching import watch
from echo_depth_ros.perception.journey import Journey

_KEPT = 20
_FIRST_IMAGE_LIMIT = 30.0
_SILENCE = 1.5
"""Seconds without a depth image at the end of a drive that mean that something broke."""


class DemoObserver(Node):
    """
    Subscribes like any other user of the package, in a process of its own.

    Depth is scored against the camera's depth that the capture node restamped with the same
    window's stamp. Latency runs from the moment the window's last sample was at the ears to the
    arrival of the depth message here.
    """

    def __init__(self) -> None:
        super().__init__('demo_observer')
        self.seconds = float(self.declare_parameter('seconds', 30.0).value)
        self.out = Path(self.declare_parameter('out', 'out/demo').value)
        fmt = PingFormat()
        self._window_ns = round(1e9 * fmt.window / fmt.sample_rate)
        self.journey = Journey(self.seconds)
        self.latencies: list[float] = []
        self.stamps: list[int] = []
        self.began = time.monotonic()
        self.first: float | None = None
        self.last = 0.0
        self.range = math.nan
        self.rel = math.nan
        self._waiting: dict[str, dict[int, np.ndarray]] = {
            'depth': {}, 'truth': {}, 'rgb': {}, 'confidence': {}}
        sensor = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        # Before depth: it is published first and, where both have come, is to be taken first.
        self.create_subscription(
            Image, 'depth/confidence', lambda m: self._keep('confidence', m, image_from_msg), 5)
        self.create_subscription(Image, 'depth/image', self._on_depth, 5)
        self.create_subscription(
            Image, 'binaural/depth', lambda m: self._keep('truth', m, depth_from_msg), sensor)
        self.create_subscription(
            Image, 'binaural/rgb', lambda m: self._keep('rgb', m, image_from_msg), sensor)
        self.create_subscription(Range, 'range', self._on_range, sensor)

    @property
    def elapsed(self) -> float:
        """Seconds since the first depth image; 0 before it."""
        return 0.0 if self.first is None else time.monotonic() - self.first

    @property
    def done(self) -> bool:
        """Whether the drive is over, or nothing came."""
        if self.first is None:
            return time.monotonic() - self.began > _FIRST_IMAGE_LIMIT
        return self.elapsed >= self.seconds

    def status(self) -> str:
        """One line about the drive so far."""
        if self.first is None:
            return f'waiting for the first depth image ({time.monotonic() - self.began:.0f} s)'
        mean = self.journey.figures.mean
        return (f'{self.elapsed:4.0f} s | {len(self.stamps):4d} pings, {self.rate():5.2f} Hz | '
                f'latency {np.median(self.latencies):5.1f} ms | range {self.range:5.2f} m | '
                f'REL {self.rel:5.2f} (mean {mean.rel:.3f}) | δ1 {mean.delta1:.3f}')

    def rate(self) -> float:
        """Depth images a second, since the first."""
        return len(self.stamps) / self.elapsed if self.elapsed > 0 else 0.0

    def summary(self) -> dict:
        """Figures of the whole drive."""
        mean = self.journey.figures.mean
        return {
            'simulation': True, 'seconds': round(self.elapsed, 1), 'pings': len(self.stamps),
            'ping_rate_hz': round(self.rate(), 2),
            'latency_ms': {f'p{q}': round(float(np.percentile(self.latencies, q)), 1)
                           for q in (50, 95, 99)},
            'scored': self.journey.figures.images,
            **{key: round(value, 4) for key, value in mean._asdict().items()}}

    def finish(self) -> int:
        """Write picture and summary; returns the exit status."""
        if self.first is None:
            print(f'no depth image came within {_FIRST_IMAGE_LIMIT:.0f} s; expected '
                  f'`depth/image` from depth_inference: look into the logs')
            return 1
        if not self.journey.figures.images:
            print(f'{len(self.stamps)} depth images came, but no `binaural/depth` with the same '
                  f'stamps to score them against: look into the logs')
            return 1
        silent = self.elapsed - self.last
        if silent > _SILENCE:
            print(f'no depth image came in the last {silent:.1f} s: a node has died or stalled; '
                  f'look into the logs')
            return 1
        summary = self.summary()
        picture = self.out / 'echo_depth.png'
        self.journey.draw(picture, (
            f'simulated room, {summary["pings"]} pings at {summary["ping_rate_hz"]} Hz: '
            f'REL {summary["rel"]:.3f}, RMSE {summary["rmse"]:.2f} m, δ1 {summary["delta1"]:.3f}'))
        text = json.dumps(summary, indent=1)
        (self.out / 'summary.json').write_text(text + '\n', encoding='utf-8')
        print(text)
        print(f'picture: {picture}')
        return 0

    def _on_depth(self, msg: Image) -> None:
        now = self.get_clock().now().nanoseconds
        stamp = stamp_from_msg(msg.header.stamp)
        if self.first is None:
            self.first = time.monotonic()
        self.last = self.elapsed
        self.stamps.append(stamp)
        self.latencies.append((now - stamp - self._window_ns) / 1e6)
        self._keep('depth', msg, depth_from_msg)

    def _on_range(self, msg: Range) -> None:
        self.range = range_from_msg(msg)

    def _keep(self, kind: str, msg: Image, convert) -> None:
        """Hold an image until the others of its stamp are there; their order is not given."""
        waiting = self._waiting
        waiting[kind][stamp_from_msg(msg.header.stamp)] = convert(msg)
        for stamp in sorted(set(waiting['depth']) & set(waiting['truth']) & set(waiting['rgb'])):
            depth, truth, rgb = (waiting[k].pop(stamp) for k in ('depth', 'truth', 'rgb'))
            confidence = waiting['confidence'].pop(stamp, None)
            if truth.shape == depth.shape:
                self.rel = self.journey.add(self.elapsed, truth, depth, rgb, confidence)
        for images in waiting.values():
            while len(images) > _KEPT:
                del images[min(images)]


def main(args=None) -> int:
    """Run until the drive is over, then write the picture and say how it went."""
    return watch(DemoObserver, 'interrupted; no picture is written', args)


if __name__ == '__main__':
    sys.exit(main())
