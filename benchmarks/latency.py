# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From a window's last sample to its depth message in another process, in a simulated room.

Starts the four nodes as processes of their own, subscribes to ``depth/image`` in this one, waits
until they have settled, and then judges so many pings. A window counts as lost when a chirp was
announced and no depth image carries its window's stamp. The simulated ears deliver each sample
the moment it is heard; a sound card adds its own delay, some 5 to 30 ms.

Example:
  python benchmarks/latency.py --pings 1000

"""

import argparse
import os
import time

import numpy as np
import psutil
from running_nodes import cpu_seconds, own_domain, start_nodes, stop_nodes

NODES = ('room_simulator', 'chirp_emitter', 'binaural_capture', 'depth_inference')
BARS = {'p50': 8.0, 'p95': 15.0, 'capture': 10.0}


class Listener:
    """Notes when chirps and depth images come, and what the nodes say about themselves."""

    def __init__(self, node, window_seconds: float, direct_seconds: float):
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.qos import QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import Image
        from std_msgs.msg import Header
        self.node = node
        self.window_seconds, self.direct_seconds = window_seconds, direct_seconds
        self.chirps: list[float] = []
        self.depths: list[tuple[float, float]] = []
        self.status: dict[str, dict[str, str]] = {}
        reliable = QoSProfile(depth=20, reliability=ReliabilityPolicy.RELIABLE)
        node.create_subscription(Image, 'depth/image', self._on_depth, reliable)
        node.create_subscription(Header, 'chirp', self._on_chirp, reliable)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 20)

    def _on_depth(self, msg) -> None:
        now = self.node.get_clock().now().nanoseconds
        stamp = msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec
        self.depths.append((stamp / 1e9, (now - stamp) / 1e6 - 1e3 * self.window_seconds))

    def _on_chirp(self, msg) -> None:
        self.chirps.append(msg.stamp.sec + msg.stamp.nanosec / 1e9)

    def _on_status(self, msg) -> None:
        for status in msg.status:
            self.status[status.name] = {v.key: v.value for v in status.values}

    def lost(self, begin: float, end: float) -> tuple[int, int]:
        """Count the chirps whose window begins in a span of time, and those without depth."""
        stamps = np.sort([stamp for stamp, _ in self.depths])
        windows = [w for w in (c + self.direct_seconds for c in self.chirps) if begin <= w < end]
        missing = sum(not stamps.size or np.abs(stamps - w).min() > 0.01 for w in windows)
        return len(windows), missing


def measure(args: argparse.Namespace) -> int:
    """Run the benchmark and print its table."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND

    fmt = PingFormat()
    processes = start_nodes(NODES, dict(os.environ), {
        'room_simulator': {'seed': args.seed},
        'depth_inference': {'threads': args.threads,
                            **({'model': args.model} if args.model else {})}})
    rclpy.init()
    node = rclpy.create_node('latency_benchmark')
    listener = Listener(node, fmt.window_duration, fmt.direct_distance / SPEED_OF_SOUND
                        - fmt.direct_index / fmt.sample_rate)
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def spin_until(condition, timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            gone = [name for name, p in processes.items() if p.poll() is not None]
            if gone:
                print(f'{", ".join(gone)} ended early; see above')
                return False
            executor.spin_once(timeout_sec=0.1)
        return condition()

    try:
        if not spin_until(lambda: len(listener.depths) >= 30, args.patience):
            print(f'no depth images within {args.patience:.0f} s; what the nodes say:')
            for name, values in listener.status.items():
                print(f'  {name}: {values}')
            return 1
        watched = {name: psutil.Process(p.pid) for name, p in processes.items()}
        cpu = cpu_seconds(watched)
        memory = {name: p.memory_info().rss / 2**20 for name, p in watched.items()}
        first, began = len(listener.depths), time.monotonic()
        begin = listener.depths[-1][0] + 0.02
        spin_until(lambda: len(listener.depths) >= first + args.pings,
                   args.pings / 13.7 * 2 + args.patience)
        elapsed = time.monotonic() - began
        measured = listener.depths[first:first + args.pings]
        cpu = {name: 100 * (used - cpu[name]) / elapsed
               for name, used in cpu_seconds(watched).items()}
        grown = {name: p.memory_info().rss / 2**20 - memory[name]
                 for name, p in watched.items()}
        spin_until(lambda: False, 1.2)
    finally:
        codes = stop_nodes(processes)
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown()
    return report(listener, measured, begin, cpu, memory, grown, codes)


def report(listener, measured, begin, cpu, memory, grown, codes) -> int:
    """Print the figures beside the bars; 0 if all bars are met."""
    stamps = np.array([stamp for stamp, _ in measured])
    latency = np.array([late for _, late in measured])
    p50, p95, p99 = np.percentile(latency, (50, 95, 99))
    chirps, lost = listener.lost(begin, stamps[-1] + 0.01)
    rate = (len(stamps) - 1) / (stamps[-1] - stamps[0])
    print(f'{len(stamps)} pings, {psutil.cpu_count()} cores, '
          f'load {os.getloadavg()[0]:.1f}\n')
    print("window's last sample -> depth message in another process")
    print(f'  p50 {p50:6.2f} ms   (bar {BARS["p50"]:.0f})')
    print(f'  p95 {p95:6.2f} ms   (bar {BARS["p95"]:.0f})')
    print(f'  p99 {p99:6.2f} ms   max {latency.max():.2f} ms')
    print(f'ping rate {rate:.3f} Hz, windows lost {lost} of {chirps} (bar 0)\n')
    print(f'{"node":<18}{"CPU % of one core":>18}{"memory MiB":>12}{"grown MiB":>11}'
          f'{"exit code":>11}')
    for name in NODES:
        print(f'{name:<18}{cpu[name]:>18.1f}{memory[name]:>12.0f}{grown[name]:>11.1f}'
              f'{codes[name]:>11}')
    print(f'{"together":<18}{sum(cpu.values()):>18.1f}   '
          f'(bar for binaural_capture {BARS["capture"]:.0f})\n')
    for name, values in sorted(listener.status.items()):
        print(f'{name}: ' + ', '.join(f'{k} {v}' for k, v in values.items()))
    met = (p50 <= BARS['p50'] and p95 <= BARS['p95'] and lost == 0
           and cpu['binaural_capture'] <= BARS['capture'])
    print('\nall bars met' if met else '\nsome bars are not met')
    return 0 if met else 1


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pings', type=int, default=1000, help='how many are judged')
    parser.add_argument('--model', default='', help='ONNX student; the one that comes along')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads of the student')
    parser.add_argument('--seed', type=int, default=90001, help='of the room')
    parser.add_argument('--patience', type=float, default=60.0, help='seconds until it must run')
    args = parser.parse_args()
    own_domain()
    return measure(args)


if __name__ == '__main__':
    raise SystemExit(main())
