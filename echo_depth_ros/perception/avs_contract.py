# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an AVS-Net was trained for, carried inside its ONNX file. Needs no torch."""

from dataclasses import asdict, dataclass
import json
from typing import Mapping

from echo_depth_ros.perception.contract import ContractError, METADATA_KEY, ModelContract

WHOLE_VIEW = 0.9
"""Share of its image that a camera must see for a network that knows of nothing narrower."""
AVS_KEY = 'echo_depth_avs_contract'
"""The ONNX metadata property that holds the contract as JSON."""


@dataclass(frozen=True)
class AvsContract(ModelContract):
    """
    The promises between an AVS-Net and the node that runs it.

    Input ``rgb`` is float32 ``(N, 3, height, width)``, red first, 0 to 1, from a pinhole camera
    with the given fields of view. Input ``waveform`` is float32 ``(N, 2, window)``: aligned
    windows, full scale ±1, heard when the image was taken; a network without an echo branch has
    none. Output ``depth`` is float32 ``(N, height, width)``: metres along the optical axis.

    :ivar rgb: name of the image input.
    :ivar echo_branch: whether there is a waveform input.
    :ivar visual: visual backbone: 'small', or 'hf:NAME'.
    :ivar least_view: share of its image that a camera must see. Below :data:`WHOLE_VIEW` the
        network was trained with narrower cameras: what they do not see is black.
    """

    rgb: str = 'rgb'
    echo_branch: bool = True
    visual: str = 'small'
    least_view: float = WHOLE_VIEW

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata properties to store in the ONNX file."""
        return {AVS_KEY: json.dumps(asdict(self), sort_keys=True)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> 'AvsContract':
        """
        Read the contract from an ONNX file's metadata properties.

        :raises ContractError: there is none, it cannot be read, or it is of another version.
        """
        text = metadata.get(AVS_KEY)
        if text is None:
            raise ContractError(f'the model has no {AVS_KEY!r} in its metadata, so it is no '
                                'AVS-Net; export it with `echo-depth export-avs`')
        shared = ModelContract.from_metadata({METADATA_KEY: text})
        values = json.loads(text)
        own = {name: values.get(name) for name in ('rgb', 'echo_branch', 'visual')}
        own['least_view'] = view = values.get('least_view', WHOLE_VIEW)
        if not (isinstance(own['echo_branch'], bool) and isinstance(own['visual'], str)
                and isinstance(own['rgb'], str) and own['rgb']
                and isinstance(view, (int, float)) and 0 < view <= 1):
            raise ContractError(f'the contract of the model is broken: {own}; expected names for '
                                'rgb and visual, true or false for echo_branch, and a share for '
                                'least_view')
        if own['rgb'] in (shared.input, shared.output):
            raise ContractError(f'the contract of the model is broken: rgb is {own["rgb"]!r}, '
                                'which names the waveform or the depth')
        return cls(**asdict(shared), **own)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the network's arguments."""
        return (self.rgb, self.input) if self.echo_branch else (self.rgb,)
