# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from echo_depth_ros.recording.pairing import Pairing

MS = 10**6


def taken(pairing, now=0):
    return [(one.stamp, {name: frame and frame.item for name, frame in one.others.items()})
            for one in pairing.settled(now)]


def test_a_window_leaves_with_its_company_as_soon_as_that_is_there():
    pairing = Pairing({'rgb': 0, 'depth': 0}, 1000 * MS)
    pairing.add('rgb', 5, 'r')
    pairing.add_window(5, 'w', 0)
    assert taken(pairing) == []
    pairing.add('depth', 5, 'd')
    assert taken(pairing) == [(5, {'rgb': 'r', 'depth': 'd'})]
    assert taken(pairing) == [] and len(pairing) == 0


def test_what_a_stream_has_gone_past_is_missing():
    pairing = Pairing({'depth': 0}, 1000 * MS)
    pairing.add_window(5, 'w', 0)
    pairing.add('depth', 85, 'd')
    assert taken(pairing) == [(5, {'depth': None})]


def test_patience_ends():
    pairing = Pairing({'depth': 0}, 1000 * MS)
    pairing.add_window(5, 'w', 100)
    assert taken(pairing, 100 + 1000 * MS) == []
    assert taken(pairing, 101 + 1000 * MS) == [(5, {'depth': None})]


def test_the_nearest_image_counts_and_the_next_one_is_waited_for():
    pairing = Pairing({'depth': 50 * MS}, 1000 * MS)
    pairing.add('depth', 70 * MS, 'before')
    pairing.add_window(100 * MS, 'w', 0)
    assert taken(pairing) == []  # a nearer one may come
    pairing.add('depth', 104 * MS, 'after')
    pairing.add('depth', 137 * MS, 'later')
    assert taken(pairing) == []
    pairing.add('depth', 171 * MS, 'much later')
    assert taken(pairing) == [(100 * MS, {'depth': 'after'})]


def test_windows_do_not_pile_up_without_a_camera():
    pairing = Pairing({'depth': 0}, 10**15)
    out = []
    for stamp in range(200):
        pairing.add_window(stamp, 'w', 0)
        out += taken(pairing)
    assert len(pairing) == 64 and [stamp for stamp, _ in out] == list(range(136))


@given(order=st.permutations([(kind, stamp) for kind in ('w', 'depth', 'rgb')
                              for stamp in (80, 160, 240)]))
def test_each_window_leaves_once_and_only_with_its_own(order):
    pairing = Pairing({'depth': 0, 'rgb': 0}, 1000 * MS)
    out = []
    for kind, stamp in order:
        if kind == 'w':
            pairing.add_window(stamp, stamp, 0)
        else:
            pairing.add(kind, stamp, stamp)
        out += taken(pairing)
    out += [(one.stamp, {name: frame and frame.item for name, frame in one.others.items()})
            for one in pairing.rest()]
    assert sorted(stamp for stamp, _ in out) == [80, 160, 240]
    assert all(item in (None, stamp) for stamp, others in out for item in others.values())
