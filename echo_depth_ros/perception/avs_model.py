# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An AVS-Net in ONNX Runtime: checked, warmed up, and run. Needs no torch."""

from pathlib import Path
from typing import Optional, Sequence

import numpy as np
from PIL import Image

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.avs_contract import AvsContract
from echo_depth_ros.perception.contract import ContractError
from echo_depth_ros.perception.session import ModelError, open_session


class AvsModel:
    """
    A network that turns a colour image and an aligned window into a depth image.

    :ivar path: the file.
    :ivar contract: what the network was trained for.
    :ivar active_provider: the execution provider that really runs it.
    :ivar provider_note: what to tell the user when that is not the one asked for; else None.
    """

    def __init__(self, path, fmt: PingFormat = PingFormat(), *,
                 providers: Sequence[str] = ('auto',), threads: int = 2) -> None:
        """
        Load, check and warm up.

        :param providers: see :func:`~echo_depth_ros.perception.session.open_session`.
        :param threads: CPU threads for one inference.
        :raises ModelError: the file is missing or no ONNX, the provider is unknown, or the network
            breaks its contract.
        :raises ContractError: no contract, or one for other pings.
        """
        self.path = Path(path)
        self._session, self.active_provider, self.provider_note = open_session(
            self.path, providers, threads, command='export-avs')
        try:
            self.contract = AvsContract.from_metadata(
                self._session.get_modelmeta().custom_metadata_map)
            if self.contract.echo_branch:
                self.contract.check(fmt)
        except ContractError as error:
            raise ContractError(f'{self.path}: {error}') from error
        window = np.random.default_rng(0).normal(0, 1e-2, (2, fmt.window)).astype(np.float32)
        grey = np.full((*self.shape, 3), 127, np.uint8)
        for _ in range(2):
            depth = self.infer(grey, window)
        if not (np.isfinite(depth) & (depth > 0)).all():
            raise ModelError(f'{self.path} returns no positive depth for a grey image: its '
                             'weights are broken; train or export it again')

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.contract.height, self.contract.width

    def infer(self, rgb: np.ndarray, window: Optional[np.ndarray] = None) -> np.ndarray:
        """
        Depth of one colour image and the window heard with it.

        :param rgb: uint8 (h, w, 3), red first, of the contract's field of view and any size.
        :param window: float (2, window), aligned; not looked at without an echo branch.
        :returns: float32 (height, width) metres.
        :raises ModelError: the network fails, or needs a window and got none.
        """
        height, width = self.shape
        if rgb.shape[:2] != self.shape:
            rgb = np.asarray(Image.fromarray(rgb).resize((width, height),
                                                         Image.Resampling.BILINEAR))
        image = rgb.transpose(2, 0, 1)[np.newaxis].astype(np.float32) / 255
        windows = None if window is None else window[np.newaxis]
        return self.infer_batch(image, windows)[0]

    def infer_batch(self, rgb: np.ndarray, windows: Optional[np.ndarray] = None) -> np.ndarray:
        """
        Depth of several: float (n, 3, height, width), 0 to 1, and (n, 2, window).

        :returns: float32 (n, height, width) metres.
        :raises ModelError: the network fails, answers with another shape, or needs windows.
        """
        contract = self.contract
        senses = [np.ascontiguousarray(rgb, np.float32)]
        if contract.echo_branch:
            if windows is None:
                raise ModelError(f'{self.path} listens, but was given no window; expected one, '
                                 'or an Only-RGB model')
            senses.append(np.ascontiguousarray(windows, np.float32))
        # Some visual backbones take one image at a time: then the file says 1, not a name.
        step = 1 if self._session.get_inputs()[0].shape[0] == 1 else max(len(rgb), 1)
        try:
            depth = np.concatenate([self._session.run([contract.output], {
                name: each[at:at + step] for name, each in zip(contract.inputs, senses)})[0]
                for at in range(0, len(rgb), step)])
        except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
            raise ModelError(f'{self.path} failed to run: {error}') from error
        if depth.shape != (len(rgb), *self.shape):
            raise ModelError(f'{self.path} returned depth of shape {depth.shape}; its contract '
                             f'says {(len(rgb), *self.shape)}; export the model again')
        return depth
