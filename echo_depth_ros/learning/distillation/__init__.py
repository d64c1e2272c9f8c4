# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Visual-to-echo distillation: equations 1 to 3 of V2E-CCL, one module each."""
