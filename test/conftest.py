# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Sound servers for tests with real PortAudio streams, and a place for what launching writes.

PortAudio reads its environment when it is loaded, so open streams in child processes only: they
inherit the variables that these fixtures set.
"""

import tempfile

import pytest

from echo_depth_ros.bench import jack, pulse


@pytest.fixture
def jack_server(monkeypatch):
    """Run a JACK server for one test; the processes it starts find this one only."""
    if reason := jack.missing():
        pytest.skip(reason)
    with jack.JackServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def jack_room(jack_server):
    """Run a room without noise, the device ``room`` on a JACK server of its own."""
    from echo_depth_ros.bench.room import RoomClient
    with RoomClient(jack_server) as room:
        yield room


@pytest.fixture
def pulse_server(monkeypatch):
    """Run a PulseAudio server for one test; the processes it starts find this one only."""
    if reason := pulse.missing():
        pytest.skip(reason)
    with pulse.PulseServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def folder_for_parameters(tmp_path, monkeypatch):
    """Keep the files that launch_ros writes parameters into, and never removes, out of /tmp."""
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
