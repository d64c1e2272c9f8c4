# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth from a colour image and the echoes heard with it, where both can be believed."""

from typing import NamedTuple, Optional, Union

import numpy as np

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.avs_contract import WHOLE_VIEW
from echo_depth_ros.perception.avs_model import AvsModel
from echo_depth_ros.perception.echo_depth import EchoDepth, MIN_SNR_DB, MODEL
from echo_depth_ros.perception.encoding import encode_depth
from echo_depth_ros.perception.session import ModelError
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.light import LightLimits
from echo_depth_ros.vision.rays import fields_of_view, look, seen_part, view_of

VIEW = 'view'
"""The kind of problem that a camera has which does not see what the network was trained for."""


class AvsSight(NamedTuple):
    """
    What an AVS-Net has made of an image and a window.

    :ivar depth: float32 (height, width) as :attr:`AvsDepth.camera` sees it, metres along the
        optical axis, NaN unknown and +Inf beyond range; None where there is a problem.
    :ivar problem: why there is no depth, in words.
    :ivar problem_kind: the same to count by: VIEW, a kind of :mod:`~echo_depth_ros.vision.light`,
        or one of :data:`~echo_depth_ros.perception.echo_depth.PROBLEM_KINDS`.
    """

    depth: Optional[np.ndarray] = None
    problem: Optional[str] = None
    problem_kind: Optional[str] = None


class AvsDepth:
    """
    Depth from a colour image and a window, as :class:`EchoDepth` gives it from a window alone.

    Windows are judged as there. An image that is dark, blank, or of another view than the network
    was trained for gives no depth: the network would answer all the same.

    :ivar camera: what the depth is drawn for.
    """

    def __init__(self, model: AvsModel, fmt: PingFormat = PingFormat(), *,
                 light: LightLimits = LightLimits(), min_snr_db: float = MIN_SNR_DB,
                 min_direct_level_db: Union[float, tuple[float, float]] = -np.inf):
        """
        Set the limits within which image and window are believed.

        :param min_snr_db: see :class:`EchoDepth`, likewise ``min_direct_level_db``.
        :raises ModelError: a model without echo branch, whose scale is a guess by looks.
        """
        contract = model.contract
        if not contract.echo_branch:
            raise ModelError(
                f'{model.path} does not listen (Only-RGB), so its scale is a guess by looks; '
                'expected a model with an echo branch: see "echo-depth export-avs"')
        self.model = model
        self.camera = CameraModel(
            contract.width, contract.height, contract.hfov_deg, contract.vfov_deg)
        self._light = light
        self._ears = EchoDepth(None, fmt, min_snr_db=min_snr_db,
                               min_direct_level_db=min_direct_level_db, look_for_foreign=False)

    def perceive(self, rgb: np.ndarray, k: np.ndarray, window: np.ndarray) -> AvsSight:
        """
        Judge both, and see.

        :param rgb: uint8 (h, w, 3), rectified, and ``k`` its intrinsics (3, 3).
        :param window: float (2, window), aligned.
        :raises WindowError: wrong shape or type.
        :raises ModelError: the network failed.
        """
        if window.shape[-1] != self._ears.fmt.window:
            raise WindowError(
                f'a window of {window.shape[-1]} samples came; expected {self._ears.fmt.window}: '
                'give binaural_capture and depth_scale the same window and sample_rate')
        view = view_of(self.camera, k, rgb.shape[:2])
        if view.coverage < self.model.contract.least_view:
            return AvsSight(problem=self._narrow(k, rgb.shape[:2], view.coverage),
                            problem_kind=VIEW)
        contract = self.model.contract
        image = look(rgb, view, self.camera, black=contract.least_view < WHOLE_VIEW)
        gloom = self._light.judge(image[seen_part(self.camera, view, rgb.shape[:2])])
        if gloom:
            return AvsSight(problem=gloom.problem, problem_kind=gloom.kind)
        heard = self._ears.perceive(window, want_depth=False, want_range=False)
        if heard.problem is not None:
            return AvsSight(problem=heard.problem, problem_kind=heard.problem_kind)
        depth = encode_depth(
            self.model.infer(image, heard.window), contract.depth_min, contract.depth_max)
        if np.isnan(depth).all():
            return AvsSight(problem=f'{self.model.path.name} returned no depth for this image',
                            problem_kind=MODEL)
        return AvsSight(depth)

    def _narrow(self, k: np.ndarray, shape: tuple[int, int], coverage: float) -> str:
        hfov, vfov = fields_of_view(k, shape)
        return (f'the colour camera sees {hfov:.0f} x {vfov:.0f} degrees, which is {coverage:.0%} '
                f'of what {self.model.path.name} was trained for '
                f'({self.camera.hfov_deg:.0f} x {self.camera.vfov_deg:.0f} degrees); expected '
                f'{self.model.contract.least_view:.0%}: train one for this camera, or set '
                'metric_source to echo')
