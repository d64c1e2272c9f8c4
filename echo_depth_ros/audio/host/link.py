# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The client's side of a host: join its folder, start it, and see that it lives."""

from collections.abc import Callable
import contextlib
import os
import signal
import subprocess
import sys
from threading import Event, Thread
import time
from time import monotonic_ns
from typing import Optional

from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.host.folder import (
    CardFolder,
    HOST,
    key,
    Lock,
    LOG,
    MEMORY,
    runtime_root,
    SETTINGS,
)
from echo_depth_ros.audio.host.lanes import LANES, Player
from echo_depth_ros.audio.host.memory import Field, Memory, STREAMING, WAITING
from echo_depth_ros.audio.host.watch import REOPENING
from echo_depth_ros.audio.settings import CardSettings

HOST_COMMAND = (sys.executable, '-m', 'echo_depth_ros.audio.host')
_TICK = 0.1
_NS = 1_000_000_000
_SILENT = 1 * _NS
_START = 5 * _NS
_BACKOFF = (0, 300_000_000, 600_000_000, 1_000_000_000)
_REMIND = 5 * _NS
_ENDING = 1.5

_started: list[subprocess.Popen] = []
"""Hosts that this process has started: they may outlive every link, and are to be reaped."""


class Link:
    """
    Makes one a client of a card's host for as long as it is open.

    A thread starts the host when there is none, kills it when its heart has stopped, and tells
    the log what happened.

    :ivar memory: what is shared with the host; another object if the folder was deleted.
    """

    def __init__(self, settings: CardSettings, log: Callable[[str, str], None]):
        """
        Join, and start the host if need be; its device is not waited for.

        :raises AudioError: there is no place for the shared memory.
        """
        self._settings, self._log = settings, log
        self._folder = CardFolder(runtime_root() / key(settings))
        self._closed = Event()
        self._told: Optional[str] = None
        self._told_at = 0
        self._suspect = False
        self._player: Optional[Player] = None
        self._lane: Optional[Lock] = None
        self._lock, self.memory = self._join()
        self._tick()
        self._keeper = Thread(target=self._keep, name='sound card', daemon=True)
        self._keeper.start()

    @property
    def streaming(self) -> bool:
        """Whether sound flows."""
        words = self.memory.words
        return words[Field.STATE] == STREAMING and (
            monotonic_ns() - words[Field.CALLBACK_AT] < _SILENT // 2)

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond :meth:`close`."""
        self._closed.wait(seconds)

    def player(self) -> Player:
        """
        Return the lane in which this client plays.

        :raises AudioError: all lanes are taken, or there is no memory for them.
        """
        memory = self.memory
        if self._player is None or self._player.memory is not memory:
            number, lane = self._free_lane()
            try:
                self._player = Player(memory, number)
            except OSError as error:
                lane.close()
                raise AudioError(f'{self._folder.path} cannot hold what is played: {error}; make '
                                 'room there') from error
            if self._lane is not None:  # of a memory that somebody has deleted
                self._lane.close()
            self._lane = lane
        return self._player

    def _free_lane(self) -> tuple[int, Lock]:
        try:
            for number in range(LANES):
                lock = Lock(self._folder.path / f'lane-{number}')
                if lock.take():
                    return number, lock
                lock.close()
        except OSError as error:
            raise AudioError(f'{self._folder.path} cannot be used to play: {error}') from error
        raise AudioError(f'{LANES} programs play on this card already; end one of them')

    def reopen(self, why: str) -> None:
        """Have the device closed and opened anew."""
        self._log('warning', f'opening the sound card anew: {why}')
        self.memory.words[Field.REOPEN] += 1

    def close(self) -> None:
        """Leave; the last one to do so sees the host off. Calling it again does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._keeper.join()
        self._lock.release()
        deadline = time.monotonic() + _ENDING
        while time.monotonic() < deadline and self._lock.in_place():
            if self._lock.take():
                if not self._host_lives():
                    self._folder.clear()
                    break
                self._lock.release()  # The host will find it free.
            elif self._lock.take(shared=True):
                break  # Others go on.
            time.sleep(0.02)
        self._lock.close()
        if self._lane:
            self._lane.close()
        _reap()

    def _join(self) -> tuple[Lock, Memory]:
        lock = self._folder.join()
        try:
            making = Lock(self._folder.path / 'making')
            while not making.take():
                time.sleep(0.01)
            with contextlib.closing(making):
                path = self._folder.path
                if not (path / SETTINGS).exists():
                    (path / SETTINGS).write_text(self._settings.to_json(), 'utf-8')
                return lock, Memory(path / MEMORY, create=True)
        except OSError as error:
            lock.close()
            raise AudioError(f'{self._folder.path} cannot hold the memory of the sound card: '
                             f'{error}') from error

    def _keep(self) -> None:
        before = monotonic_ns()
        while not self._closed.wait(_TICK):
            now = monotonic_ns()
            # Who slept itself knows nothing about how long the host's heart has been still.
            if now - before < _SILENT // 2:
                try:
                    self._tick()
                except (AudioError, OSError) as error:
                    self._tell('error', str(error))
            before = now

    def _tick(self) -> None:
        _reap()
        if not self._lock.in_place():
            self._lock.close()
            self._lock, self.memory = self._join()
        lock = Lock(self._folder.path / HOST)
        try:
            if lock.take():
                self._start(lock)
            else:
                self._check()
        finally:
            lock.close()
        self._report()

    def _start(self, lock: Lock) -> None:
        words = self.memory.words
        if words[Field.PID]:  # It ended without a word.
            words[Field.PID] = 0
            self._lost_host(f'the audio host died{self._last_words()}; it is started anew')
        backoff = _BACKOFF[min(words[Field.FAILURES], len(_BACKOFF) - 1)]
        now = monotonic_ns()
        if now - words[Field.STARTED_AT] < backoff:
            return
        words[Field.STARTED_AT] = now
        words[Field.HEARTBEAT] = now + _START
        self._suspect = False
        with open(self._folder.path / LOG, 'wb') as log:
            host = subprocess.Popen(
                [*HOST_COMMAND, str(self._folder.path), str(lock.fd)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock.fd,),
                start_new_session=True)
        words[Field.PID] = host.pid
        _started.append(host)

    def _last_words(self) -> str:
        try:
            said = (self._folder.path / LOG).read_text('utf-8', 'replace')
        except OSError:
            return ''
        # Sound libraries say much about nothing; only our own faults tell why it ended.
        return f' of {said.splitlines()[-1]!r}' if 'Traceback' in said else ''

    def _lost_host(self, text: str) -> None:
        """Say for a host that cannot any more what happened to it."""
        self.memory.settle()
        self.memory.put_text('problem', text)
        self.memory.words[Field.STATE] = WAITING
        self.memory.words[Field.FAILURES] += 1

    def _check(self) -> None:
        """Kill a host that does not even beat; twice in a row, for it may just have been late."""
        words = self.memory.words
        silent = monotonic_ns() - words[Field.HEARTBEAT] > _SILENT
        if silent and self._suspect and words[Field.PID]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(words[Field.PID], signal.SIGKILL)
            words[Field.PID] = 0
            self._lost_host('the audio host did not answer for 1 s; it is started anew')
        self._suspect = silent

    def _host_lives(self) -> bool:
        lock = Lock(self._folder.path / HOST)
        try:
            return not lock.take()
        finally:
            lock.close()

    def _report(self) -> None:
        if self.streaming:
            if self._told != '':
                self._told = ''
                self._log('info', self._welcome())
            return
        problem = self.memory.text('problem')
        if problem:
            self._tell('info' if problem == REOPENING else 'warning', problem)

    def _tell(self, level: str, text: str) -> None:
        now = monotonic_ns()
        if text != self._told or now - self._told_at > _REMIND:
            self._told, self._told_at = text, now
            self._log(level, text)

    def _welcome(self) -> str:
        return f'the sound card streams at {self.memory.words[Field.RATE]} Hz'


def _reap() -> None:
    _started[:] = [host for host in _started if host.poll() is None]
