# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What following a wall costs, from the chirp to the command, and how late commands are.

Starts the chain as processes in a simulated room with a wall, all on so many cores, and watches
while the robot drives. The room stands for the world: its share is told apart. A command belongs
to a ping when it is the first to go out after that ping's depth image and range had come to this
process; its lateness is from the last sample of the ping's window. With the wheels' own latency,
that is what `drive_latency` and `stop_within` have to allow for.

Example:
  python benchmarks/wall_loop.py --seconds 30

"""

import argparse
import bisect
import os
import sys
import time

import numpy as np
import psutil
from running_nodes import cpu_seconds, own_domain, spectator, start_nodes, stop_nodes

from echo_depth_ros.processes import simulated_robot

LOOP = ('chirp_emitter', 'binaural_capture', 'depth_inference', 'wall_follower')
ROOM = 'room_simulator'
RATE = 30.0
RATE_HELD = 0.95
_DRIVES = 0.05


class Watch:
    """Notes commands, depth images and ranges."""

    def __init__(self, node):
        from diagnostic_msgs.msg import DiagnosticArray
        from geometry_msgs.msg import TwistStamped
        from sensor_msgs.msg import Image, Range
        self.commands: list[tuple[float, float]] = []
        self.depths: dict[float, float] = {}
        self.ranges: dict[float, float] = {}
        self.status: dict[str, dict[str, str]] = {}
        node.create_subscription(TwistStamped, 'cmd_vel', self._on_command, 50)
        node.create_subscription(
            Image, 'depth/image', lambda msg: self._note(self.depths, msg), 20)
        node.create_subscription(Range, 'range', lambda msg: self._note(self.ranges, msg), 20)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 20)

    def drives(self) -> bool:
        """Whether the robot is commanded to go."""
        return bool(self.commands) and self.commands[-1][1] > _DRIVES

    def lateness(self, since: float, window_seconds: float) -> np.ndarray:
        """Seconds from the last samples of the windows since a moment to the next commands."""
        sent = [at for at, _ in self.commands]
        late = []
        for stamp in sorted(self.depths.keys() & self.ranges.keys()):
            known = max(self.depths[stamp], self.ranges[stamp])
            index = bisect.bisect_left(sent, known)
            if stamp >= since and index < len(sent):
                late.append(sent[index] - stamp - window_seconds)
        return np.array(late)

    def _on_command(self, msg) -> None:
        self.commands.append((_seconds(msg.header.stamp), msg.twist.linear.x))

    @staticmethod
    def _note(times: dict[float, float], msg) -> None:
        times[_seconds(msg.header.stamp)] = time.time()

    def _on_status(self, msg) -> None:
        for status in msg.status:
            self.status[status.name] = {v.key: v.value for v in status.values}


def measure(args: argparse.Namespace) -> int:
    """Run the benchmark and print its table."""
    from echo_depth_ros.acoustics.format import PingFormat
    cores = sorted(os.sched_getaffinity(0))[:args.cores]
    os.sched_setaffinity(0, cores)  # the nodes inherit it
    processes = start_nodes((ROOM, *LOOP), dict(os.environ), {
        ROOM: {'room': args.room, 'drive': 'cmd_vel'},
        'depth_inference': {'threads': args.threads},
        'wall_follower': {**simulated_robot(), 'start_enabled': True, 'control_rate': RATE}})
    try:
        with spectator('wall_loop') as (node, spin_until):
            watch = Watch(node)
            if not spin_until(watch.drives, args.patience):
                print(f'the robot did not drive within {args.patience:.0f} s; what nodes say:')
                for name, values in watch.status.items():
                    print(f'  {name}: {values}')
                return 1
            watched = {name: psutil.Process(p.pid) for name, p in processes.items()}
            cpu, began = cpu_seconds(watched), time.time()
            spin_until(lambda: False, args.seconds)
            elapsed = time.time() - began
            cpu = {name: 100 * (used - cpu[name]) / elapsed
                   for name, used in cpu_seconds(watched).items()}
            memory = {name: p.memory_info().rss / 2**20 for name, p in watched.items()}
            late = 1e3 * watch.lateness(began, PingFormat().window_duration)
    finally:
        codes = stop_nodes(processes)
    sent = np.array([at for at, _ in watch.commands if began <= at <= began + elapsed])
    return report(args, len(cores), sent, late, cpu, memory, watch, codes)


def report(args, cores, sent, late, cpu, memory, watch, codes) -> int:
    """Print the figures; 0 if the command rate was held and all nodes ended well."""
    rate = (len(sent) - 1) / (sent[-1] - sent[0])
    gaps = 1e3 * np.diff(sent)
    print(f'{args.seconds:.0f} s, {cores} cores, load {os.getloadavg()[0]:.1f}\n')
    print(f'{"node":<18}{"CPU % of one core":>18}{"memory MiB":>12}{"exit code":>11}')
    for name in LOOP:
        print(f'{name:<18}{cpu[name]:>18.1f}{memory[name]:>12.0f}{codes[name]:>11}')
    print(f'{"the loop":<18}{sum(cpu[name] for name in LOOP):>18.1f}'
          f'{sum(memory[name] for name in LOOP):>12.0f}')
    print(f'{ROOM:<18}{cpu[ROOM]:>18.1f}{memory[ROOM]:>12.0f}{codes[ROOM]:>11}  (the world)\n')
    print(f'commands per second {rate:.2f} of {RATE:g} (bar {RATE_HELD * RATE:g}); gaps p50 '
          f'{np.percentile(gaps, 50):.0f}, p99 {np.percentile(gaps, 99):.0f}, longest '
          f'{gaps.max():.0f} ms')
    p50, p95, p99 = np.percentile(late, (50, 95, 99))
    print("window's last sample -> first command after its depth and range had come\n"
          f'  p50 {p50:.1f} ms   p95 {p95:.1f} ms   p99 {p99:.1f} ms   of {len(late)} pings')
    speeds = [speed for at, speed in watch.commands if sent[0] <= at <= sent[-1]]
    print(f'speed commanded: mean {np.mean(speeds):.3f} m/s')
    follower = watch.status.get('wall_follower', {})
    print('wall_follower: ' + ', '.join(f'{key} {value}' for key, value in follower.items()))
    met = rate >= RATE_HELD * RATE and not any(codes.values())
    print('\nall bars met' if met else '\nsome bars are not met')
    return 0 if met else 1


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=30.0, help='that are watched')
    parser.add_argument('--cores', type=int, default=2, help='that all processes share')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of the student')
    parser.add_argument('--room', default='track_straight_1', help='of room_simulator')
    parser.add_argument('--patience', type=float, default=60.0, help='seconds until it drives')
    args = parser.parse_args()
    own_domain()
    return measure(args)


def _seconds(stamp) -> float:
    return stamp.sec + stamp.nanosec / 1e9


if __name__ == '__main__':
    sys.exit(main())
