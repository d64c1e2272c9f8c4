# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import os
from threading import Timer

import pytest

from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.host import folder as module
from echo_depth_ros.audio.host.folder import (
    CardFolder,
    CLIENTS,
    HOST,
    key,
    Lock,
    runtime_root,
    sweep,
)
from echo_depth_ros.audio.settings import CardSettings


def test_the_folder_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv('ECHO_DEPTH_RUNTIME_DIR', str(tmp_path / 'new'))
    root = runtime_root()
    assert root.parent == tmp_path / 'new' and str(os.getuid()) in root.name
    CardFolder(root / 'card').join().close()
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / 'card').stat().st_mode & 0o777 == 0o700


def test_a_card_is_its_settings_and_its_server(monkeypatch):
    same = key(CardSettings())
    assert key(CardSettings()) == same
    assert key(CardSettings(block=64)) != same
    monkeypatch.setenv('JACK_DEFAULT_SERVER', 'another')
    assert key(CardSettings()) != same


def test_only_the_last_one_gets_the_clients_lock(tmp_path):
    folder = CardFolder(tmp_path / 'root' / 'card')
    first, second = folder.join(), folder.join()
    host = Lock(folder.path / CLIENTS)
    assert not host.take()
    first.close()
    assert not host.take()
    second.close()
    assert host.take()
    folder.clear()
    assert not (tmp_path / 'root').exists()


def test_a_folder_in_use_stays(tmp_path):
    folder = CardFolder(tmp_path / 'root' / 'card')
    lock = folder.join()
    assert lock.in_place()
    folder.clear()
    assert not lock.in_place()


def test_who_joins_while_it_is_cleared_gets_a_new_one(tmp_path):
    folder = CardFolder(tmp_path / 'root' / 'card')
    folder.join().close()
    last = Lock(folder.path / CLIENTS)
    assert last.take()

    def end():
        folder.clear()
        last.close()
    timer = Timer(0.1, end)
    timer.start()
    lock = folder.join()
    timer.join()
    assert lock.in_place() and (folder.path / CLIENTS).exists()


def test_a_folder_that_is_held_for_ever_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(module, '_PATIENCE', 0.1)
    folder = CardFolder(tmp_path / 'root' / 'card')
    folder.join().close()
    last = Lock(folder.path / CLIENTS)
    assert last.take()
    with pytest.raises(AudioError, match='could not be joined'):
        folder.join()


def test_a_place_that_cannot_be_used_says_what_to_do(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(AudioError, match='set ECHO_DEPTH_RUNTIME_DIR to a folder of your own'):
        CardFolder(tmp_path / 'file' / 'root' / 'card').join()


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path, monkeypatch):
    (tmp_path / 'root').mkdir()
    monkeypatch.setattr(os, 'getuid', lambda: 12345)
    with pytest.raises(AudioError, match='belongs to another user'):
        CardFolder(tmp_path / 'root' / 'card').join()


def test_what_killed_programs_left_is_swept(tmp_path):
    used, left, foreign = (tmp_path / name for name in ('used', 'left', 'foreign'))
    lock = CardFolder(used).join()
    CardFolder(left).join().close()
    (left / 'memory').write_bytes(b'x')
    foreign.mkdir()
    sweep(tmp_path)
    assert used.exists() and foreign.exists() and not left.exists()
    assert list(foreign.iterdir()) == []
    lock.close()


def test_a_host_that_still_ends_is_not_swept(tmp_path):
    CardFolder(tmp_path / 'card').join().close()
    host = Lock(tmp_path / 'card' / HOST)
    assert host.take()
    sweep(tmp_path)
    assert (tmp_path / 'card').exists()
    host.close()
