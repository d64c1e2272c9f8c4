# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The smallest student: it runs in milliseconds and knows nothing."""

from echo_depth_ros.learning.networks.student import StudentConfig

TINY = StudentConfig(encoder=(8, 8, 12, 16), decoder=(16, 12, 8, 8), links=(8, 8, 0), squeeze=4,
                     code=32)
