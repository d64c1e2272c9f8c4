# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How good a network is: figures, breakdowns, confidence, pictures."""
