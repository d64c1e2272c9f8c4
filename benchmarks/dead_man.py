# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How soon a robot that follows a wall stands when what it hears by fails, in each way it can.

Starts the whole chain as processes in a simulated room with a wall, waits until the robot drives,
breaks one thing, and watches cmd_vel and odom. What the ears and the windows carry passes through
this process, which can spoil it. Times are from the beginning of the last ping whose range came
(its stamp) and from the fault itself; the robot stands when odom says that it does.

The bars: after a fault of the input the robot stands within 0.5 s of the last good ping, and by
ambient sound within 0.5 s of when the next clip should have ended, 0.25 s after the last; who is
told to stop or to end sends zero within 0.5 s. One that is killed (or stopped by a signal) can
send nothing: there the base's own time-out counts, which in the simulator is 0.5 s after the last
command plus the 0.15 s by which the room is simulated ahead, with which commands are late.

A base without such a time-out drives on. TurtleBot 4 (iRobot Create 3) has one
(iroboteducation.github.io/create3_docs/api/moving-the-robot). The ROS 2 firmware of TurtleBot 3
has none: it watches over turtlebot3_node's heartbeat only (ROBOTIS-GIT/OpenCR,
libraries/turtlebot3_ros2/src/turtlebot3/turtlebot3.cpp; ROBOTIS-GIT/turtlebot3 issue 1154).

Example:
  python benchmarks/dead_man.py
  python benchmarks/dead_man.py --only 'capture killed' 'disabled' --repeat 5

