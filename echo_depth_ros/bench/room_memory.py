# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a room process is told through a pipe, and the memory in which it tells what happened."""

import mmap
import os
import struct
from typing import BinaryIO, Iterator

import numpy as np

SOUNDS = 1 << 16
"""Sounds that are kept at most, an hour of twenty a second."""

HEADER = np.dtype([
    ('ready', 'i8'),       # 1 from the first block on
    ('first', 'i8'),       # frame at which the room began
    ('end', 'i8'),         # one past the newest frame in the rings
    ('sounds', 'i8'),      # how many sounds began
    ('responses', 'i8'),   # how many responses came in
    ('overruns', 'i8'),    # periods that the server did not get done in time
    ('slowest_us', 'i8'),  # longest that a block took
])
SOUND = np.dtype([('frame', 'i8'), ('response', 'i8'), ('at', 'f8')])

_HEAD = struct.Struct('<qdi')  # number, second from which on it holds, samples per ear


def pack(number: int, at: float, samples: np.ndarray) -> bytes:
    """Put an impulse response, shape (2, n), into a message."""
    return _HEAD.pack(number, at, samples.shape[1]) + samples.astype('<f4').tobytes()


def messages(source: BinaryIO) -> Iterator[tuple[int, float, np.ndarray]]:
    """Read messages until the source ends, as what :func:`pack` was given."""
    while len(head := source.read(_HEAD.size)) == _HEAD.size:
        number, at, count = _HEAD.unpack(head)
        body = source.read(8 * count)
        if len(body) < 8 * count:
            return
        yield number, at, np.frombuffer(body, '<f4').reshape(2, count)


class RoomMemory:
    """
    Anonymous memory that outlives the process which writes it, and no one else.

    Written by the room alone: data first, then the counter that says it is there.

    :ivar header: one record of :data:`HEADER`.
    :ivar sounds: records of :data:`SOUND`, number ``n`` at ``n % SOUNDS``.
    :ivar speaker: float32 (frames,), frame ``n`` at ``n % frames``.
    :ivar ears: float32 (2, frames), likewise.
    """

    def __init__(self, descriptor: int, frames: int):
        """Map the memory behind a descriptor, which this object owns from now on."""
        self.descriptor = descriptor
        self.frames = frames
        memory = mmap.mmap(descriptor, self.size(frames))
        self.header = np.ndarray((), HEADER, memory)
        at = HEADER.itemsize
        self.sounds = np.ndarray(SOUNDS, SOUND, memory, at)
        at += self.sounds.nbytes
        self.speaker = np.ndarray(frames, np.float32, memory, at)
        at += self.speaker.nbytes
        self.ears = np.ndarray((2, frames), np.float32, memory, at)

    @classmethod
    def make(cls, frames: int) -> 'RoomMemory':
        """Make memory for rings of that many frames."""
        # Not in /dev/shm, which is small in containers; the kernel frees it with its last user.
        descriptor = os.memfd_create('echo-depth-room')
        os.ftruncate(descriptor, cls.size(frames))
        return cls(descriptor, frames)

    @staticmethod
    def size(frames: int) -> int:
        """Bytes of all of it."""
        return HEADER.itemsize + SOUNDS * SOUND.itemsize + 12 * frames

    def write(self, frame: int, speaker: np.ndarray, ears: np.ndarray) -> None:
        """Put a block into the rings, its first sample being ``frame``."""
        count = len(speaker)
        at = frame % self.frames
        first = min(count, self.frames - at)
        self.speaker[at:at + first] = speaker[:first]
        self.ears[:, at:at + first] = ears[:, :first]
        if first < count:
            self.speaker[:count - first] = speaker[first:]
            self.ears[:, :count - first] = ears[:, first:]
        self.header['end'] = frame + count

    def read(self, ring: np.ndarray, start: int, count: int) -> np.ndarray:
        """
        Copy frames ``start ... start + count - 1`` of a ring out.

        :raises ValueError: they are not there yet, or have been overwritten.
        """
        def held() -> tuple[int, int]:
            end = int(self.header['end'])
            return max(int(self.header['first']), end - self.frames), end

        out = np.take(ring, np.arange(start, start + count), axis=-1, mode='wrap')
        oldest, end = held()  # after the copy: the room goes on writing
        if start < oldest or start + count > end:
            raise ValueError(f'frames {start} to {start + count - 1} were asked for, but the room '
                             f'holds {oldest} to {end - 1}')
        return out

    def close(self) -> None:
        """Close the descriptor; what is mapped stays until nobody refers to it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
