# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A stream of sound through a room that may change from one sound to the next."""

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np
from scipy import fft

LONGEST = 8192
"""Samples of an impulse response at most."""


@dataclass(frozen=True)
class Response:
    """
    An impulse response, made ready for one block length.

    :ivar id: number that it was given.
    :ivar length: its samples.
    :ivar size: of the transforms.
    :ivar spectrum: complex (2, size // 2 + 1).
    """

    id: int
    length: int
    size: int
    spectrum: np.ndarray

    @classmethod
    def of(cls, samples: np.ndarray, block: int, number: int = 0) -> 'Response':
        """
        Prepare a response for blocks of up to ``block`` frames.

        :param samples: left and right ear, shape (2, n), n from 1 to 8192, finite.
        :raises ValueError: anything else.
        """
        samples = checked(samples)
        size = fft.next_fast_len(samples.shape[1] + block - 1, real=True)
        spectrum = fft.rfft(samples.astype(np.float64), size, axis=1)
        return cls(number, samples.shape[1], size, spectrum)


def checked(samples: np.ndarray) -> np.ndarray:
    """
    Return an impulse response as contiguous float32 (2, n).

    :raises ValueError: not of shape (2, n) with n from 1 to 8192, or not finite.
    """
    samples = np.ascontiguousarray(samples, np.float32)
    if samples.ndim != 2 or samples.shape[0] != 2 or not 0 < samples.shape[1] <= LONGEST \
            or not np.isfinite(samples).all():
        raise ValueError(f'an impulse response has shape {samples.shape}; expected (2, n), n from '
                         f'1 to {LONGEST}, all finite')
    return samples


class LiveConvolver:
    """
    Convolves a stream block by block, without any delay beyond the block itself.

    A *sound* is what follows upon ``quiet`` frames of digital silence. Each sound goes whole
    through the response that is chosen when it begins, even if the next sound comes through
    another one while it still reverberates. Until a response is chosen nothing is heard.
    """

    def __init__(self, block: int, quiet: int):
        """
        Take the memory.

        :param block: frames of a block at most.
        :param quiet: frames of silence, at least, before a new sound.
        """
        self._quiet = quiet
        self._silent_for = quiet
        self._response: Optional[Response] = None
        self._ahead = np.zeros((2, 2 * block + LONGEST))
        self._left = 0

    def process(self, block: np.ndarray,
                choose: Callable[[int], Optional[Response]]) -> tuple[np.ndarray, list[int]]:
        """
        Take the next block, and return what it makes heard at the same time.

        :param block: what the speaker plays, shape (n,).
        :param choose: called for every sound with the index of its first non-zero sample;
            returns the response for it, None for silence.
        :returns: float32 (2, n), and the indices at which sounds began.
        """
        count = len(block)
        starts = []
        sounding = np.flatnonzero(block)
        if sounding.size:
            before = np.diff(sounding, prepend=-self._silent_for - 1) - 1
            starts = sounding[before >= self._quiet].tolist()
            self._silent_for = count - 1 - int(sounding[-1])
            self._add(block, 0, starts[0] if starts else count)
            for begin, end in zip(starts, [*starts[1:], count]):
                self._response = choose(begin)
                self._add(block, begin, end)
        else:
            self._silent_for += count
        if self._left <= 0:
            return np.zeros((2, count), np.float32), starts
        heard = self._ahead[:, :count].astype(np.float32)
        self._left -= count
        if self._left > 0:
            self._ahead[:, :self._left] = self._ahead[:, count:count + self._left]
        kept = max(self._left, 0)
        self._ahead[:, kept:kept + count] = 0
        return heard, starts

    def _add(self, block: np.ndarray, begin: int, end: int) -> None:
        response = self._response
        piece = block[begin:end]
        if response is None or not piece.any():
            return
        spectrum = fft.rfft(piece.astype(np.float64), response.size)
        heard = fft.irfft(spectrum * response.spectrum, response.size, axis=1)
        stop = end + response.length - 1
        self._ahead[:, begin:stop] += heard[:, :stop - begin]
        self._left = max(self._left, stop)
