# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The student network in ONNX Runtime: found, checked, warmed up, and run."""

from pathlib import Path
from typing import NamedTuple, Optional, Sequence

import numpy as np

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.contract import ContractError, ModelContract
from echo_depth_ros.perception.session import ModelError, open_session

_ROUNDING = 1e-3
"""By how much a confidence may leave 0 to 1: GPU runtimes compute with ten bits."""


class Prediction(NamedTuple):
    """
    What a network says about one window (or, with a leading axis, about several).

    :ivar depth: float32 ``(height, width)`` in metres, not yet encoded: see
        :func:`~echo_depth_ros.perception.encoding.encode_depth`.
    :ivar confidence: float32 ``(height, width)``, as the network says it; None where the network
        predicts none, or none was wanted. Whether it can be believed, :func:`odd_confidence` says.
    """

    depth: np.ndarray
    confidence: Optional[np.ndarray] = None


class StudentModel:
    """
    A network that turns aligned windows into depth images.

    Everything that can be wrong with a model is found here and now, not at the first ping: the
    file, its contract, the execution provider, the shapes, and whether it returns numbers.

    :ivar path: the file.
    :ivar contract: what the network was trained for.
    :ivar active_provider: the execution provider that really runs it.
    :ivar provider_note: what to tell the user when that is not the one asked for; else None.
    """

    def __init__(self, path, fmt: PingFormat = PingFormat(), *,
                 providers: Sequence[str] = ('auto',), threads: int = 2, strict: bool = False):
        """
        Load, check and warm up.

        :param providers: of ``auto``, ``cpu``, ``cuda``, ``tensorrt`` or ONNX Runtime's own
            names, best first; ``auto`` takes CUDA where it is installed. The CPU is always last.
        :param threads: CPU threads for one inference.
        :param strict: refuse to run on another provider than the first one asked for.
        :raises ModelError: fewer threads than one, the file is missing or no ONNX, the provider
            is unknown (or, if ``strict``, did not start), or the network breaks its contract.
        :raises ContractError: no contract, or one for other pings.
        """
        self.path = Path(path)
        self._session, self.active_provider, self.provider_note = open_session(
            self.path, providers, threads, strict)
        try:
            self.contract = ModelContract.from_metadata(
                self._session.get_modelmeta().custom_metadata_map)
            self.contract.check(fmt)
        except ContractError as error:
            raise ContractError(f'{self.path}: {error}') from error
        self._check_ports()
        self._warm_up(fmt)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the depth images."""
        return self.contract.height, self.contract.width

    @property
    def predicts_confidence(self) -> bool:
        """Whether the network says how sure it is."""
        return bool(self.contract.confidence)

    def infer(self, window: np.ndarray, want_confidence: bool = True) -> Prediction:
        """
        Depth seen in one window, and how sure it is, as the network says it.

        :param window: float ``(2, window)``, aligned.
        :param want_confidence: False leaves it out, where nobody looks at it.
        """
        several = self.infer_batch(window[np.newaxis], want_confidence)
        return Prediction(*(None if image is None else image[0] for image in several))

    def infer_batch(self, windows: np.ndarray, want_confidence: bool = True) -> Prediction:
        """
        Depth and confidence of several windows: ``(n, 2, window)`` to ``(n, height, width)``.

        :raises ModelError: the network fails, or answers with another shape.
        """
        names = [self.contract.output]
        if want_confidence and self.predicts_confidence:
            names.append(self.contract.confidence)
        feed = {self.contract.input: np.ascontiguousarray(windows, np.float32)}
        try:
            images = self._session.run(names, feed)
        except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
            raise ModelError(f'{self.path} failed to run: {error}') from error
        for name, image in zip(names, images):
            if image.shape != (len(windows), *self.shape):
                raise ModelError(
                    f'{self.path} returned {name} of shape {image.shape}; its contract says '
                    f'{(len(windows), *self.shape)}; export the model again')
        return Prediction(*images)

    def _check_ports(self) -> None:
        promised = [('input', self.contract.input, self._session.get_inputs()),
                    ('output', self.contract.output, self._session.get_outputs())]
        if self.predicts_confidence:
            promised.append(('output', self.contract.confidence, self._session.get_outputs()))
        for kind, name, ports in promised:
            found = {port.name: port.type for port in ports}
            if found.get(name) != 'tensor(float)':
                raise ModelError(
                    f'{self.path} has the {kind}s {found}; its contract promises the {kind} '
                    f'{name!r} of type tensor(float); export the model again')

    def _warm_up(self, fmt: PingFormat) -> None:
        """Run twice, on a chirp in faint noise, so that the first ping is not a slow one."""
        window = np.random.default_rng(0).normal(0, 1e-3, (2, fmt.window)).astype(np.float32)
        window[:, fmt.direct_index:fmt.direct_index + fmt.chirp_samples] += linear_chirp(fmt)
        for _ in range(2):
            depth, confidence = self.infer(window)
        if not np.isfinite(depth).any():
            raise ModelError(
                f'{self.path} returns no finite depth for a chirp in faint noise: its weights '
                'are broken; train or export it again')
        odd = None if confidence is None else odd_confidence(confidence, depth)
        if odd:
            raise ModelError(
                f'{self.path}, for a chirp in faint noise: {odd}; train or export it again')


def odd_confidence(confidence: np.ndarray, depth: np.ndarray) -> Optional[str]:
    """
    Say what is wrong with a confidence image; None where it can be believed.

    A share of right pixels lies between 0 and 1. Where it does not, the other pixels of the image
    come from the same broken numbers.

    :param confidence: as the network says it.
    :param depth: of the same shape; where it is NaN, confidence does not matter.
    """
    inside = (confidence >= -_ROUNDING) & (confidence <= 1 + _ROUNDING)
    odd = ~inside & ~np.isnan(depth)
    if not odd.any():
        return None
    return (f'the network returned a confidence of {confidence[odd][0]:.4g} in '
            f'{np.count_nonzero(odd)} pixels; expected 0 to 1')
