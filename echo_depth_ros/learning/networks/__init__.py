# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks: the student, its vision teachers, and the baselines of other authors."""
