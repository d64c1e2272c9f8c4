# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a student was trained for, carried inside its ONNX file and checked before it runs."""

from dataclasses import asdict, dataclass, fields
import json
import math
from typing import Mapping

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat

METADATA_KEY = 'echo_depth_contract'
"""The ONNX metadata property that holds the contract as JSON."""

CONTRACT_VERSION = 1


class ContractError(EchoDepthError, ValueError):
    """A model without a contract, or with one that differs from what it is to be used for."""


@dataclass(frozen=True)
class ModelContract:
    """
    The promises between a network and the node that runs it.

    Input ``waveform`` is float32 ``(N, 2, window)``: aligned windows, full scale +-1. Output
    ``depth`` is float32 ``(N, height, width)``: metres along the optical axis of a pinhole
    camera with the given fields of view. Output ``confidence``, where the network has one, is
    float32 of the same shape: how likely that depth lies within 25 % of the truth, 0 to 1.

    :ivar depth_min: metres; nearer depths are not trusted.
    :ivar depth_max: metres; what the network answers from there on means "beyond range".
    :ivar training_data: what it was trained on, in words.
    :ivar commit: revision of the source that trained it.
    :ivar confidence: name of the output that holds the confidence; '' where there is none, as in
        files that were written before there was any.
    :ivar calibration: what the confidence was calibrated on, in words; '' where it was not.
    """

    version: int = CONTRACT_VERSION
    sample_rate: int = 44100
    window: int = 3197
    direct_index: int = 64
    chirp_duration: float = 0.003
    chirp_start_hz: float = 20.0
    chirp_end_hz: float = 20000.0
    ear_spacing: float = 0.235
    depth_min: float = 0.1
    depth_max: float = 12.0
    height: int = 128
    width: int = 128
    hfov_deg: float = 90.0
    vfov_deg: float = 90.0
    input: str = 'waveform'
    output: str = 'depth'
    training_data: str = ''
    commit: str = ''
    confidence: str = ''
    calibration: str = ''

    @classmethod
    def for_format(cls, fmt: PingFormat, **others) -> 'ModelContract':
        """Contract of a network for pings of this format; ``others`` sets the other fields."""
        return cls(**{name: getattr(fmt, name) for name in _PING_FIELDS}, **others)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> 'ModelContract':
        """
        Read the contract from an ONNX file's metadata properties.

        :raises ContractError: there is none, it cannot be read, or it is of another version.
        """
        text = metadata.get(METADATA_KEY)
        if text is None:
            raise ContractError(
                f'the model has no {METADATA_KEY!r} in its metadata, so it is not one of '
                'echo_depth_ros; export it with `echo-depth export`')
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise ContractError(f'the contract of the model is not JSON: {error}') from error
        if not isinstance(values, dict):
            raise ContractError('the contract of the model is not a JSON object')
        if values.get('version') != CONTRACT_VERSION:
            raise ContractError(
                f'the contract of the model has version {values.get("version")}; this release '
                f'reads version {CONTRACT_VERSION}; export the model again')
        return cls(**_typed(values))

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata properties to store in the ONNX file."""
        return {METADATA_KEY: json.dumps(asdict(self), sort_keys=True)}

    def check(self, fmt: PingFormat) -> None:
        """
        Make sure that windows of this format are what the network was trained for.

        :raises ContractError: naming each value that differs, both of the model and of here.
        """
        different = [
            f'{name} is {getattr(self, name)} in the model and {getattr(fmt, name)} here'
            for name in _PING_FIELDS
            if not math.isclose(getattr(self, name), getattr(fmt, name), rel_tol=1e-6)]
        if different:
            raise ContractError(
                'the model was trained for other pings: ' + '; '.join(different) +
                "; set the parameters to the model's, or choose another model")


_PING_FIELDS = ('sample_rate', 'window', 'direct_index', 'chirp_duration', 'chirp_start_hz',
                'chirp_end_hz', 'ear_spacing')
_LATER_FIELDS = ('confidence', 'calibration')
"""Absent from the files of the first release, which load all the same."""


def _typed(values: dict) -> dict:
    """Every field present, of its type and sensible; fields this release ignores dropped."""
    problems, typed = [], {}
    for field in fields(ModelContract):
        value = values.get(field.name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if field.name not in values:
            if field.name not in _LATER_FIELDS:
                problems.append(f'{field.name} is missing')
        elif field.name in _LATER_FIELDS and not isinstance(value, str):
            problems.append(f'{field.name} is {value!r}, not a text')
        elif field.type is str:
            typed[field.name] = str(value)
        elif not number or not math.isfinite(value):
            problems.append(f'{field.name} is {value!r}, not a number')
        elif value < 0 or (value == 0 and field.name not in ('direct_index', 'depth_min')):
            problems.append(f'{field.name} is {value}, not positive')
        else:
            typed[field.name] = field.type(value)
    if not problems and not typed['depth_min'] < typed['depth_max']:
        problems.append(f'depth_min {typed["depth_min"]} is not below depth_max '
                        f'{typed["depth_max"]}')
    if not problems and typed.get('confidence') in (typed['output'], typed['input']):
        problems.append(f'confidence is {typed["confidence"]!r}, which names the depth output or '
                        "the input; expected another output, or '' for none")
    if problems:
        raise ContractError('the contract of the model is broken: ' + '; '.join(problems))
    return typed
