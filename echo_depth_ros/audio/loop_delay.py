# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many frames after its own frame a chirp is heard: learned once, verified with every ping."""

from collections import deque
from typing import Optional

_KEPT = 32
_AGREE = 3
_FOLLOW = 0.2
_PATIENCE = 3


class LoopDelay:
    """
    The delay from the frame of a chirp, as the chirp topic tells it, to its direct sound.

    Drivers report their latencies wrongly by milliseconds, and everything that buffers sound on
    the way adds to it, but on one stream the delay is the same to the sample until that stream is
    opened anew. So it is learned from pairs of chirps and direct sounds, wherever these were
    found, and from then on only a few samples around the expected place are searched. Two streams
    on two crystals drift apart slowly, and the delay follows.

    Pings at a steady rate leave the delay open by whole periods. That does no harm: whichever
    chirp a direct sound is taken for, the window it starts is the same, and its stamp is the time
    at which it was heard.
    """

    def __init__(self, tolerance: int, longest: int, known: Optional[float] = None,
                 shortest: Optional[int] = None):
        """
        Begin with a known delay, or with none.

        :param tolerance: samples by which a direct sound may miss its place.
        :param longest: samples that a delay is at most.
        :param shortest: samples that it is at least: two streams whose drivers report more
            latency than there is seem to hear chirps before they are played.
        """
        if not 0 < tolerance <= longest:
            raise ValueError(
                f'tolerance is {tolerance} and the longest delay {longest} samples; expected '
                '0 < tolerance <= longest')
        self.tolerance = tolerance
        self._longest = longest
        self._shortest = -tolerance if shortest is None else shortest
        self._hint = known
        self._known = known
        self._missed = 0
        self._patience = _PATIENCE
        self._chirps: deque[int] = deque(maxlen=_KEPT)
        self._arrivals: deque[float] = deque(maxlen=_KEPT)
        self.learned = 0

    @property
    def known(self) -> Optional[float]:
        """Samples, or None while it is being learned."""
        return self._known

    def chirp(self, frame: int) -> None:
        """Note a chirp, while learning."""
        self._chirps.append(frame)

    def arrival(self, frame: float) -> bool:
        """
        Note a direct sound that was found without knowing where to look.

        :param frame: on which it would have been heard, had it had no way to travel.
        :returns: whether the delay is known now.
        """
        self._arrivals.append(frame)
        best = self._most_agreed()
        if best is None:
            return False
        self._known = self._hint = best
        self._missed = 0
        self._patience = _PATIENCE
        self.learned += 1
        self._forget()
        return True

    def confirm(self, off: float) -> None:
        """Note that a direct sound was found ``off`` samples after its place."""
        self._missed = 0
        self._patience = _PATIENCE
        if self._known is not None:
            self._known += _FOLLOW * off

    def miss(self) -> bool:
        """
        Note a chirp that was not heard where it should have been.

        :returns: whether that was one too many: the delay is to be learned anew.
        """
        self._missed += 1
        if self._known is None or self._missed < self._patience:
            return False
        self._known = None
        self._missed = 0
        self._forget()
        return True

    def doubt(self) -> None:
        """
        Learn anew upon the next miss already: the stream lost frames, or was opened anew.

        Most often the delay is the same as before, and the next ping proves it.
        """
        self._patience = 1

    def _forget(self) -> None:
        self._chirps.clear()
        self._arrivals.clear()

    def _most_agreed(self) -> Optional[float]:
        """Return the delay that most direct sounds agree on; of equals that nearest to before."""
        delays = sorted(
            arrival - chirp for arrival in self._arrivals for chirp in self._chirps
            if self._shortest <= arrival - chirp <= self._longest)
        groups: list[list[float]] = []
        for delay in delays:
            if groups and delay - groups[-1][0] <= self.tolerance:
                groups[-1].append(delay)
            else:
                groups.append([delay])
        most = max(map(len, groups), default=0)
        if most < _AGREE:
            return None
        # Those at the ends of the range miss a pair or two where the rate is steady.
        enough = max(_AGREE, most - 1)
        means = [sum(group) / len(group) for group in groups if len(group) >= enough]
        before = 0.0 if self._hint is None else self._hint
        return min(means, key=lambda mean: abs(mean - before))
