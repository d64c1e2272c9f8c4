# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Walls from ambient sound: data, networks, training, evaluation and export."""