"""

import argparse
from dataclasses import dataclass
import math
import os
import signal
import sys
import time

from running_nodes import own_domain, spectator, start_nodes, stop_nodes
from watched_robot import Spoiler, Watch

from echo_depth_ros.processes import simulated_robot

CHAINS = {
    'echo': ('room_simulator', 'chirp_emitter', 'binaural_capture', 'depth_inference',
             'wall_follower'),
    'ambient': ('room_simulator', 'ambient_wall', 'wall_follower')}
HOP = 0.25
BARS = {'echo': 0.5, 'ambient': 0.5 + HOP}
"""Seconds after the last good ping began, or the last good clip ended."""
TOLD = 0.5
DRIVEN = {'echo': 1.0, 'ambient': 0.6}
"""Seconds that the robot has driven when the fault comes; by ambient sound it goes in steps."""
BASE_TIMEOUT = 0.5
AHEAD = 0.15
FOLLOWER = {**simulated_robot(), 'start_enabled': True, 'side': 'right'}
AMBIENT = {'threshold': 0.5, 'alpha': 0.9, 'listen_seconds': 1.0, 'step_length': 1.0}
"""Straight on in long steps: what is measured here is how it stops."""
_WATCHED = 3.0
_PATIENCE = 60.0
_GAP = 0.12
"""Seconds without odom that hide when the robot came to stand; it is sent every 0.04 s."""
_TRIES = 3


@dataclass(frozen=True)
class Fault:
    """
    One way to fail.

    :ivar kind: 'input', 'told' (the follower is to stop) or 'base' (nobody but the base can).
    :ivar node: that a signal or a request goes to.
    :ivar sends: signal that the node gets.
    :ivar asks: 'disable' or 'deactivate' the follower.
    :ivar spoils: what becomes of the sound or the windows; see :class:`Spoiler`.
    :ivar by: what the robot follows by, 'echo' or 'ambient'.
    """

    name: str
    kind: str = 'input'
    node: str = ''
    sends: int = 0
    asks: str = ''
    spoils: str = ''
    by: str = 'echo'


FAULTS = (
    Fault('emitter killed', node='chirp_emitter', sends=signal.SIGKILL),
    Fault('capture killed', node='binaural_capture', sends=signal.SIGKILL),
    Fault('capture hangs', node='binaural_capture', sends=signal.SIGSTOP),
    Fault('inference killed', node='depth_inference', sends=signal.SIGKILL),
    Fault('inference hangs', node='depth_inference', sends=signal.SIGSTOP),
    Fault('ears send nothing', spoils='ears gone'),
    Fault('ears are silent', spoils='ears silent'),
    Fault('one ear is dead', spoils='ear dead'),
    Fault('noise drowns echoes', spoils='ears drowned'),
    Fault('windows are lost', spoils='windows gone'),
    Fault('stamps 1 s in the past', spoils='windows past'),
    Fault('stamps 1 s in the future', spoils='windows future'),
    Fault('one window again and again', spoils='windows again'),
    Fault('ambient: its node killed', node='ambient_wall', sends=signal.SIGKILL, by='ambient'),
    Fault('ambient: its node hangs', node='ambient_wall', sends=signal.SIGSTOP, by='ambient'),
    Fault('ambient: ears send nothing', spoils='ears gone', by='ambient'),
    Fault('ambient: ears are silent', spoils='ears silent', by='ambient'),
    Fault('ambient: one ear is dead', spoils='ear dead', by='ambient'),
    Fault('ambient: clips are lost', spoils='windows gone', by='ambient'),
    Fault('ambient: stamps in the past', spoils='windows past', by='ambient'),
    Fault('disabled by service', 'told', node='wall_follower', asks='disable'),
    Fault('deactivated', 'told', node='wall_follower', asks='deactivate'),
    Fault('follower SIGTERM', 'told', node='wall_follower', sends=signal.SIGTERM),
    Fault('follower SIGINT', 'told', node='wall_follower', sends=signal.SIGINT),
    Fault('follower SIGKILL', 'base', node='wall_follower', sends=signal.SIGKILL),
    Fault('follower SIGSTOP', 'base', node='wall_follower', sends=signal.SIGSTOP),
)


@dataclass(frozen=True)
class Outcome:
    """Seconds and metres of one fault; NaN where something never came."""

    speed: float
    fault_to_zero: float
    ping_to_zero: float
    fault_to_stand: float
    ping_to_stand: float
    rolled: float


def cause(fault: Fault, node, processes, spoiler: Spoiler) -> None:
    """Break what the fault says."""
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState
    from std_srvs.srv import SetBool
    if fault.spoils:
        spoiler.way = fault.spoils
    elif fault.sends:
        processes[fault.node].send_signal(fault.sends)
    elif fault.asks == 'disable':
        node.enable.call_async(SetBool.Request(data=False))
    else:
        request = ChangeState.Request()
        request.transition.id = Transition.TRANSITION_DEACTIVATE
        node.change_state.call_async(request)


def run(fault: Fault, args: argparse.Namespace) -> Outcome | str:
    """Start everything, break one thing, and watch; words where it could not be measured."""
    from lifecycle_msgs.srv import ChangeState
    from std_srvs.srv import SetBool
    processes = start_nodes(CHAINS[fault.by], dict(os.environ), {
        'room_simulator': {'room': args.room, 'drive': 'cmd_vel', 'ahead': AHEAD,
                           'ambience': fault.by == 'ambient'},
        'depth_inference': {'threads': 1}, 'ambient_wall': {'clip_hop': HOP},
        'wall_follower': {**FOLLOWER, **AMBIENT, 'follow_by': fault.by, 'clip_hop': HOP}}, {
        'room_simulator': {'air/ears': 'air/ears_whole'},
        'binaural_capture': {'binaural': 'binaural_whole'},
        'ambient_wall': {'near_wall': 'near_wall_whole'}})
    try:
        with spectator('dead_man') as (node, spin_until):
            watch, spoiler = Watch(node), Spoiler(node)
            node.enable = node.create_client(SetBool, '/wall_follower/enable')
            node.change_state = node.create_client(ChangeState, '/wall_follower/change_state')
            if not (spin_until(lambda: watch.drives(DRIVEN[fault.by]), _PATIENCE)
                    and node.enable.service_is_ready()
                    and node.change_state.service_is_ready()):
                return f'the robot did not drive within {_PATIENCE:.0f} s'
            speed, begun = watch.moments[-1][3], time.time()
            cause(fault, node, processes, spoiler)
            spin_until(lambda: False, _WATCHED)
            zero, (stand, rolled) = watch.zero_after(begun), watch.standstill_after(begun)
            gap = watch.longest_gap(begun, begun + 1.0)
            if gap > _GAP:
                return f'odom was silent for {gap:.2f} s: this computer is too busy'
            ping = watch.last_good(zero if math.isfinite(zero) else begun, BARS[fault.by])
            return Outcome(speed, zero - begun, zero - ping, stand - begun, stand - ping, rolled)
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
        stop_nodes(processes)


def judge(fault: Fault, outcome: Outcome) -> bool:
    """Whether an outcome meets its bar; nothing that never came does."""
    if fault.kind == 'input':
        bar = BARS[fault.by]
        return outcome.ping_to_zero <= bar and outcome.ping_to_stand <= bar
    if fault.kind == 'told':
        return outcome.fault_to_zero <= TOLD and math.isfinite(outcome.fault_to_stand)
    # The last command, the base's time-out, its latency, and braking.
    return outcome.fault_to_stand <= 1 / 30 + BASE_TIMEOUT + AHEAD + 0.02 + outcome.speed / 1.5


def main() -> int:
    """Run all faults and print the table; 0 if all bars are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', nargs='+', choices=[fault.name for fault in FAULTS],
                        metavar='NAME', help='these faults; all when left out')
    parser.add_argument('--repeat', type=int, default=1, help='times that each is caused')
    parser.add_argument('--room', default='track_straight_1', help='of room_simulator')
    args = parser.parse_args()
    own_domain()
    print('seconds; from the fault, and from the beginning of the last ping that was good\n'
          f'{"fault":<28}{"m/s":>6}{"to zero":>16}{"to standstill":>16}{"rolled m":>10}  bar\n'
          f'{"":<34}{"fault":>8}{"ping":>8}{"fault":>8}{"ping":>8}', flush=True)
    met = True
    for fault in FAULTS:
        for _ in range(args.repeat if not args.only or fault.name in args.only else 0):
            for _ in range(_TRIES):
                outcome = run(fault, args)
                if not isinstance(outcome, str):
                    break
                print(f'{fault.name:<28} not measured: {outcome}', flush=True)
            else:
                met = False
                continue
            good = judge(fault, outcome)
            met &= good
            figures = (outcome.fault_to_zero, outcome.ping_to_zero, outcome.fault_to_stand,
                       outcome.ping_to_stand)
            print(f'{fault.name:<28}{outcome.speed:>6.2f}'
                  + ''.join(f'{"-" if math.isnan(f) else format(f, ".2f"):>8}' for f in figures)
                  + f'{outcome.rolled:>10.3f}  {"met" if good else "NOT MET"} ({fault.kind})',
                  flush=True)
    print(f'\ninput: to standstill within {BARS["echo"]} s of the last good ping, or by ambient '
          f'sound within {BARS["ambient"]} s of\nthe end of the last good clip; told: to zero '
          f'within {TOLD} s; base: its own\ntime-out of {BASE_TIMEOUT} s, {AHEAD + 0.02:.2f} s of '
          'latency, and braking, for nobody can send it zeros')
    print('all bars met' if met else 'some bars are not met')
    return 0 if met else 1


if __name__ == '__main__':
    sys.exit(main())
