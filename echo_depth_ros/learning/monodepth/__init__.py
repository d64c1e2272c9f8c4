# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Relative depth learnt from films alone: section 3.2.1 of AVS-Net, after Monodepth2.

Godard, Mac Aodha, Firman and Brostow, "Digging into self-supervised monocular depth estimation",
ICCV 2019.
"""
