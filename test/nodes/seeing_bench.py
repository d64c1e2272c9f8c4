# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A scale node with an AVS-Net, and what is shown and played to it."""

import numpy as np

from echo_depth_ros.perception.avs_contract import AvsContract
from echo_depth_ros.vision.camera import CameraModel

from .scale_bench import Scale

CAMERA = CameraModel(80, 60, 80.0, 65.0)
CONTRACT = AvsContract(width=32, height=24, hfov_deg=80.0, vfov_deg=65.0)
BRIGHT = np.full((60, 80, 3), 102, np.uint8)
BRIGHT[:30] = 51  # 0.3 on average
WHOLE = 'camera/color/image_raw'


def expected(red, window):
    """Metres that the network of ``avs_net`` says of a colour image and a window."""
    return 10 * red + 100 * float(np.mean(np.square(window, dtype=np.float64)))


def seeing_with(bench, avs_net, ping):
    """Return a function that starts a node with an AVS-Net, and sends it a ping with its image."""
    def start(contract=CONTRACT, camera=CAMERA, clock=False, **parameters):
        scale = Scale(bench, **{
            'metric_source': 'auto', 'avs_model': avs_net(contract), 'threads': 1, **parameters})
        if clock:
            scale.run_clock()
        if camera is not None:
            scale.look('camera/color/camera_info', camera)
        for at in (-0.2, -0.1):  # without images nothing would be worth while
            scale.relative(at=at)
        scale.bench.spin(0.05)

        def see(colour=BRIGHT, window=None, at=0.0, heard=True):
            """Send colour and a window, and wait until the node is done with both."""
            window = ping() if window is None else window
            before = done()
            if colour is not None:
                scale.send(WHOLE, colour, at, 'camera')
                scale.bench.spin(0.03)
            if heard:
                scale.hear(window, at)
                scale.until(lambda: done() != before)

        def done():
            values = scale.values()
            return [values[name] for name in (
                'avs depths', 'avs refused', 'windows without colour', 'avs dropped windows')]
        scale.see = see
        return scale
    return start
