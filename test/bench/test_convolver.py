# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolution block by block must be what convolution of the whole is."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.signal import convolve

from echo_depth_ros.bench.convolver import LiveConvolver, LONGEST, Response

BLOCK, QUIET = 64, 20


def run(stream, choose):
    """Put a stream through in blocks; return what is heard and where sounds began."""
    convolver = LiveConvolver(BLOCK, QUIET)
    heard, begun = [], []
    for at in range(0, len(stream), BLOCK):
        block, starts = convolver.process(
            stream[at:at + BLOCK], lambda index, at=at: choose(at + index))
        heard.append(block)
        begun += [at + start for start in starts]
    return np.concatenate(heard, axis=1), begun


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 700), st.lists(
    st.tuples(st.integers(QUIET, 300), st.integers(1, 150)), min_size=1, max_size=6))
def test_each_sound_goes_whole_through_its_own_response(seed, length, sounds):
    rng = np.random.default_rng(seed)
    stream = np.zeros(0, np.float32)
    onsets, responses, pieces = [], [], []
    for silence, duration in sounds:
        piece = rng.uniform(0.1, 1, duration).astype(np.float32)
        onsets.append(len(stream) + silence)
        pieces.append(piece)
        responses.append(rng.standard_normal((2, length)).astype(np.float32))
        stream = np.concatenate([stream, np.zeros(silence, np.float32), piece])
    stream = np.concatenate([stream, np.zeros(length, np.float32)])
    expected = np.zeros((2, len(stream)))
    for onset, piece, response in zip(onsets, pieces, responses):
        expected[:, onset:onset + len(piece) + length - 1] += convolve(
            response, piece[None].astype(float))
    heard, begun = run(
        stream, lambda onset: Response.of(responses[onsets.index(onset)], BLOCK))
    assert begun == onsets
    np.testing.assert_allclose(heard, expected, atol=1e-6 * max(1, np.abs(expected).max()))


def test_shorter_silence_is_part_of_a_sound():
    stream = np.zeros(10 * BLOCK, np.float32)
    stream[[100, 100 + QUIET, 300]] = 1
    _, begun = run(stream, lambda onset: None)
    assert begun == [100, 300]


def test_nothing_is_heard_before_there_is_a_response():
    heard, begun = run(np.ones(3 * BLOCK, np.float32), lambda onset: None)
    assert begun == [0]
    assert not heard.any()


@pytest.mark.parametrize('wrong', [
    np.zeros((1, 5)), np.zeros((2, 0)), np.zeros(5), np.zeros((2, LONGEST + 1)),
    np.full((2, 5), np.nan),
])
def test_refuses_what_is_no_response(wrong):
    with pytest.raises(ValueError, match='expected \\(2, n\\)'):
        Response.of(wrong, BLOCK)
