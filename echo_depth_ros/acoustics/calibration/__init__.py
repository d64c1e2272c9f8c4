# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a recording of a few chirps: all that is to be known about a speaker and two ears."""
