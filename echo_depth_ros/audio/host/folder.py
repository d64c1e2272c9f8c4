# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the processes that share a card meet: a folder of mapped memory, settings and locks."""

import fcntl
import hashlib
import os
from pathlib import Path
import shutil
import tempfile
import time

from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.settings import CardSettings

MEMORY, SETTINGS, CLIENTS, HOST, LOG = 'memory', 'settings.json', 'clients', 'host', 'log'
_LAYOUT = 1
"""Changes whenever programs of two versions could not share a folder."""
_SERVER = (
    'ALSA_CARD', 'ALSA_CONFIG_DIR', 'ALSA_CONFIG_PATH', 'HOME', 'JACK_DEFAULT_SERVER',
    'JACK_PROMISCUOUS_SERVER', 'PIPEWIRE_REMOTE', 'PULSE_CONFIG_PATH', 'PULSE_RUNTIME_PATH',
    'PULSE_SERVER', 'PULSE_SINK', 'PULSE_SOURCE', 'XDG_RUNTIME_DIR')
"""The environment that decides which sound server a name means."""
_PATIENCE = 3.0


def runtime_root() -> Path:
    """Return the folder under which all cards of this user have theirs."""
    name = f'echo_depth_ros-{os.getuid()}'
    chosen = os.environ.get('ECHO_DEPTH_RUNTIME_DIR')
    if chosen:
        return Path(chosen) / name
    for parent in ('/dev/shm', os.environ.get('XDG_RUNTIME_DIR')):
        if parent and os.path.isdir(parent) and os.access(parent, os.W_OK):
            return Path(parent) / name
    return Path(tempfile.gettempdir()) / name


def key(settings: CardSettings) -> str:
    """Name the card: the same for the same settings and the same sound server."""
    server = [f'{name}={os.environ.get(name, "")}' for name in _SERVER]
    text = '\n'.join([str(_LAYOUT), settings.to_json(), *server])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Lock:
    """A file lock of its own; the kernel drops it when the process ends, however it ends."""

    def __init__(self, path: Path):
        """Open the file, creating it if need be."""
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @classmethod
    def inherited(cls, path: Path, fd: int) -> 'Lock':
        """Take over the open file, and the lock on it, that a parent process has passed on."""
        lock = cls.__new__(cls)
        lock.path, lock.fd = path, fd
        return lock

    def take(self, shared: bool = False) -> bool:
        """Take the lock if it is free; say whether it was."""
        try:
            fcntl.flock(self.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let others have it."""
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def in_place(self) -> bool:
        """Whether the path still leads to this very file."""
        try:
            there = os.stat(self.path)
        except OSError:
            return False
        here = os.fstat(self.fd)
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def close(self) -> None:
        """Drop the lock."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class CardFolder:
    """
    One card's folder.

    Whoever uses it holds its ``clients`` lock, shared; so who gets that lock alone knows that
    nobody is left, and clears up. The ``clients`` file is removed last and created first: who
    finds it in its place after locking it has a folder that stays.
    """

    def __init__(self, path: Path):
        """Point at a folder, which need not exist."""
        self.path = path

    def join(self) -> Lock:
        """
        Become one of the card's clients; create the folder if need be.

        :returns: the lock that makes one a client.
        :raises AudioError: the folder cannot be had.
        """
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                self._make()
                lock = Lock(self.path / CLIENTS)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise AudioError(f'{self.path} cannot be used for the sound card: {error}; set '
                                 'ECHO_DEPTH_RUNTIME_DIR to a folder of your own') from error
            if lock.take(shared=True) and lock.in_place():
                return lock
            lock.close()
            time.sleep(0.01)
        raise AudioError(f'{self.path} could not be joined for {_PATIENCE:g} s: another process '
                         'is clearing it; end that, or remove the folder')

    def clear(self) -> None:
        """Remove it; only for who holds the ``clients`` lock alone."""
        try:
            entries = sorted(self.path.iterdir(), key=lambda entry: entry.name == CLIENTS)
            for entry in entries:
                entry.unlink(missing_ok=True)
            self.path.rmdir()
            self.path.parent.rmdir()
        except OSError:
            pass  # Somebody has already moved in, or there are other cards.

    def _make(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = os.lstat(self.path.parent)
        # /dev/shm is everybody's: a folder that somebody else has put there is a trap.
        if status.st_uid != os.getuid():
            raise PermissionError(f'{self.path.parent} belongs to another user')
        self.path.mkdir(mode=0o700, exist_ok=True)


def sweep(root: Path) -> None:
    """Remove the folders of cards whose processes were all killed."""
    for path in root.iterdir() if root.is_dir() else ():
        if not (path / CLIENTS).exists():
            continue
        try:
            clients, host = Lock(path / CLIENTS), Lock(path / HOST)
        except OSError:
            continue
        if clients.take() and host.take() and clients.in_place():
            shutil.rmtree(path, ignore_errors=True)
        clients.close()
        host.close()
