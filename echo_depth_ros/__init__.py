# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""See by sound: chirp out, binaural echoes in, metric depth images."""

__version__ = '0.1.0'
