# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is in a split, in figures: depth, loudness, where the direct sound is, what was skipped."""

from collections import Counter
import re

import numpy as np
import torch

from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.quality import assess, CLIPPED_FRACTION
from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.learning.data.split import EchoSplit, MAX_DEPTH_MM

_IMAGES = 2000
_WINDOWS = 200
_SEARCH = 40
"""So far from its place is the direct sound of a window looked for, in samples."""
_VARIES = re.compile(r'\S*/\S*|[\w-]+\.[a-z]{3,4}\b|[-+]?\d[\d.]*(e[-+]?\d+)?')
"""What differs from one sample to the next in a reason: paths, file names, numbers."""


def describe(split: EchoSplit, fmt: PingFormat = PingFormat()) -> dict:
    """
    Measure a split.

    Depth is of up to 2000 samples, sound of up to 200, evenly spread.

    :returns: numbers, lists and texts, as JSON knows them.
    """
    ranges = split.first_range[torch.isfinite(split.first_range)].numpy()
    return {
        'samples': len(split),
        'skipped': len(split.skipped),
        'reasons': group_reasons(split.skipped),
        'skipped_names': split.skipped,
        'notes': split.report.get('notes', []),
        'rgb': split.rgb is not None,
        'material': split.material is not None,
        'rooms': dict(Counter(split.shapes.tolist()).most_common()),
        'first_range_m': _percentiles(ranges),
        'depth': _depth(split),
        'sound': _sound(split, fmt),
        'recorded': split.report.get('alignment'),
    }


def spread(count: int, most: int) -> torch.Tensor:
    """Return up to ``most`` indices of ``count``, evenly spread."""
    return torch.linspace(0, count - 1, min(count, most)).round().long()


def group_reasons(skipped: dict[str, str]) -> list[dict]:
    """
    Put reasons that differ in their numbers and files only together.

    :returns: one {'reason', 'count', 'names'} a kind, the most frequent first; the reason is that
        of the first name, and up to three names are given.
    """
    kinds: dict[str, list[str]] = {}
    for name, reason in skipped.items():
        kinds.setdefault(_VARIES.sub('#', reason), []).append(name)
    return [{'reason': skipped[names[0]], 'count': len(names), 'names': names[:3]}
            for names in sorted(kinds.values(), key=len, reverse=True)]


def _percentiles(values: np.ndarray) -> dict[str, float] | None:
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    points = np.percentile(values, (0, 5, 50, 95, 100))
    return {name: round(float(value), 3) for name, value in zip(
        ('min', 'p5', 'median', 'p95', 'max'), points)}


def _depth(split: EchoSplit) -> dict:
    depth = split.depth[spread(len(split), _IMAGES)].numpy()
    holes = (depth == 0).mean(axis=(1, 2))
    valid = depth[depth > 0]
    return {
        'metres': _percentiles(valid / 1000),
        'holes_share': round(float(holes.mean()), 4),
        'worst_holes_share': round(float(holes.max()), 4),
        'at_limit_share': round(float((valid == MAX_DEPTH_MM).mean()), 4),
    }


def _sound(split: EchoSplit, fmt: PingFormat) -> dict:
    figures: dict[str, list[float]] = {
        'peak_dbfs': [], 'direct_index': [], 'snr_db': [], 'imbalance_db': []}
    clipped = unheard = 0
    near = (fmt.direct_index - _SEARCH, fmt.direct_index + _SEARCH)
    indices = spread(len(split), _WINDOWS)
    for window in split.batch(indices)[0].numpy():
        quality = assess(window, fmt)
        clipped += quality.clipped_fraction > CLIPPED_FRACTION
        figures['peak_dbfs'].append(20 * np.log10(max(quality.peak, 1e-5)))
        figures['imbalance_db'].append(quality.imbalance_db)
        try:
            direct = find_direct_sound(window, fmt, near)
        except (NoChirpError, WindowError):
            unheard += 1
            continue
        figures['direct_index'].append(direct.index)
        figures['snr_db'].append(direct.snr_db)
    return {'windows': len(indices), 'clipped': clipped, 'no_direct_sound': unheard,
            **{name: _percentiles(np.array(values)) for name, values in figures.items()}}
