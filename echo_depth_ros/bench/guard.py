# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Ends what a bench started, however the bench itself ended.

A process of its own, which is told over its standard input what to look after. When that ends,
because the bench closed it or was killed, it kills those processes and removes those folders.
Standard library only: it must start at once.
"""

from contextlib import suppress
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time
from typing import Optional

from echo_depth_ros.bench import jack_traces

ROOT = Path(__file__).resolve().parents[2]


def birth(pid: int) -> Optional[int]:
    """Moment at which a process was started, in ticks of the kernel; None if it is no more."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return None
    return None if fields[0] in 'ZX' else int(fields[19])


def module_environment(extra: dict[str, str]) -> dict[str, str]:
    """Environment in which ``python -m`` finds this package, wherever it was imported from."""
    path = os.environ.get('PYTHONPATH')
    return {**os.environ, 'PYTHONPATH': f'{ROOT}{os.pathsep}{path}' if path else str(ROOT),
            **extra}


class Guard:
    """The bench's end of a guard process."""

    def __init__(self):
        # A session of its own, so that Ctrl-C in the terminal reaches the bench only.
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'echo_depth_ros.bench.guard'], stdin=subprocess.PIPE,
            start_new_session=True, env=module_environment({}))

    def folder(self, path: Path) -> None:
        """Remove this folder at the end."""
        self._tell(folder=str(path))

    def process(self, pid: int) -> None:
        """Kill this process at the end, if it still is the one that it is now."""
        self._tell(pid=pid, birth=birth(pid))

    def jack_server(self, name: str, pid: int) -> None:
        """Likewise, and remove what a JACK server of that name leaves in shared memory."""
        self._tell(jack=name, segments=jack_traces.segments_of(pid))
        self.process(pid)

    def close(self) -> None:
        """Clean up now, and return when it is done."""
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(timeout=20)

    def _tell(self, **what) -> None:
        self._process.stdin.write(json.dumps(what).encode() + b'\n')
        self._process.stdin.flush()


def main() -> None:
    """Listen until the bench ends, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    told = [json.loads(line) for line in sys.stdin.buffer]
    alive = {(item['pid'], item['birth']) for item in told if 'pid' in item}
    segments = [tuple(segment) for item in told for segment in item.get('segments', ())]
    for pid, born in alive:
        if born is not None and birth(pid) == born:
            segments += jack_traces.segments_of(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    patience = time.monotonic() + 5
    while time.monotonic() < patience and any(
            born is not None and birth(pid) == born for pid, born in alive):
        time.sleep(0.005)
    names = {item['jack'] for item in told if 'jack' in item}
    if names:
        jack_traces.remove(names, segments)
    for item in told:
        if 'folder' in item:
            shutil.rmtree(item['folder'], ignore_errors=True)


if __name__ == '__main__':
    main()
