# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A network that hears walls in ambient sound, in ONNX Runtime, with its contract."""

from dataclasses import asdict, dataclass, fields
import json
from pathlib import Path
from typing import Mapping, NamedTuple

import numpy as np

from echo_depth_ros.acoustics.ambient import AmbientFormat, cut_clips, log_mel, to_mono
from echo_depth_ros.acoustics.ambient_checks import check_ambient
from echo_depth_ros.perception.contract import ContractError
from echo_depth_ros.perception.session import ModelError, open_session

AMBIENT_KEY = 'echo_depth_ambient_contract'
"""The ONNX metadata property that holds the contract as JSON."""

AMBIENT_VERSION = 1
HEARS = ('mono', 'ear', 'ears')


@dataclass(frozen=True)
class AmbientContract(AmbientFormat):
    """
    The promises between a network that hears walls and the node that runs it.

    Input ``mel`` is float32 ``(N, channels, frames, mels)``, see
    :func:`~echo_depth_ros.acoustics.ambient.log_mel`. Outputs are float32 ``(N,)``: ``near``, the
    chance that a surface is within ``near`` metres, and ``distance`` in metres.

    :ivar hear: what the channels are: 'mono', the average of both ears; 'ear', a side's own;
        'ears', a side's own and the other one.
    :ivar any_length: whether pictures may have any number of frames, or exactly a clip's.
    :ivar near: metres from the midpoint between the ears.
    :ivar farthest: metres, the largest distance that it answers with.
    :ivar training_data: what it was trained on, in words.
    :ivar commit: revision of the source that trained it.
    """

    version: int = AMBIENT_VERSION
    hear: str = 'ears'
    any_length: bool = True
    near: float = 0.5
    farthest: float = 3.0766138931115465
    training_data: str = ''
    commit: str = ''

    @property
    def channels(self) -> int:
        """Of the input."""
        return 2 if self.hear == 'ears' else 1

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata properties to store in the ONNX file."""
        return {AMBIENT_KEY: json.dumps(asdict(self), sort_keys=True)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> 'AmbientContract':
        """
        Read the contract from an ONNX file's metadata properties.

        :raises ContractError: there is none, it cannot be read, or it is of another version.
        """
        text = metadata.get(AMBIENT_KEY)
        if text is None:
            raise ContractError(
                f'the model has no {AMBIENT_KEY!r} in its metadata, so it does not hear ambient '
                'sound; export it with `echo-depth export-ambient`')
        try:
            values = json.loads(text)
            if values.get('version') != AMBIENT_VERSION:
                raise ContractError(
                    f'the contract of the model has version {values.get("version")}; this release '
                    f'reads version {AMBIENT_VERSION}; export the model again')
            typed = {field.name: _typed(values[field.name], field.type)
                     for field in fields(cls)}
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            if isinstance(error, ContractError):
                raise
            raise ContractError(f'the contract of the model is broken: {error}') from error
        if typed['hear'] not in HEARS:
            raise ContractError(f'the contract of the model says it hears {typed["hear"]!r}; '
                                f'expected one of {", ".join(HEARS)}')
        return cls(**typed)


class Walls(NamedTuple):
    """
    What was heard on each side.

    :ivar left: chance that a surface is near on the left, 0 to 1.
    :ivar right: likewise on the right; the same where the network hears both ears' average.
    :ivar left_distance: metres.
    :ivar right_distance: metres.
    """

    left: float
    right: float
    left_distance: float
    right_distance: float


class AmbientModel:
    """
    A network that tells from ambient sound whether a wall is near.

    :ivar path: the file.
    :ivar contract: what it was trained for.
    """

    def __init__(self, path, threads: int = 1):
        """
        Load, check and warm up.

        :raises ModelError: the file is missing or no ONNX, or breaks its contract.
        :raises ContractError: no contract, or a broken one.
        """
        self.path = Path(path)
        self._session = open_session(
            self.path, ('cpu',), threads, command='export-ambient').session
        try:
            self.contract = AmbientContract.from_metadata(
                self._session.get_modelmeta().custom_metadata_map)
        except ContractError as error:
            raise ContractError(f'{self.path}: {error}') from error
        noise = np.random.default_rng(0).normal(0, 0.01, (2, self.contract.clip))
        self.listen(noise.astype(np.float32))

    @property
    def sample_rate(self) -> int:
        """Hz that :meth:`listen` wants."""
        return self.contract.sample_rate

    def listen(self, ears: np.ndarray) -> Walls:
        """
        Hear both sides in a stretch of sound.

        Longer stretches are surer. A network of clips of one length hears as many of them as fit,
        and the answers are averaged.

        :param ears: float, full scale ±1, shape (2, n), left ear first, at :attr:`sample_rate`;
            a clip's length at least.
        :raises WindowError: nothing can be heard in it, see
            :func:`~echo_depth_ros.acoustics.ambient_checks.check_ambient`.
        :raises ModelError: the network fails.
        """
        check_ambient(ears, self.contract, sides=self.contract.hear != 'mono')
        sides = {'mono': [[to_mono(ears)]], 'ear': [[ears[0]], [ears[1]]],
                 'ears': [[ears[0], ears[1]], [ears[1], ears[0]]]}[self.contract.hear]
        near, distance = self.infer(self.pictures(np.array(sides)))
        near = np.mean(near.reshape(len(sides), -1), axis=1)
        distance = np.mean(distance.reshape(len(sides), -1), axis=1)
        return Walls(float(near[0]), float(near[-1]), float(distance[0]), float(distance[-1]))

    def pictures(self, sounds: np.ndarray) -> np.ndarray:
        """
        Draw what the network hears.

        :param sounds: shape (sides, channels, n).
        :returns: shape (sides · clips, channels, frames, mels), a side's clips together.
        """
        if self.contract.any_length:
            return log_mel(sounds, self.contract)
        clips = np.stack([np.stack([cut_clips(each, fmt=self.contract) for each in side], axis=1)
                          for side in sounds])
        return log_mel(clips.reshape(-1, *clips.shape[2:]), self.contract)

    def infer(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Chance of a near surface and distance, of several pictures: each shape (n,).

        :raises ModelError: the network fails, or says what cannot be.
        """
        try:
            near, distance = self._session.run(
                ['near', 'distance'], {'mel': np.ascontiguousarray(pictures, np.float32)})
        except Exception as error:  # as above
            raise ModelError(f'{self.path} failed to run: {error}') from error
        if near.shape != (len(pictures),) or distance.shape != near.shape \
                or not (np.isfinite(near) & np.isfinite(distance)).all():
            raise ModelError(f'{self.path} answered near {near.shape} and distance '
                             f'{distance.shape}; expected finite numbers of shape '
                             f'({len(pictures)},): its weights are broken; export it again')
        return near, distance


def _typed(value, kind):
    """Return a value as its field wants it."""
    if kind is bool or kind is str:
        if not isinstance(value, kind):
            raise ValueError(f'{value!r} is no {kind.__name__}')
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f'{value!r} is no number from 0')
    return kind(value)
