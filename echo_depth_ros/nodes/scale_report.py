# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the scale node tells about itself: its figures, and what is wrong."""

from collections import Counter
from typing import Any, Optional

from echo_depth_ros.nodes.avs_source import AvsSource
from echo_depth_ros.nodes.health import Recent
from echo_depth_ros.perception.metric_sources import AVS_NET, ECHO, MetricSources
from echo_depth_ros.perception.scaling import LastScale, ScaleFilter

SCALED, BLANK, DARK, FLAT = 'scaled images', 'blank images', 'dark images', 'flat images'
REFUSED, DISAGREED, UNSURE = (
    'refused images', 'rejected: disagreement', 'pairs without confidence')
ECHOES = 'echo depths'
UNREAD = 'relative_depth: '
"""How the reason begins where a relative image cannot be read."""
COUNTS = SCALED, BLANK, DARK, FLAT, REFUSED, DISAGREED, UNSURE, ECHOES


class ScaleReport:
    """
    Counts, and words for what is missing.

    :ivar counts: by the names of :data:`COUNTS`.
    :ivar dark: whether the last relative image held nothing, and ``flat`` whether but one depth.
    :ivar source: of the last scale.
    """

    def __init__(self) -> None:
        """Count from zero."""
        self.counts: Counter[str] = Counter()
        self.dark = self.flat = False
        self.spread = self.agreement = float('nan')
        self.last_refusal = ''
        self.source = 'none'
        self.images, self.echoes, self.pairs = Recent(), Recent(), Recent()
        self._unread = Recent()

    def refuse(self, reason: str, now: int) -> None:
        """Note why an image, or a pair of them, gives no scale."""
        self.counts[REFUSED] += 1
        self.last_refusal = reason
        if reason.startswith(UNREAD):
            self._unread.add(0.0, now / 1e9)

    def values(self, keeper: LastScale, sources: MetricSources, image: int,
               now: int) -> dict[str, Any]:
        """
        Return the figures by the names that diagnostics give them.

        :param image: stamp of the last relative image, which the scale is for.
        """
        scaling = keeper.at(image)
        values = {
            **{name: self.counts[name] for name in COUNTS},
            'last refusal': self.last_refusal, 'source': self.source,
            'scale': scaling.scale, 'shift': scaling.shift,
            'scale uncertainty': scaling.uncertainty, 'agreement': self.agreement,
            'scale age s': keeper.age(image), 'relative spread': self.spread,
            'relative rate': self.images.rate(now / 1e9),
            'echo rate': self.echoes.rate(now / 1e9)}
        if sources.mode not in (AVS_NET, ECHO):
            values.update({'sources disagreed': sources.disagreed,
                           'source ratio': sources.ratio})
        if isinstance(keeper, ScaleFilter):
            values.update({'rejected: outlier': keeper.outliers, 'scale steps': keeper.steps,
                           'scale restarts': keeper.restarts})
        return values

    def problem(self, keeper: LastScale, sources: MetricSources, avs: Optional[AvsSource],
                newest_image: Optional[int], now: int) -> str:
        """Why there is no metric depth, or less of it; empty where all is well."""
        if not self.images.rate(now / 1e9):
            if self._unread.rate(now / 1e9) and self.last_refusal.startswith(UNREAD):
                return self.last_refusal
            return ('no image comes on relative_depth: start the vision network, or remap '
                    'relative_depth to its topic')
        if self.dark:
            return 'relative_depth holds no depth at all: it is dark, or the network fails'
        if self.flat:
            return ('relative_depth is flat: all its pixels hold about the same, as of a network '
                    'in the dark; metric_depth is all NaN (min_relative_spread)')
        missing = self._no_metric(sources, avs, now)
        if missing:
            return missing
        # By the images' time: they may be late, or of a bag, and then "now" is another time.
        if abs(keeper.age(now if newest_image is None else newest_image)) > keeper.max_age:
            return self._no_scale(sources, newest_image, now)
        if avs is not None and sources.mode not in (AVS_NET, ECHO):
            if avs.problem() and self.source == ECHO:
                return f'scaled by echoes alone: {avs.problem()}'
            if self.source == ECHO and sources.apart:
                return (f'scaled by echoes: avs_net says {sources.ratio:.2g} times as much as '
                        'they do (max_source_ratio); a mirror, glass, or another look than it was '
                        'trained on')
        return ''

    def _no_metric(self, sources: MetricSources, avs: Optional[AvsSource], now: int) -> str:
        by_avs = avs is not None and avs.at_work
        if sources.mode == AVS_NET:
            return '' if by_avs else f'no depth by avs_net: {avs.problem()}'
        if self.echoes.rate(now / 1e9) or by_avs:
            return ''
        return 'no echo depth comes on depth/image: without it metric_depth is all NaN'

    def _no_scale(self, sources: MetricSources, newest_image: Optional[int], now: int) -> str:
        if not self.pairs.rate(now / 1e9) and None not in (newest_image, sources.newest):
            apart = (newest_image - sources.newest) / 1e6
            return ('no recent scale: no image is within sync_tolerance of an echo depth; the '
                    f'newest ones are stamped {apart:.0f} ms apart')
        reason = self.last_refusal or 'pings come more seldom than max_scale_age'
        return f'no recent scale: metric_depth is all NaN; {reason}'
