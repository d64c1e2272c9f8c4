# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write what a robot heard and saw as a data set that the learning commands read."""
