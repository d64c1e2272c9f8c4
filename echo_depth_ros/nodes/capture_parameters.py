# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the capture node, and what they must not be."""

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio.listener import LONGEST_DELAY
from echo_depth_ros.nodes.ears import declare_ears, ear_gains
from echo_depth_ros.nodes.parameters import declare_direct_level, declare_ping_format
from echo_depth_ros.nodes.sound_card import declare_card


def declare_capture(guard) -> None:
    """Declare them all."""
    declare_ping_format(guard)
    declare_card(guard)
    declare_ears(guard)
    guard.declare('sync', 'auto', 'How chirps are found: by the chirp topic, by onset, or by '
                  'the topic where somebody publishes it', choices=('auto', 'chirp', 'onset'))
    guard.declare('search_window', 0.002, 'Seconds by which a direct sound may miss the time '
                  'that the chirp topic promises', low=0.0001, high=0.5)
    guard.declare('sync_tolerance', 0.05, 'Seconds by which a camera image may be off',
                  low=0.0, high=1.0, live=True)
    guard.declare('camera_wait', 0.1, 'Seconds for which a camera image is waited for after '
                  'its window, which goes ahead', low=0.0, high=1.0, live=True)
    guard.declare('loop_delay', -1.0, 'Seconds from a chirp to its direct sound less the way '
                  'through the air, as `echo-depth calibrate` measures it; negative: learn it',
                  low=-1.0, high=LONGEST_DELAY)
    guard.declare('min_snr_db', 6.0, 'Windows whose direct sound is weaker, in dB of the '
                  'noise, are counted as bad', low=-20.0, high=60.0)
    declare_direct_level(guard)
    guard.declare('noise_floor_dbfs', [0.0, 0.0], 'Noise at the left and the right ear, in dB '
                  'of full scale, as `echo-depth calibrate` measures it; 0.0 where it was not')


def check_capture(node, fmt: PingFormat) -> None:
    """
    Check those that make sense together only.

    :raises ValueError: one that makes no sense.
    """
    search, window = node.value('search_window'), fmt.window_duration
    if 2 * search >= window:
        raise ValueError(
            f'search_window is {search} s either way, which reaches the chirps before and '
            f'after; expected less than half a window, {window / 2:.4f} s')
    if node.value('ring_seconds') < 4 * window + 2 * search:
        raise ValueError(
            f'ring_seconds is {node.value("ring_seconds")}; expected at least four windows '
            f'and the search, {4 * window + 2 * search:.2f} s')
    ear_gains(node)
    floor = node.value('noise_floor_dbfs')
    if len(floor) != 2 or not all(level <= 0 for level in floor):
        raise ValueError(
            f'noise_floor_dbfs is {list(floor)}; expected two numbers of at most 0, left and '
            'right, in dB of full scale, or 0.0 where it was not measured')
