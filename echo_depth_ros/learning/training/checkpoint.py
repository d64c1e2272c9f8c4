# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: written whole or not at all, read without running what is inside."""

from collections.abc import Callable, Mapping
import hashlib
import os
from pathlib import Path
import pickle
from typing import Any

from pytorch_lightning.plugins.io import TorchCheckpointIO
import torch
from torch import nn

from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import flat
from echo_depth_ros.learning.training.zoo import build_network, sizes_of

RUN = 'echo_depth'
"""Key under which a Lightning checkpoint carries what this package adds to it."""
AVERAGE = 'average.'
"""Prefix of the averaged network's weights in a Lightning checkpoint."""

Load = Callable[[Path | str], tuple[nn.Module, dict[str, Any]]]
"""From a path to a network and what is known about it, as :func:`load_model`."""


def save_atomically(state: Any, path: Path | str) -> None:
    """
    Write with torch.save; a kill or a power cut meanwhile leaves the old file whole.

    The file is complete on disk under another name before it takes this one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
    try:
        with partial.open('wb') as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def save_model(path: Path | str, kind: str, network: nn.Module, about: Mapping[str, Any]) -> None:
    """
    Write a network's weights and what they are.

    :param kind: see :func:`~.zoo.build_network`.
    :param about: plain types: how it was trained.
    """
    # Copies in the usual layout: files do not depend on the memory format of the run.
    state = {name: value.detach().cpu().contiguous().clone()
             for name, value in network.state_dict().items()}
    save_atomically({'kind': kind, 'config': sizes_of(network), 'state': state,
                     'about': dict(about)}, path)


def load_network(path: Path | str, build: Callable[[str, Mapping[str, Any]], nn.Module],
                 command: str) -> tuple[nn.Module, dict[str, Any]]:
    """
    Network of a ``model.pt``, ``best.pt`` or ``last.ckpt``, ready to predict.

    :param build: makes it of its kind and sizes; it raises CheckpointError for another kind.
    :param command: of ``echo-depth`` that writes such files, for messages.
    :returns: the (averaged) network in eval mode, and what is known about it: ``kind``, ``step``,
        ``config`` of the run and its validation figures.
    :raises CheckpointError: the file is none of these.
    :raises FileNotFoundError: there is no such file.
    """
    state = read_checkpoint(path)
    try:
        if RUN in state:
            run = state[RUN]
            kind, sizes, about = run['kind'], run['sizes'], run['about']
            weights = {name.removeprefix(AVERAGE): value
                       for name, value in state['state_dict'].items()
                       if name.startswith(AVERAGE)}
        else:
            kind, sizes, about = state['kind'], state['config'], state['about']
            weights = state['state']
        network = build(kind, sizes)
        network.load_state_dict(weights)
    except (CheckpointError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = (f'it has no {error}' if isinstance(error, KeyError)
                  else str(error).partition('\n')[0])
        raise CheckpointError(f'{path} is no checkpoint of this release of "echo-depth '
                              f'{command}": {reason}') from error
    return network.eval(), {'kind': kind, **about}


def load_model(path: Path | str) -> tuple[nn.Module, dict[str, Any]]:
    """Network of a checkpoint of "echo-depth train", see :func:`load_network`."""
    return load_network(path, build_network, 'train')


def start_from(network: nn.Module, path: Path | str, load: Load = load_model) -> None:
    """
    Give a new network the weights of an earlier model.

    :param load: what reads models of its kind.
    :raises CheckpointError: the model is of another kind or of other sizes.
    :raises FileNotFoundError: there is no such file.
    """
    earlier, _ = load(path)
    there, here = ({'network': type(each).__name__, **flat(sizes_of(each))}
                   for each in (earlier, network))
    different = [f'{name} is {there.get(name)} there, {here.get(name)} here'
                 for name in {**there, **here} if there.get(name) != here.get(name)]
    if different:
        raise CheckpointError(f'{path} is of another network than the run: '
                              f'{"; ".join(different)}; expected the same: set the sizes to '
                              'those of the model to start from')
    network.load_state_dict(earlier.state_dict())


def digest(path: Path | str) -> str:
    """Short name of a file's contents."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:20]


def read_checkpoint(path: Path | str) -> dict[str, Any]:
    """
    Contents of a checkpoint, tensors and plain types only; nothing in it is executed.

    :raises CheckpointError: the file is no checkpoint, or holds anything else.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'no checkpoint {path}')
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError,
            AttributeError, UnicodeDecodeError, IndexError, TypeError) as error:
        reason = str(error).partition('\n')[0]
        raise CheckpointError(f'{path} is no checkpoint of "echo-depth train", or a broken one: '
                              f'{reason}') from error
    if not isinstance(state, dict):
        raise CheckpointError(f'{path} is no checkpoint of "echo-depth train": it holds a '
                              f'{type(state).__name__}')
    return state


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoints, written with :func:`save_atomically`, read without pickles."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any,
                        storage_options: Any = None) -> None:
        """Write."""
        save_atomically(checkpoint, path)

    def load_checkpoint(self, path: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Read; what Lightning asks for besides is not needed."""
        return read_checkpoint(path)
