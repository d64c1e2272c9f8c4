# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a JACK server leaves in /dev/shm, and how to remove ours without touching another's.

All servers of a machine share a registry, all those of a user a metadata base, and their memory
segments are numbered across servers. A server that is asked to end removes the metadata base
even if others use it; a killed one removes nothing. So the bench kills its servers and removes
here what was theirs alone, and what is shared when nobody uses it. Standard library only.
"""

from contextlib import contextmanager, suppress
import fcntl
import os
from pathlib import Path
import re
import shutil
from typing import Iterable, Iterator

SHARED = Path('/dev/shm')
REGISTRY = SHARED / 'jack-shm-registry'

Segment = tuple[str, int]
"""Path and inode of a piece of shared memory: paths are used again by other servers."""


@contextmanager
def start_or_end() -> Iterator[None]:
    """Hold while a server of the bench starts or its traces are removed, one at a time."""
    descriptor = os.open(SHARED, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def socket_of(name: str) -> Path:
    """Where clients reach the server of that name."""
    return SHARED / f'jack_{name}_{os.getuid()}_0'


def segments_of(pid: int) -> list[Segment]:
    """Memory segments of JACK that a process has mapped; none if it is no more."""
    found = set()
    with suppress(OSError):
        for line in Path(f'/proc/{pid}/maps').read_text().splitlines():
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and re.fullmatch(r'/dev/shm/jack-\d+-\d+', fields[5]):
                found.add((fields[5], int(fields[4])))
    return sorted(found)


def remove(names: Iterable[str], segments: Iterable[Segment]) -> None:
    """Remove what ended servers of these names, and with these segments, have left."""
    if not SHARED.is_dir():
        return
    with start_or_end():
        for path, inode in segments:
            with suppress(OSError):
                if os.stat(path).st_ino == inode:
                    os.unlink(path)
        for name in names:
            _unregister(name)
            for path in (*SHARED.glob(f'jack_{name}_*'),
                         *SHARED.glob(f'jack_sem.{os.getuid()}_{name}_*')):
                with suppress(OSError):
                    path.unlink()
        _remove_shared()


def _unregister(name: str) -> None:
    # The registry has eight entries for servers, and JACK itself frees that of a killed one only
    # for a server of the same name. An entry is the process id and then 'jack-<user>:<name>:'.
    with suppress(OSError), open(REGISTRY, 'r+b') as registry:
        content = registry.read()
        found = re.search(rb'jack-\d+:' + re.escape(name.encode()) + rb':\0', content)
        if found and found.start() >= 4:
            registry.seek(found.start() - 4)
            registry.write(bytes(4))


def _remove_shared() -> None:
    # JACK makes both anew when they are missing.
    metadata = SHARED / f'jack_db-{os.getuid()}'
    used = _mapped()
    if not any(path.startswith(f'{metadata}/') for path in used):
        shutil.rmtree(metadata, ignore_errors=True)
    others = any(re.fullmatch(r'jack-\d+-\d+|jack_(?!db-).*', path.name)
                 for path in SHARED.iterdir())
    with suppress(OSError):
        if not others and str(REGISTRY) not in used and REGISTRY.stat().st_uid == os.getuid():
            REGISTRY.unlink()


def _mapped() -> set[str]:
    """Paths below /dev/shm that any process has mapped which we may look into."""
    paths = set()
    for maps in Path('/proc').glob('[0-9]*/maps'):
        with suppress(OSError):
            for line in maps.read_text().splitlines():
                fields = line.split(maxsplit=5)
                if len(fields) == 6 and fields[5].startswith('/dev/shm/jack'):
                    paths.add(fields[5])
    return paths
