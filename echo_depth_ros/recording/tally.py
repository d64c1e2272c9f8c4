# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What has come, what was kept, what was not and why; and a line that says so."""

from collections import Counter, deque
import math
import time

import numpy as np

_RECENT = 30
_BAR = '▁▂▃▄▅▆▇█'
_LOUD_DB = 40.0


class Tally:
    """
    Counts of one recording, and the latest levels.

    :ivar windows: that came; ``kept`` of them are samples, the others ``skipped`` by reason.
    :ivar dropped: windows besides, for which the disk was too slow.
    :ivar words: the latest full explanation of each reason.
    """

    def __init__(self) -> None:
        """Begin to count."""
        self.windows = self.kept = self.dropped = 0
        self.skipped: Counter[str] = Counter()
        self.words: dict[str, str] = {}
        self.seen: Counter[str] = Counter()
        self.began: float | None = None
        self._snr: deque[float] = deque(maxlen=_RECENT)
        self._level: deque[tuple[float, float]] = deque(maxlen=_RECENT)

    @property
    def elapsed(self) -> float:
        """Seconds since the first window."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def come(self) -> None:
        """Count a window."""
        self.windows += 1
        if self.began is None:
            self.began = time.monotonic()

    def skip(self, problem: str, reason: str) -> None:
        """Count a window that is not kept, by reason; ``problem`` says it in full."""
        self.skipped[reason] += 1
        self.words[reason] = problem

    def hear(self, snr_db: float, level_dbfs: tuple[float, float]) -> None:
        """Note how loud and clear a window is, whether it is kept or not."""
        self._snr.append(snr_db)
        self._level.append(level_dbfs)

    def pair(self, *kinds: str) -> None:
        """Note which images came with a window."""
        self.seen.update(kinds)

    def reasons(self) -> str:
        """Say why windows were skipped, the most frequent reason first."""
        return ', '.join(f'{reason} {count}' for reason, count in self.skipped.most_common())

    def meter(self) -> str:
        """Draw the direct sound's signal-to-noise ratio and say each ear's level."""
        if not self._snr:
            return 'no sound yet'
        snr = float(np.median(self._snr))
        left, right = np.median(np.array(self._level), axis=0)
        height = 0 if math.isnan(snr) else min(max(snr / _LOUD_DB, 0), 1) * (len(_BAR) - 1)
        return f'SNR {snr:.0f} dB {_BAR[round(height)]} | L {left:.0f} R {right:.0f} dBFS'

    def line(self, bytes_written: int, free: int) -> str:
        """Say all of it in one line."""
        skipped = sum(self.skipped.values())
        camera = min((self.seen[kind] for kind in self.seen), default=0)
        parts = [
            f'{self.elapsed:4.0f} s',
            f'windows {self.windows}, kept {self.kept}, skipped {skipped}'
            + (f' ({self.reasons()})' if skipped else '')
            + (f', dropped {self.dropped} (disk too slow)' if self.dropped else ''),
            self.meter(),
            f'camera {camera / self.windows:.0%}' if self.windows else 'camera -',
            f'{bytes_written / 1e6 / max(self.elapsed, 1e-3):.1f} MB/s, '
            f'{free / 1e9:.0f} GB free']
        return ' | '.join(parts)
