# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Data sets for training: simulated rooms, BatVision V1 and V2, recordings of one's own."""

from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.layouts import open_split
from echo_depth_ros.learning.data.split import EchoSplit, SPLITS

__all__ = ['DatasetError', 'EchoSplit', 'open_split', 'SPLITS']
