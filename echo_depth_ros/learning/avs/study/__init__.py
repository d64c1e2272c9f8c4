# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What AVS-Net is worth: the parts of ``benchmarks/avs_net.py``, a module for each question."""
