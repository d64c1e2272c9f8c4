# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Words for why a robot that follows by ear has to stand."""

from echo_depth_ros.nodes.wall_input import PingInput

_LATELY = 1_000_000_000


def why_no_ping(given: PingInput, now: int, stop_within: float) -> str:
    """
    Say what is wrong with the input.

    :param now: nanoseconds, on the clock of the stamps.
    :param stop_within: seconds for which a ping is good.
    """
    ages = given.ages(now)
    refused = given.refused_at is not None and now - given.refused_at < _LATELY
    because = given.last_refusal if refused else ''
    if ages.good_range >= stop_within:
        if not because and ages.range < stop_within:
            because = 'the range is NaN: its echoes could not be heard, see binaural_capture'
        return (f'no ping {_since(ages.good_range)}: '
                + (because or 'nothing comes on range; is depth_inference active'))
    if ages.depth >= stop_within:
        return (f'no depth {_since(ages.depth)}: '
                + (because or 'nothing comes on depth/image; is depth_inference active'))
    if given.lacks_confidence(now, stop_within):
        return ('no depth with confidence: '
                + (because or 'depth/confidence came before, and comes no more'))
    return 'depth tells too little: nearly all of it is unknown, or hardly sure'


def why_no_clip(given: PingInput, now: int, clip_seconds: float) -> str:
    """Say what is wrong with ambient sound."""
    age = given.age('near_wall', now) - clip_seconds
    refused = given.refused_at is not None and now - given.refused_at < _LATELY
    return (f'no ambient sound {_since(age)}: '
            + (given.last_refusal if refused else
               'nothing comes on near_wall; is ambient_wall active, and are chirps silent'))


def _since(seconds: float) -> str:
    return f'for {seconds:.1f} s' if seconds < float('inf') else 'yet'
