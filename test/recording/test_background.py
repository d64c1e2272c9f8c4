# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from threading import Event
from types import SimpleNamespace

from echo_depth_ros.recording.background import BackgroundIntake
from echo_depth_ros.recording.errors import DiskFullError
from echo_depth_ros.recording.tally import Tally


class Slow:
    """An intake whose disk hangs until it is let go."""

    def __init__(self, error=None):
        self.tally, self.taken, self.go, self.busy = Tally(), [], Event(), Event()
        self.error = error

    def take(self, arrived):
        self.busy.set()
        self.go.wait(10)
        if self.error:
            raise self.error
        self.taken.append(arrived)


def test_a_slow_disk_never_blocks_and_what_it_costs_is_counted():
    intake = Slow()
    background = BackgroundIntake(intake, capacity=2)
    assert background.offer(0)
    assert intake.busy.wait(5)
    assert [background.offer(number) for number in (1, 2, 3)] == [True, True, False]
    assert intake.tally.dropped == 1
    intake.go.set()
    background.close()
    assert intake.taken == [0, 1, 2] and background.error is None
    background.close()


def test_an_error_ends_it_and_is_told():
    intake = Slow(DiskFullError('full'))
    intake.go.set()
    background = BackgroundIntake(intake)
    background.offer(SimpleNamespace())
    background.close()
    assert str(background.error) == 'full'
