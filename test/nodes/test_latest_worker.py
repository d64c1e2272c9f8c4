# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from threading import Event

from echo_depth_ros.nodes.latest_worker import LatestWorker


def test_the_newest_item_waits_and_older_ones_are_handed_back():
    begun, go_on, last, seen = Event(), Event(), Event(), []

    def work(item):
        seen.append(item)
        begun.set()
        assert go_on.wait(10)
        if item == 4:
            last.set()
    worker = LatestWorker(work, 'test')
    assert worker.put(1) is None
    assert begun.wait(10)
    assert (worker.put(2), worker.put(3), worker.put(4)) == (None, 2, 3)
    go_on.set()
    assert last.wait(10)
    worker.stop()
    assert seen == [1, 4]


def test_what_waits_when_it_stops_is_dropped():
    begun, go_on, seen = Event(), Event(), []

    def work(item):
        seen.append(item)
        begun.set()
        assert go_on.wait(10)
    worker = LatestWorker(work, 'test')
    worker.put('first')
    assert begun.wait(10)
    worker.put('second')
    worker._running = False
    go_on.set()
    worker.stop()
    assert seen == ['first']
