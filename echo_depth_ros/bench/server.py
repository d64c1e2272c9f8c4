# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the sound servers of the bench have in common: they are ours, and nothing of them stays."""

from abc import ABC, abstractmethod
from pathlib import Path
import signal
import subprocess
import tempfile
import time
from typing import Callable, Mapping, Optional

from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.guard import Guard, module_environment


class Server(ABC):
    """
    A sound server under a name and in a folder of its own.

    Use it as a context manager. Its process, files and shared memory go when it is closed, and
    likewise when the process that made it is killed.

    :ivar name: unlike that of any other server.
    :ivar folder: for its logs and files; removed at the end.
    :ivar environment: variables with which programs find this server, and no other sound card.
    """

    patience = 5.0
    """Seconds that the server may take to start."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='echo-depth-bench-'))
        self.name = self.folder.name
        self.environment: dict[str, str] = {}
        self._process: Optional[subprocess.Popen] = None
        self.guard = Guard()
        self.guard.folder(self.folder)

    @property
    def pid(self) -> int:
        """Process id of the server; 0 if it does not run."""
        return self._process.pid if self.running else 0

    @property
    def running(self) -> bool:
        """Whether the process exists, paused or not."""
        return self._process is not None and self._process.poll() is None

    @abstractmethod
    def start(self) -> None:
        """
        Start it, and return when it takes clients; does nothing when it runs.

        :raises BenchError: it ended, or was not ready in time; with what it said.
        """

    def kill(self) -> None:
        """End it as a crash would: at once, and without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    stop = kill

    def pause(self) -> None:
        """Let it hang: it neither runs nor ends."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, and remove all traces of it; calling it again does nothing."""
        self.kill()
        self.guard.close()

    def spawn(self, command: list[str], log: str, environment: Mapping[str, str],
              **options) -> subprocess.Popen:
        """Start a process of the bench that writes what it says to ``folder / log``."""
        with open(self.folder / log, 'ab') as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True,
                env=module_environment(dict(environment)),
                **{'stdin': subprocess.DEVNULL, **options})
        self.guard.process(process.pid)
        return process

    def await_ready(self, process: subprocess.Popen, what: str, log: str,
                    ready: Callable[[], bool]) -> None:
        """
        Wait until a process that was spawned is ready.

        :raises BenchError: it ended before, or took too long; it has ended then.
        """
        patience = time.monotonic() + self.patience
        while not ready():
            if process.poll() is None and time.monotonic() < patience:
                time.sleep(0.005)
                continue
            happened = (f'was not ready after {self.patience:g} s' if process.poll() is None
                        else f'ended with status {process.poll()}')
            process.kill()
            process.wait()
            said = (self.folder / log).read_text(errors='replace').strip()
            raise BenchError(f'{what} {happened}; it said: {said[-2000:] or "nothing"}')

    def _signal(self, number: signal.Signals) -> None:
        if not self.running:
            raise BenchError(f'{self.name} does not run; start it first')
        self._process.send_signal(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
