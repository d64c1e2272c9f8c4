# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A ring of audio frames that remembers which ones it holds."""

from collections import deque
from threading import Condition
from typing import Optional

import numpy as np

from echo_depth_ros.audio.errors import DeviceLostError, GapError, OverrunError, ReadTimeoutError


class FrameRing:
    """
    The newest seconds of a multichannel stream, addressed by absolute frame number.

    One thread writes blocks as they come, any number of threads read any stretch that is still
    held. All memory is taken at the start; a write copies at most twice under a lock that a
    reader holds for one copy only, so it may be called from an audio callback.

    A stretch is returned whole or not at all: frames that were overwritten, lost on the way or
    not there yet raise, because an echo window with a hole in it looks like a different room.
    """

    def __init__(self, channels: int, seconds: float, sample_rate: int, start: int = 0):
        """
        Take the memory.

        :param seconds: how much is held before the oldest frame is overwritten.
        :param start: number of the first frame that will be written.
        """
        capacity = round(seconds * sample_rate)
        if channels < 1 or capacity < 1:
            raise ValueError(
                f'a ring of {channels} channels and {seconds} s at {sample_rate} Hz holds '
                'nothing; expected at least one channel and one frame')
        self._data = np.zeros((channels, capacity), np.float32)
        self._start = start
        self._end = start
        self._gaps: deque[tuple[int, int]] = deque()
        self._lost = 0
        self._closed = False
        self._changed = Condition()

    @property
    def channels(self) -> int:
        """Rows of every block."""
        return self._data.shape[0]

    @property
    def capacity(self) -> int:
        """Frames that are held at most."""
        return self._data.shape[1]

    @property
    def end_frame(self) -> int:
        """One past the newest frame."""
        return self._end

    @property
    def oldest_frame(self) -> int:
        """The oldest frame that has not been overwritten."""
        return max(self._start, self._end - self.capacity)

    @property
    def gaps(self) -> int:
        """How many gaps there were since the start."""
        return self._lost

    def write(self, block: np.ndarray, frame: Optional[int] = None) -> None:
        """
        Append a block.

        :param block: ``(channels, n)``; cast to float32.
        :param frame: number of its first frame where the source knows it. One beyond
            :attr:`end_frame` records a gap; None continues without one.
        :raises ValueError: a block of another shape.
        :raises GapError: ``frame`` lies before :attr:`end_frame`: the source counts anew, so
            call :meth:`restart`.
        """
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(
                f'audio block has shape {block.shape}; expected ({self.channels}, n)')
        with self._changed:
            if frame is not None and frame != self._end:
                self._skip_to(frame)
            count = block.shape[1]
            kept = block[:, max(0, count - self.capacity):]
            at = (self._end + count - kept.shape[1]) % self.capacity
            first = min(kept.shape[1], self.capacity - at)
            self._data[:, at:at + first] = kept[:, :first]
            self._data[:, :kept.shape[1] - first] = kept[:, first:]
            self._end += count
            while self._gaps and self._gaps[0][1] <= self.oldest_frame:
                self._gaps.popleft()
            self._changed.notify_all()

    def read(self, start: int, count: int, timeout: float = 0.0) -> np.ndarray:
        """
        Copy frames ``start ... start + count - 1`` out, waiting for them if need be.

        :param timeout: longest wait in seconds.
        :returns: float32 ``(channels, count)``.
        :raises ValueError: a stretch that the ring could never hold.
        :raises OverrunError: it begins before the oldest frame that is held.
        :raises GapError: a gap lies inside it.
        :raises ReadTimeoutError: its last frame did not arrive in time.
        :raises DeviceLostError: the ring was closed.
        """
        if not 0 < count <= self.capacity:
            raise ValueError(
                f'{count} frames cannot be read at once from a ring of {self.capacity}')
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._end >= start + count or
                start < self.oldest_frame or self._gap_in(start, count) is not None, timeout)
            self._require(start, count)
            at = start % self.capacity
            first = min(count, self.capacity - at)
            out = np.empty((self.channels, count), np.float32)
            out[:, :first] = self._data[:, at:at + first]
            out[:, first:] = self._data[:, :count - first]
            return out

    def restart(self, frame: int) -> None:
        """Forget everything and go on at ``frame``: the source counts anew."""
        with self._changed:
            self._start = self._end = frame
            self._gaps.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Wake every reader with :class:`DeviceLostError`, now and from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _skip_to(self, frame: int) -> None:
        if frame < self._end:
            raise GapError(
                f'audio block begins at frame {frame}, but frame {self._end} comes next: the '
                'source has started to count anew')
        self._gaps.append((self._end, frame))
        self._lost += 1
        self._end = frame

    def _gap_in(self, start: int, count: int) -> Optional[tuple[int, int]]:
        return next((g for g in self._gaps if g[0] < start + count and start < g[1]), None)

    def _require(self, start: int, count: int) -> None:
        if self._closed:
            raise DeviceLostError('the audio stream has been closed')
        if start < self.oldest_frame:
            raise OverrunError(
                f'frame {start} was asked for, but the oldest one held is {self.oldest_frame}: '
                f'the reader is {self.oldest_frame - start} frames too late')
        gap = self._gap_in(start, count)
        if gap is not None:
            raise GapError(
                f'frames {gap[0]} to {gap[1] - 1} were lost, and frames {start} to '
                f'{start + count - 1} were asked for; go on at frame {gap[1]}')
        if self._end < start + count:
            raise ReadTimeoutError(
                f'frames {start} to {start + count - 1} were asked for, but the newest one is '
                f'{self._end - 1}')
