# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Static frames of the sensor head."""

import numpy as np
import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.sim.rig import Rig
from echo_depth_ros.vision.frames import FRAMES

BY_CHILD = {frame.child: frame for frame in FRAMES}


def test_speaker_and_height_are_those_of_the_simulated_rig():
    assert BY_CHILD['speaker'].xyz == Rig().speaker
    assert BY_CHILD['echo_depth_link'].xyz == (0, 0, Rig().height)
    ear = np.array([0, PingFormat().ear_spacing / 2, 0])
    distance = np.linalg.norm(np.array(BY_CHILD['speaker'].xyz) - ear)
    assert distance == pytest.approx(PingFormat().direct_distance, abs=1e-4)


def test_optical_axis_looks_ahead():
    roll, pitch, yaw = BY_CHILD['echo_depth_optical_frame'].rpy
    cr, sr, cy, sy = np.cos(roll), np.sin(roll), np.cos(yaw), np.sin(yaw)
    turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    assert pitch == 0
    assert turn @ [0, 0, 1] == pytest.approx([1, 0, 0], abs=1e-9)   # depth is forward
    assert turn @ [1, 0, 0] == pytest.approx([0, -1, 0], abs=1e-9)  # image right is robot right


def test_publisher_arguments_name_both_frames():
    arguments = BY_CHILD['speaker'].publisher_arguments()
    assert arguments[:4] == ['--frame-id', 'echo_depth_link', '--child-frame-id', 'speaker']
    assert arguments[4:6] == ['--x', '0.1']
