# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters that say what they mean and refuse what makes no sense."""

from dataclasses import replace
import math
from typing import Any, Optional, Sequence

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)

from echo_depth_ros.acoustics.format import PingFormat


class ParameterGuard:
    """
    Declares the parameters of one node and watches over their values.

    A parameter is read when the node is configured, and refused afterwards until it has been
    cleaned up, unless it is declared ``live``: nothing is accepted and then ignored in silence.
    """

    def __init__(self, node):
        """Watch over ``node``, which must not have declared anything yet."""
        self._node = node
        self._choices: dict[str, tuple] = {}
        self._fixed: set[str] = set()
        self.configured = False
        node.add_on_set_parameters_callback(self._check)

    def declare(self, name: str, default: Any, description: str, *,
                low: Optional[float] = None, high: Optional[float] = None,
                choices: Sequence[str] = (), live: bool = False,
                read_only: bool = False) -> None:
        """
        Declare one parameter.

        :param low: smallest and ``high`` largest value of a number, both inclusive.
        :param choices: every value that a text may have.
        :param live: whether it may change while the node is configured.
        :param read_only: it can be given at start only.
        """
        descriptor = ParameterDescriptor(description=description, read_only=read_only)
        if isinstance(default, float) and low is not None:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)]
        elif isinstance(default, int) and low is not None:
            descriptor.integer_range = [
                IntegerRange(from_value=int(low), to_value=int(high), step=1)]
        if choices:
            self._choices[name] = tuple(choices)
            descriptor.additional_constraints = 'one of: ' + ', '.join(map(str, choices))
        self._node.declare_parameter(name, default, descriptor)
        if not live and not read_only:
            self._fixed.add(name)

    def _check(self, parameters) -> SetParametersResult:
        for parameter in parameters:
            choices = self._choices.get(parameter.name)
            if choices and parameter.value not in choices:
                return SetParametersResult(successful=False, reason=(
                    f'{parameter.name} is {parameter.value!r}; expected one of '
                    f'{", ".join(choices)}'))
            if self.configured and parameter.name in self._fixed:
                return SetParametersResult(successful=False, reason=(
                    f'{parameter.name} is read when the node is configured; clean it up first, '
                    'then set it and configure again'))
        return SetParametersResult(successful=True)


def declare_ping_format(guard: ParameterGuard) -> None:
    """Declare what emitter, capture and network must agree on; defaults are BatVision's."""
    fmt = PingFormat()
    guard.declare('sample_rate', fmt.sample_rate, 'Frames per second of speaker and ears',
                  low=8000, high=192000)
    guard.declare('window', fmt.window, 'Samples of one window', low=256, high=65536)
    guard.declare('direct_index', fmt.direct_index,
                  'Sample of a window on which the direct sound begins', low=32, high=1024)
    guard.declare('chirp_duration', fmt.chirp_duration, 'Length of the sweep in seconds',
                  low=0.0005, high=0.05)
    guard.declare('chirp_start_hz', fmt.chirp_start_hz, 'Where the sweep begins, in Hz',
                  low=1.0, high=96000.0)
    guard.declare('chirp_end_hz', fmt.chirp_end_hz, 'Where the sweep ends, in Hz',
                  low=1.0, high=96000.0)
    guard.declare('ear_spacing', fmt.ear_spacing, 'Metres between the ears', low=0.01, high=1.0)
    guard.declare('direct_distance', fmt.direct_distance,
                  'Metres from the speaker to each ear', low=0.0, high=3.0)


def ping_format(node, **others) -> PingFormat:
    """
    Read back what :func:`declare_ping_format` declared.

    :raises ValueError: a sweep above half the sample rate, or longer than the window.
    """
    names = ('sample_rate', 'window', 'direct_index', 'chirp_duration', 'chirp_start_hz',
             'chirp_end_hz', 'ear_spacing', 'direct_distance')
    fmt = replace(PingFormat(), **{n: node.get_parameter(n).value for n in names}, **others)
    top = max(fmt.chirp_start_hz, fmt.chirp_end_hz)
    if top > fmt.sample_rate / 2:
        raise ValueError(
            f'the chirp reaches {top:g} Hz, but a sample rate of {fmt.sample_rate} Hz carries at '
            f'most {fmt.sample_rate / 2:g} Hz; lower chirp_end_hz or raise sample_rate')
    if fmt.direct_index + fmt.chirp_samples > fmt.window:
        raise ValueError(
            f'a window of {fmt.window} samples ends inside the chirp ({fmt.chirp_samples} samples '
            f'from sample {fmt.direct_index}); choose a longer window')
    return fmt


def declare_direct_level(guard: ParameterGuard) -> None:
    """Declare how loud the direct sound must be, from what calibration measured."""
    guard.declare('direct_level_db', [0.0, 0.0], 'Level of the direct sound at the left and the '
                  'right ear, in dB of full scale, as `echo-depth calibrate` measures it; 0.0 '
                  'where it was not measured')
    guard.declare('level_tolerance', 12.0, 'dB by which a direct sound may be weaker than '
                  'direct_level_db before its window is bad: an ear is covered, or the volume was '
                  'turned down', low=0.0, high=60.0)


def least_direct_level(node) -> tuple[float, float]:
    """
    Read back what :func:`declare_direct_level` declared.

    :returns: least level of the direct sound, left and right, in dB of full scale.
    :raises ValueError: not two levels.
    """
    levels = list(node.get_parameter('direct_level_db').value)
    if len(levels) != 2 or not all(-120 <= level <= 20 for level in levels):
        raise ValueError(
            f'direct_level_db is {levels}; expected two numbers, left and right, in dB of full '
            'scale, or 0.0 where it was not measured')
    tolerance = node.get_parameter('level_tolerance').value
    return tuple(level - tolerance if level else -math.inf for level in levels)
