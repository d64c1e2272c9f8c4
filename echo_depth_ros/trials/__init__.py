# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Closed loops: policies that hear in the simulator, tried on tracks and kept count of."""
