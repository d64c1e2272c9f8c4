# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge ping after ping, and keep count of what was wrong with them."""

from collections import Counter
import math
from typing import Optional, Union

import numpy as np

from echo_depth_ros.acoustics.foreign import ForeignWatch
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.quality import assess, foreign_problem, Problem


class PingJudge:
    """
    Says what is wrong with each window of one robot, in their order.

    :ivar counts: windows by kind of problem, of :data:`quality.KINDS`.
    :ivar in_a_row: how many windows in a row had a problem.
    """

    def __init__(self, fmt: PingFormat = PingFormat(), min_snr_db: float = 0.0,
                 min_direct_level_db: Union[float, tuple[float, float]] = -math.inf):
        """
        Begin with nothing remembered.

        :param min_snr_db: least signal-to-noise ratio of a direct sound.
        :param min_direct_level_db: least level of it, in both ears or in each.
        """
        self.counts: Counter[str] = Counter()
        self.in_a_row = 0
        self._fmt, self._min_snr_db, self._least = fmt, min_snr_db, min_direct_level_db
        self._others = ForeignWatch(fmt)

    def foreign(self, window: np.ndarray) -> Optional[Problem]:
        """
        Look for somebody else's chirp in the next window; ask before :meth:`judge`.

        :param window: float array of shape ``(2, fmt.window)``, aligned.
        :returns: the problem, which counts; or None, also where samples are no numbers.
        """
        if not np.isfinite(window).all():
            return None
        found = self._others.judge(window)
        return None if found is None else self._count(foreign_problem(found, self._fmt))

    def judge(self, window: np.ndarray, snr_db: Optional[float] = None) -> Optional[Problem]:
        """
        Judge everything else about it.

        :param snr_db: of its direct sound, where it is known already.
        :returns: its first problem, which counts; or None.
        :raises WindowError: when the shape or type is wrong.
        """
        quality = assess(window, self._fmt, self._min_snr_db, snr_db,
                         min_direct_level_db=self._least, look_for_foreign=False)
        if quality.problem is None:
            self.in_a_row = 0
            return None
        return self._count(Problem(quality.kind, quality.problem))

    def _count(self, problem: Problem) -> Problem:
        self.counts[problem.kind] += 1
        self.in_a_row += 1
        return problem

    def start_over(self) -> None:
        """Forget earlier windows: the stream has a gap."""
        self._others.start_over()

