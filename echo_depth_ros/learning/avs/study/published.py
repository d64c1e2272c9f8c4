# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the paper reports, Tables 1 and 2 of AVS-Net: real rooms, BatVision V1 and V2."""

from typing import NamedTuple

RGB, ECHOES = 'RGB', 'RGB-Echoes'


class Published(NamedTuple):
    """
    A row.

    :ivar where: test set and, in Table 2, model; ``*`` marks a set that training never saw.
    :ivar method: model of Table 1, or scaling of Table 2.
    :ivar values: Abs Rel, Sq Rel, RMSE, RMSE log, δ1, δ2, δ3.
    """

    where: str
    method: str
    values: tuple[float, float, float, float, float, float, float]


TABLE_1 = (
    Published('BV2', 'Only-RGB', (0.189, 0.233, 0.696, 0.253, 0.745, 0.938, 0.978)),
    Published('BV2', 'RGB-Echoes', (0.170, 0.210, 0.678, 0.245, 0.776, 0.942, 0.976)),
    Published('BV1*', 'Only-RGB', (0.315, 0.518, 1.149, 0.479, 0.414, 0.680, 0.842)),
    Published('BV1*', 'RGB-Echoes', (0.277, 0.450, 1.006, 0.398, 0.537, 0.792, 0.906)),
)

TABLE_2 = (
    Published('Monodepth2', 'No', (0.649, 0.931, 1.656, 1.168, 0.008, 0.023, 0.065)),
    Published('Monodepth2', RGB, (0.312, 0.354, 0.975, 0.498, 0.397, 0.677, 0.827)),
    Published('Monodepth2', ECHOES, (0.289, 0.318, 0.898, 0.433, 0.490, 0.753, 0.874)),
    Published('MonoVit', 'No', (0.568, 0.757, 1.490, 0.998, 0.017, 0.072, 0.283)),
    Published('MonoVit', RGB, (0.320, 0.386, 1.002, 0.531, 0.393, 0.673, 0.814)),
    Published('MonoVit', ECHOES, (0.297, 0.355, 0.931, 0.465, 0.484, 0.746, 0.860)),
    Published('LiteMono', 'No', (0.782, 1.284, 1.933, 1.626, 0.000, 0.000, 0.001)),
    Published('LiteMono', RGB, (0.284, 0.313, 0.951, 0.458, 0.436, 0.719, 0.852)),
    Published('LiteMono', ECHOES, (0.261, 0.270, 0.875, 0.393, 0.525, 0.785, 0.898)),
    Published('ZoeDepth', 'No (zero-shot)', (1.000, 1.630, 1.558, 0.705, 0.107, 0.258, 0.486)),
    Published('ZoeDepth', RGB, (0.285, 0.394, 1.181, 0.455, 0.420, 0.677, 0.829)),
    Published('ZoeDepth', ECHOES, (0.250, 0.301, 1.042, 0.377, 0.512, 0.780, 0.901)),
    Published('Jun et al.', 'No (zero-shot)', (0.549, 0.597, 1.083, 0.483, 0.241, 0.532, 0.828)),
    Published('Jun et al.', RGB, (0.303, 0.437, 1.258, 0.493, 0.387, 0.647, 0.807)),
    Published('Jun et al.', ECHOES, (0.260, 0.342, 1.129, 0.409, 0.495, 0.755, 0.880)),
    Published('NeWCRFs', 'No (zero-shot)', (1.240, 2.485, 1.874, 0.813, 0.094, 0.208, 0.388)),
    Published('NeWCRFs', RGB, (0.309, 0.453, 1.287, 0.505, 0.386, 0.630, 0.793)),
    Published('NeWCRFs', ECHOES, (0.276, 0.361, 1.156, 0.425, 0.463, 0.737, 0.869)),
)
