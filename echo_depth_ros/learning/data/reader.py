# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the readers of all layouts have in common: they yield samples, and what failed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Protocol

import numpy as np

SIZE = 128
"""Height and width of depth, colour and material images."""


@dataclass(frozen=True)
class Sample:
    """
    One window and what was seen at that moment.

    :ivar file: where it came from, and ``index`` in that file.
    :ivar waveform: int16 (2, window).
    :ivar depth: int16 (128, 128) mm, 0 = hole.
    :ivar rgb: uint8 (128, 128, 3) or None.
    :ivar material: uint8 (128, 128) or None.
    :ivar shape: kind of room, or place.
    :ivar direct_index: sample of the *recording* on which the direct sound was found; NaN where
        the layout promises aligned windows.
    :ivar snr_db: of the direct sound; NaN likewise.
    """

    file: Path
    index: int
    waveform: np.ndarray
    depth: np.ndarray
    rgb: np.ndarray | None = None
    material: np.ndarray | None = None
    first_range: float = math.nan
    shape: str = 'unknown'
    direct_index: float = math.nan
    snr_db: float = math.nan


@dataclass(frozen=True)
class Failure:
    """A sample, or a file of several, that cannot be used, and why."""

    name: str
    reason: str


class Reader(Protocol):
    """One layout of files, opened at one split."""

    layout: str
    root: Path
    split: str

    def files(self) -> Iterable[Path]:
        """Every file that the samples come from; missing ones may be among them."""

    def expected(self) -> int:
        """How many units (:meth:`read` items or files) the progress bar counts to."""

    def read(self) -> Iterator[Sample | Failure | None]:
        """Yield samples and failures, and None whenever one more unit is done."""
