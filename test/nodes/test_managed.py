# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rcl_interfaces.srv import DescribeParameters
from rclpy.exceptions import InvalidParameterValueException
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from echo_depth_ros.nodes.managed import ManagedNode

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class Fragile(ManagedNode):
    """A node whose transitions break on demand."""

    def __init__(self, **kwargs):
        super().__init__('fragile', **kwargs)
        self.declare('rate', 1.0, 'Rate in Hz', low=0.5, high=10.0)
        self.declare('count', 3, 'How many', low=1, high=5, live=True)
        self.declare('kind', 'a', 'What', choices=('a', 'b'))
        self.breaks = {}
        self.done = []
        self.out = self.publisher(Header, 'out')

    def _do(self, what):
        self.done.append(what)
        if what in self.breaks:
            raise self.breaks[what]

    def configure(self):
        self._do('configure')

    def activate(self):
        self._do('activate')

    def deactivate(self):
        self._do('deactivate')

    def cleanup(self):
        self._do('cleanup')


def state(node):
    return node._state_machine.current_state[1]


@pytest.mark.parametrize('error,words', [
    (ValueError('rate is 7; expected less'), 'cannot configure: rate is 7; expected less'),
    (KeyError('gone'), "cannot configure: KeyError: 'gone'")])
def test_a_failed_configure_says_why_and_can_be_tried_again(bench, error, words):
    node = bench.make(Fragile)
    node.breaks = {'configure': error}
    assert node.trigger_configure() == FAILURE
    assert state(node) == 'unconfigured' and node.problem == words
    assert node.done == ['configure', 'cleanup']
    reports = bench.collect(DiagnosticArray, '/diagnostics')
    assert bench.until(lambda: any(words == r.status[0].message for r in reports))
    node.breaks = {}
    assert node.trigger_configure() == SUCCESS and not node.problem


def test_a_failed_activate_leaves_the_node_inactive_and_closed(bench):
    node = bench.make(Fragile)
    node.trigger_configure()
    node.breaks = {'activate': OSError('no such device')}
    assert node.trigger_activate() == FAILURE
    assert state(node) == 'inactive' and not node.active
    assert node.done[-2:] == ['activate', 'deactivate']
    assert 'no such device' in node.problem


def test_the_whole_life_and_publishing_only_in_its_prime(bench):
    node = bench.make(Fragile)
    heard = bench.collect(Header, 'out')
    node.out.publish(Header(frame_id='too early'))
    node.trigger_configure()
    node.trigger_activate()
    assert bench.matched(node, 'out')
    node.out.publish(Header(frame_id='in time'))
    assert bench.until(lambda: heard)
    node.trigger_deactivate()
    node.out.publish(Header(frame_id='too late'))
    bench.spin(0.1)
    assert [h.frame_id for h in heard] == ['in time']
    node.trigger_cleanup()
    assert node.done == ['configure', 'activate', 'deactivate', 'cleanup']
    node.trigger_configure()
    node.trigger_shutdown()
    assert state(node) == 'finalized'


def test_it_starts_by_itself(bench):
    node = bench.make(Fragile, autostart=True)
    assert bench.until(lambda: node.active)


@pytest.mark.parametrize('name,value,words', [
    ('rate', 99.0, 'out of range'), ('rate', float('nan'), 'out of range'),
    ('count', 0, 'out of range'), ('kind', 'c', 'expected one of a, b'),
    ('rate', 'fast', 'type')])
def test_bad_values_are_refused(bench, name, value, words):
    node = bench.make(Fragile)
    result = node.set_parameters([Parameter(name, value=value)])[0]
    assert not result.successful and words in result.reason


def test_bad_values_at_the_start_are_refused(bench):
    with pytest.raises(InvalidParameterValueException, match='Min: 0.5, Max: 10.0, value: 99.0'):
        bench.make(Fragile, rate=99.0)


def test_what_is_read_on_configure_cannot_change_afterwards(bench):
    node = bench.make(Fragile)
    assert node.set_parameters([Parameter('rate', value=2.0)])[0].successful
    node.trigger_configure()
    result = node.set_parameters([Parameter('rate', value=3.0)])[0]
    assert not result.successful and 'clean it up first' in result.reason
    assert node.set_parameters([Parameter('count', value=4)])[0].successful
    node.trigger_cleanup()
    assert node.set_parameters([Parameter('rate', value=3.0)])[0].successful


def test_parameters_describe_themselves(bench):
    bench.make(Fragile)
    described = bench.call(DescribeParameters, 'fragile/describe_parameters',
                           DescribeParameters.Request(names=['rate', 'kind'])).descriptors
    assert described[0].description == 'Rate in Hz'
    assert described[0].floating_point_range[0].to_value == 10.0
    assert described[1].additional_constraints == 'one of: a, b'
