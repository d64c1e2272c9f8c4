# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From a relative depth image of 640x480 to its metric one in another process, and what that costs.

Three processes over real DDS: this one plays camera, vision network, ears and echo student
(relative depth and colour at 15 Hz, windows, echo depth and confidence at 13.7 Hz), depth_scale
works, and a third one receives metric_depth. Once for each source of the scale and each scaling.
Latency is from the stamp of an image, which is when it is published, to its metric depth in the
receiving process. What is shown does not matter: min_agreement is 0, so that any network's depth
counts, and the work is the same.

Images of this size want the shared memory of config/fastdds_large_images.xml, which is set here
unless FASTRTPS_DEFAULT_PROFILES_FILE is.

Examples:
  python benchmarks/metric_scale.py
  python benchmarks/metric_scale.py --model models/avs_net.onnx --threads 1 --images 600

"""

import argparse
from itertools import product
import json
import os
from pathlib import Path
import subprocess
import sys
from threading import Thread
import time
from typing import NamedTuple

import numpy as np
import psutil
from running_nodes import own_domain, spectator, start_nodes, stop_nodes

SOURCES = ('echo', 'avs_net', 'auto')
SCALINGS = ('median', 'mean_std', 'least_squares')
SIZE = (480, 640)
IMAGE_RATE, PING_RATE = 15.0, 13.7
SHARED_MEMORY = Path(__file__).parents[1] / 'config' / 'fastdds_large_images.xml'
_WARM_UP = 3.0


class Run(NamedTuple):
    """What one source and one scaling came to."""

    latency_ms: np.ndarray
    sent: int
    cpu: float
    memory: float
    status: dict[str, str]


class Player:
    """Plays everything that depth_scale listens to, each message made once and stamped anew."""

    def __init__(self, node):
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import CameraInfo, Image

        from echo_depth_ros.nodes import conversions as c
        from echo_depth_ros.vision.camera import CameraModel
        rng = np.random.default_rng(0)
        shape = np.linspace(1, 2, SIZE[0])[:, None] * np.linspace(1, 2, SIZE[1])
        relative = (shape * rng.lognormal(0, 0.02, SIZE)).astype(np.float32)
        colour = rng.integers(40, 220, (*SIZE, 3)).astype(np.uint8)
        echo = (2 * np.linspace(1, 2, 128)[:, None] * np.linspace(1, 2, 128)).astype(np.float32)
        wide, narrow = CameraModel(*SIZE[::-1]), CameraModel()
        infos = (('relative_depth/camera_info', wide), ('camera/color/camera_info', wide),
                 ('depth/camera_info', narrow))
        self._node, self._stamp_to_msg = node, c.stamp_to_msg
        self._infos = [(node.create_publisher(CameraInfo, topic, 5), c.camera_to_msg(
            camera, 0, 'camera')) for topic, camera in infos]

        def publisher(topic, image):
            reliable = QoSProfile(depth=5)
            return node.create_publisher(Image, topic, reliable), c.image_to_msg(image, 0, 'x')
        self._images = [publisher('camera/color/image_raw', colour),
                        publisher('relative_depth', relative)]
        self._pings = [publisher('binaural', a_window(rng)),
                       publisher('depth/confidence', np.full((128, 128), 0.7, np.float32)),
                       publisher('depth/image', echo)]
        self.sent = 0

    def play(self, spin, seconds: float) -> int:
        """Play for so long; return how many relative images were sent."""
        begin = time.monotonic()
        images = pings = 0
        while (now := time.monotonic() - begin) < seconds:
            if now >= images / IMAGE_RATE:
                if images % 15 == 0:
                    self._send(self._infos)
                self._send(self._images)
                images += 1
            elif now >= pings / PING_RATE:
                self._send(self._pings)
                pings += 1
            else:
                spin(lambda: False, 0.001)
        return images

    def _send(self, what) -> None:
        # An image is as old as its journey: colour first, and its network at once.
        for publisher, msg in what:
            msg.header.stamp = self._stamp_to_msg(self._node.get_clock().now().nanoseconds)
            publisher.publish(msg)


def a_window(rng: np.random.Generator) -> np.ndarray:
    """Return a window that is believed: direct sound, two echoes, faint noise."""
    from echo_depth_ros.acoustics.chirp import linear_chirp
    from echo_depth_ros.acoustics.format import PingFormat
    fmt = PingFormat()
    window = rng.normal(0, 1e-3, (2, fmt.window))
    chirp = linear_chirp(fmt)
    for delay, gain in ((0, 0.2), (fmt.range_to_samples(1.5), 0.05),
                        (fmt.range_to_samples(3.0), 0.02)):
        first = fmt.direct_index + round(delay)
        window[:, first:first + chirp.size] += gain * chirp
    return window.astype(np.float32)


def receive() -> int:
    """Receive metric depth until standard input ends; print stamps and latencies as JSON."""
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import Image
    came = []
    watcher = Thread(target=sys.stdin.read, daemon=True)
    watcher.start()
    with spectator('receiver') as (node, spin_until):
        def on_image(msg) -> None:
            now = node.get_clock().now().nanoseconds
            stamp = msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec
            came.append((stamp, (now - stamp) / 1e6))
        node.create_subscription(Image, 'metric_depth', on_image, QoSProfile(depth=5))
        spin_until(lambda: not watcher.is_alive(), 3600.0)
    print(json.dumps(came))
    return 0


def measure(source: str, scaling: str, args: argparse.Namespace) -> Run:
    """Run the three processes once."""
    from diagnostic_msgs.msg import DiagnosticArray
    processes = start_nodes(('depth_scale',), dict(os.environ), {'depth_scale': {
        'metric_source': source, 'scaling': scaling, 'threads': args.threads,
        'min_agreement': 0.0, 'max_source_ratio': 100.0, 'provider': args.provider,
        **({'avs_model': args.model} if args.model else {})}})
    receiver = subprocess.Popen(
        [sys.executable, __file__, '--receive'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    status: dict[str, str] = {}

    def on_status(msg) -> None:
        for each in msg.status:
            if each.name.endswith('depth_scale'):
                status.update({value.key: value.value for value in each.values})
    try:
        with spectator('player') as (node, spin_until):
            node.create_subscription(DiagnosticArray, '/diagnostics', on_status, 10)
            player = Player(node)
            if not spin_until(lambda: node.count_publishers('metric_depth') and (
                    node.count_subscribers('relative_depth')), args.patience):
                raise SystemExit(f'depth_scale is not ready after {args.patience:.0f} s')
            player.play(spin_until, _WARM_UP)
            watched = psutil.Process(processes['depth_scale'].pid)
            begin, used = time.time_ns(), sum(watched.cpu_times()[:2])
            sent = player.play(spin_until, args.images / IMAGE_RATE)
            cpu = sum(watched.cpu_times()[:2]) - used
            end, memory = time.time_ns(), watched.memory_info().rss / 2**20
            spin_until(lambda: False, 1.2)
    finally:
        stop_nodes(processes)
        came = json.loads(receiver.communicate(timeout=20)[0].strip() or '[]')
    late = np.array([ms for stamp, ms in came if begin <= stamp <= end])
    return Run(late, sent, 100 * cpu / ((end - begin) / 1e9), memory, status)


def report(source: str, scaling: str, run: Run) -> None:
    """Print one line of the table, and what the node counted."""
    p50, p95 = np.percentile(run.latency_ms, (50, 95)) if run.latency_ms.size else (np.nan,) * 2
    status = run.status
    print(f'{source:<9}{scaling:<15}{p50:>8.1f}{p95:>8.1f}{run.cpu:>8.1f}{run.memory:>8.0f}'
          f'{run.latency_ms.size:>7}/{run.sent:<5}{status.get("scaled images", "?"):>7}'
          f'{status.get("avs depths", "-"):>7}{status.get("avs dropped windows", "-"):>9}'
          f'{status.get("echo depths", "-"):>7}{status.get("avs compute p50 ms", "-"):>9}',
          flush=True)


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', default='', help='ONNX AVS-Net; the one that comes along')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of the AVS-Net')
    parser.add_argument('--provider', default='cpu', help='auto, cpu, cuda or tensorrt')
    parser.add_argument('--images', type=int, default=300, help='judged in each run')
    parser.add_argument('--sources', nargs='+', default=SOURCES, choices=SOURCES)
    parser.add_argument('--scalings', nargs='+', default=SCALINGS, choices=SCALINGS)
    parser.add_argument('--patience', type=float, default=30.0, help='seconds until it must run')
    parser.add_argument('--receive', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.receive:
        return receive()
    own_domain()
    os.environ.setdefault('FASTRTPS_DEFAULT_PROFILES_FILE', str(SHARED_MEMORY))
    print(f'{SIZE[1]}x{SIZE[0]} at {IMAGE_RATE:g} Hz, pings at {PING_RATE:g} Hz, '
          f'{psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, '
          f'{args.threads} thread{"s" if args.threads > 1 else ""}\n')
    print(f'{"source":<9}{"scaling":<15}{"p50 ms":>8}{"p95 ms":>8}{"CPU %":>8}{"MiB":>8}'
          f'{"received":>13}{"scaled":>7}{"avs":>7}{"dropped":>9}{"echoes":>7}{"avs ms":>9}')
    for source, scaling in product(args.sources, args.scalings):
        report(source, scaling, measure(source, scaling, args))
    print('\nCPU in % of one core; counts of the node are since it began, warm-up included')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
