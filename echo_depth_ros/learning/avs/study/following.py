# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether the moment that a network listens to moves as the robot drives at a wall."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata
import torch

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.study.echo_time import AHEAD, Listened, METHODS
from echo_depth_ros.learning.avs.study.kept import Kept, MAX_DEPTH, TestSet
from echo_depth_ros.learning.data import EchoSplit

TRAINED, SHUFFLED, FRESH = 'trained', 'echoes of other places', 'fresh weights'
CONTROLS = (SHUFFLED, FRESH)
"""What a check must fail on: the echoes belong to other images; nothing was learned."""


@dataclass(frozen=True)
class Followed:
    """
    How well the attended range follows the true one.

    :ivar method: of asking, see :data:`~.echo_time.METHODS`.
    :ivar network: :data:`TRAINED` or one of :data:`CONTROLS`.
    :ivar measure: of what is listened to, see :func:`attended`.
    :ivar pearson: correlation, and ``spearman`` that of ranks; NaN where there is none.
    :ivar slope: metres of attended range to a metre of true range.
    :ivar within: mean Spearman correlation within a room, over rooms: rooms differ in more than
        their distances.
    :ivar images: that were counted; the others owe nothing to any moment.
    """

    method: str
    network: str
    measure: str
    pearson: float
    spearman: float
    slope: float
    within: float
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON, which has no NaN."""
        return {name: None if isinstance(value, float) and np.isnan(value) else value
                for name, value in asdict(self).items()}


def true_ranges(test: TestSet) -> np.ndarray:
    """Median true depth straight ahead (N,), metres; NaN where it is not known."""
    side = test.truth.shape[1]
    low, high = int(AHEAD[0] * side), int(AHEAD[1] * side)
    ahead = test.truth[:, low:high, low:high].reshape(len(test), -1)
    known = np.where((ahead > 0) & (ahead < MAX_DEPTH), ahead, np.nan)
    enough = np.isfinite(known).mean(1) > 0.5
    return np.where(enough, np.nanmedian(np.where(enough[:, None], known, 1.0), axis=1), np.nan)


def attended(listened: Listened, fmt: PingFormat = PingFormat()) -> dict[str, np.ndarray]:
    """
    Range (N,) that a network listens to, metres, by measure; NaN where it listens to nothing.

    The measures are the 'centroid' and the 'peak' of a profile, and the 'peak above usual', of
    what an image's profile, its sum being 1, has more than the mean of all: some moments, such as
    that of the floor's echo, are listened to wherever the robot is. The direct sound is left out:
    its echoes would be nearer than the chirp is long.
    """
    late = listened.ranges > fmt.samples_to_range(fmt.chirp_samples)
    weight, ranges = listened.profile[:, late].astype(float), listened.ranges[late]
    total = weight.sum(1, keepdims=True)
    something = total[:, 0] > 0
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    usual = share[something].mean(0) if something.any() else 0.0
    return {name: np.where(something, values, np.nan) for name, values in {
        'centroid': share @ ranges, 'peak': ranges[share.argmax(1)],
        'peak above usual': ranges[(share - usual).argmax(1)]}.items()}


def followed(said: np.ndarray, true: np.ndarray, rooms: Sequence, method: str = '',
             network: str = TRAINED, measure: str = '') -> Followed:
    """
    Compare attended ranges (N,) with true ones.

    :param rooms: (N,) that tell rooms apart.
    """
    known = np.isfinite(said) & np.isfinite(true)
    said, true, rooms = said[known], true[known], np.asarray(rooms)[known]
    within = [_correlation(rankdata(said[rooms == room]), rankdata(true[rooms == room]))
              for room in np.unique(rooms)]
    within = [value for value in within if np.isfinite(value)]
    slope = float(np.polyfit(true, said, 1)[0]) if len(set(true)) > 1 else float('nan')
    return Followed(method, network, measure, _correlation(said, true),
                    _correlation(rankdata(said), rankdata(true)), slope,
                    float(np.mean(within)) if within else float('nan'), int(known.sum()))


def listen(kept: Kept, network: AvsNet, mark: str, test: TestSet, method: str) -> Listened:
    """Ask a network when it listens, unless that is kept; ``mark`` tells its weights."""
    def work_out() -> dict[str, np.ndarray]:
        return METHODS[method](network, test)._asdict()
    return Listened(**kept.arrays('listened', f'{method} {mark} {test.mark}', work_out))


def follow_all(kept: Kept, network: AvsNet, mark: str, test: TestSet,
               seed: int = 0) -> list[Followed]:
    """Ask the trained network and the controls, in every way."""
    rooms = [path.name for path, _ in test.split.sources]
    true, found = true_ranges(test), []
    for name, (asked, its_mark, shown) in {
            TRAINED: (network, mark, test), SHUFFLED: (network, mark, shuffled(test, seed)),
            FRESH: (fresh(network, seed), f'fresh {seed} of {mark}', test)}.items():
        for method in METHODS:
            ranges = attended(listen(kept, asked, its_mark, shown, method))
            found += [followed(values, true, rooms, method, name, measure)
                      for measure, values in ranges.items()]
    return sorted(found, key=lambda row: (list(METHODS).index(row.method), row.measure))


def shuffled(test: TestSet, seed: int = 0) -> TestSet:
    """Give every image the echoes of another."""
    order = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed))
    split = test.split
    return TestSet(f'{test.name}, {SHUFFLED}', EchoSplit(
        split.waveform[order], split.depth, split.first_range, split.shapes, split.sources,
        rgb=split.rgb, material=split.material))


def fresh(network: AvsNet, seed: int = 0) -> AvsNet:
    """Build a network of the same sizes that has learned nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AvsNet(network.config).eval()


def followed_table(rows: Sequence[Followed]) -> str:
    """Markdown: the trained network in full, the controls beside it by their correlation."""
    head = ['asked by', 'measure', 'Spearman', 'Pearson', 'slope', 'Spearman within a room',
            *(f'Spearman, {name}' for name in CONTROLS), 'images']
    lines = ['| ' + ' | '.join(head) + ' |', '|---|---|' + '---:|' * (len(head) - 2)]
    found = {(row.method, row.measure, row.network): row for row in rows}
    for row in rows:
        if row.network == TRAINED:
            controls = [found[row.method, row.measure, name].spearman for name in CONTROLS]
            lines.append('| ' + ' | '.join([row.method, row.measure, *(
                '–' if np.isnan(value) else f'{value:+.2f}' for value in (
                    row.spearman, row.pearson, row.slope, row.within, *controls)),
                str(row.images)]) + ' |')
    return '\n'.join(lines)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 3 or np.std(one) == 0 or np.std(other) == 0:
        return float('nan')
    return float(np.corrcoef(one, other)[0, 1])
