# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import time

from geometry_msgs.msg import Twist, TwistStamped
import pytest

from echo_depth_ros.nodes.conversions import velocity_from_msg
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.velocity_output import VelocityOutput

PATIENCE = 0.25


class Driver(ManagedNode):
    """A node that does nothing but command."""

    def __init__(self, **kwargs):
        super().__init__('driver', **kwargs)
        self.declare('stamped', True, 'As it says', read_only=True)
        self.output = VelocityOutput(self, self.value('stamped'))

    def activate(self):
        self.output.start('base_link', PATIENCE)

    def deactivate(self):
        self.output.close(zeros=False)


@pytest.fixture(params=[True, False], ids=['stamped', 'unstamped'])
def driver(request, bench):
    """Start one; return its output and the list of what it has sent."""
    sent = []
    bench.node.create_subscription(
        TwistStamped if request.param else Twist, 'cmd_vel',
        lambda msg: sent.append(velocity_from_msg(msg)), 50)
    node = bench.start(Driver, stamped=request.param)
    assert bench.matched(node, 'cmd_vel')
    return node.output, sent


def test_a_command_goes_out_as_it_is(bench, driver):
    output, sent = driver
    assert output.send(0.2, -0.1, time.monotonic())
    assert bench.until(lambda: sent == [(0.2, -0.1)])


def test_a_command_of_the_past_goes_out_as_zero(bench, driver):
    output, sent = driver
    assert not output.send(0.2, 0.0, time.monotonic() - 2 * PATIENCE)
    assert bench.until(lambda: sent == [(0.0, 0.0)])


def test_zero_of_the_past_is_still_zero(bench, driver):
    output, sent = driver
    assert output.send(0.0, 0.0, time.monotonic() - 2 * PATIENCE)
    assert bench.until(lambda: sent == [(0.0, 0.0)])


@pytest.mark.parametrize('command', [(0.2, 0.0), (0.0, 0.3), (-0.1, 0.0)])
def test_a_command_that_nobody_renews_ends_in_one_zero(bench, driver, command):
    output, sent = driver
    output.send(*command, time.monotonic())
    assert not output.has_tripped()
    assert bench.until(lambda: sent == [command, (0.0, 0.0)])
    bench.spin(2 * PATIENCE)
    assert sent == [command, (0.0, 0.0)] and output.trips == 1
    assert output.has_tripped() and not output.has_tripped()


def test_a_robot_that_was_told_to_stand_is_told_nothing_more(bench, driver):
    output, sent = driver
    output.send(0.0, 0.0, time.monotonic())
    bench.spin(3 * PATIENCE)
    assert sent == [(0.0, 0.0)] and output.trips == 0


def test_zeros_at_the_end(bench, driver):
    output, sent = driver
    output.send(0.2, 0.0, time.monotonic())
    output.close(zeros=True)
    assert bench.until(lambda: len(sent) >= 2 and sent[-1] == (0.0, 0.0))
    bench.spin(2 * PATIENCE)
    assert sent[-1] == (0.0, 0.0) and output.trips == 0
