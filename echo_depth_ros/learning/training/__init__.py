# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training on PyTorch Lightning: configuration, batches, modules, checkpoints."""
