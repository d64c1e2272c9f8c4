# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime sessions: a file opened with the execution provider that the user wants."""

import logging
from pathlib import Path
from typing import NamedTuple, Optional, Sequence

import onnxruntime as ort

from echo_depth_ros.acoustics.errors import EchoDepthError

_LOG = logging.getLogger(__name__)

_PROVIDERS = {
    'cpu': 'CPUExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'tensorrt': 'TensorrtExecutionProvider',
}
_AUTO = ('cuda', 'cpu')


class ModelError(EchoDepthError, RuntimeError):
    """A model file that cannot be loaded, or a network that does not do what it promises."""


class OpenedModel(NamedTuple):
    """
    A session, and what really runs it.

    :ivar provider: the execution provider in use.
    :ivar note: what to tell the user when that is not the one asked for; else None.
    """

    session: ort.InferenceSession
    provider: str
    note: Optional[str]


def open_session(path: Path, providers: Sequence[str] = ('auto',), threads: int = 2,
                 strict: bool = False, command: str = 'export') -> OpenedModel:
    """
    Open an ONNX file; a provider that did not start is logged.

    :param providers: of ``auto``, ``cpu``, ``cuda``, ``tensorrt`` or ONNX Runtime's own names,
        best first; ``auto`` takes CUDA where it is installed. The CPU is always last.
    :param threads: CPU threads for one inference.
    :param strict: refuse to run on another provider than the first one asked for.
    :param command: of echo-depth, which makes such files.
    :raises ModelError: fewer threads than one, the file is missing or no ONNX, the provider is
        unknown, or, if ``strict``, did not start.
    """
    if threads < 1:
        raise ModelError(f'threads is {threads}; expected 1 or more')
    wanted = _provider_names(providers)
    session = _open(path, wanted, threads, command)
    active = session.get_providers()[0]
    note = _fallback_note(wanted[0], active)
    if note and strict:
        raise ModelError(note)
    if note:
        _LOG.warning(note)
    return OpenedModel(session, active, note)


def _provider_names(providers: Sequence[str]) -> list[str]:
    """ONNX Runtime's names, best first and the CPU last."""
    available = ort.get_available_providers()
    names: list[str] = []
    for provider in providers:
        if provider == 'auto':
            names += [_PROVIDERS[p] for p in _AUTO if _PROVIDERS[p] in available]
            continue
        name = _PROVIDERS.get(provider.lower(), provider)
        if name not in ort.get_all_providers():
            raise ModelError(
                f'unknown execution provider {provider!r}; choose of auto, '
                f'{", ".join(_PROVIDERS)}, or: {", ".join(available)}')
        names.append(name)
    return list(dict.fromkeys([*names, _PROVIDERS['cpu']]))


def _open(path: Path, providers: list[str], threads: int,
          command: str) -> ort.InferenceSession:
    if not path.is_file():
        raise ModelError(
            f'model {path} does not exist; give the path of an .onnx file, or make one with '
            f'`echo-depth {command}`')
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that spin between pings would keep whole cores busy doing nothing.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    usable = [name for name in providers if name in ort.get_available_providers()]
    try:
        return ort.InferenceSession(str(path), options, providers=usable)
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise ModelError(
            f'{path} ({path.stat().st_size} bytes) cannot be loaded as an ONNX model: '
            f'{_first_line(error)}; it may be cut short or a Git LFS pointer: fetch or export '
            'it again') from error


def _fallback_note(wanted: str, active: str) -> Optional[str]:
    if wanted == active:
        return None
    installed = wanted in ort.get_available_providers()
    why = ('its libraries could not be loaded' if installed
           else 'this build of ONNX Runtime does not have it')
    return (f'{wanted} was asked for, but {active} runs the model, because {why}; for an NVIDIA '
            'GPU: pip install echo_depth_ros[gpu]')


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
