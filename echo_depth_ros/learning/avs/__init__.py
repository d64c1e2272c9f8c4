# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""AVS-Net: metric depth from a colour image and the echoes heard with it."""
