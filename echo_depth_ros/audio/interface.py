# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The two devices that the rest of the package knows: a speaker and a pair of ears.

The simulated air and a real sound card stand behind the same two protocols, so a node never
knows which of them it talks to. What both must keep:

* **One frame counter.** Speaker and microphones of one device count frames (sample instants,
  one per channel) on the same absolute counter, which starts anywhere, never jumps and never
  restarts while the device is open. Frames that were lost still count. Chirps and echoes are
  aligned on this counter, never on clocks: 1 ms of clock error is 17 cm of range.
* **Stamps are for the outside world.** ``stamp`` is integer nanoseconds on the caller's clock
  (ROS time in a node) of the instant at which a frame is at the membrane: the DAC time for the
  speaker, the ADC time for the microphones.
* **Samples** are float32, full scale is +-1, row 0 is the left ear and row 1 the right.
* **Real time.** The device's own callback only copies into, or out of, preallocated memory: it
  does not allocate, log, lock for long, or call back into user code. Everything in these
  protocols runs on the caller's thread. ``play`` returns at once; ``read`` is the only call
  that blocks, and never longer than its timeout.
* **Failures are loud.** What was lost raises; silence is never substituted for missing frames.
"""

from dataclasses import dataclass
from typing import Optional, Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True)
class Played:
    """
    A sound that has been handed to the speaker.

    :ivar frame: frame on which the first sample leaves the speaker.
    :ivar stamp: the same instant in nanoseconds; it lies in the future by the output latency.
    """

    frame: int
    stamp: int


@runtime_checkable
class Speaker(Protocol):
    """A loudspeaker that plays short sounds at known frames."""

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        ...

    def play(self, samples: np.ndarray, at_frame: Optional[int] = None) -> Played:
        """
        Queue a sound and return at once.

        :param samples: float32 ``(n,)``, full scale +-1; copied before the call returns.
        :param at_frame: frame of the first sample; the earliest possible one when None.
        :returns: when it will be heard; ``frame`` equals ``at_frame`` if that was given.
        :raises ValueError: samples that are not one finite row, or an ``at_frame`` that has
            passed: a chirp is never moved in silence.
        :raises DeviceLostError: the device has gone.
        """
        ...

    def close(self) -> None:
        """Stop, and free the device; calling it again does nothing."""
        ...


@runtime_checkable
class Microphones(Protocol):
    """Two ears that record without pause into a ring."""

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        ...

    @property
    def end_frame(self) -> int:
        """One past the newest frame that can be read now."""
        ...

    @property
    def overflows(self) -> int:
        """How many times the device or the transport has lost frames since it was opened."""
        ...

    def read(self, start_frame: int, count: int, timeout: float) -> np.ndarray:
        """
        Wait for frames ``start_frame ... start_frame + count - 1`` and copy them out.

        :param timeout: longest wait in seconds; 0 never blocks.
        :returns: float32 ``(2, count)``, owned by the caller.
        :raises ReadTimeoutError: not all of them arrived in time; ask again for the same frames.
        :raises OverrunError: the first of them has been overwritten; go on at a later frame.
        :raises GapError: some of them were lost; go on behind the gap.
        :raises DeviceLostError: the device has gone; open it anew.
        """
        ...

    def stamp(self, frame: int) -> int:
        """Nanoseconds on the caller's clock at which ``frame`` was at the ears."""
        ...

    def close(self) -> None:
        """Stop, wake a blocked reader, and free the device; calling it again does nothing."""
        ...
