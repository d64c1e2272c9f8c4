# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run on ambient sound goes on after a kill."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from echo_depth_ros.learning.training.checkpoint import read_checkpoint
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import flat

LAST = 'last.ckpt'


class Keeper(Callback):
    """
    Write ``last.ckpt`` after each epoch.

    :param out: folder of the run.
    """

    def __init__(self, out: Path) -> None:
        self.out = out

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Write; validation is over by now."""
        trainer.save_checkpoint(self.out / LAST)


def resumable(path: Path, kind: str, what: Mapping[str, Any]) -> int | None:
    """
    Tell where the run stopped whose checkpoint is at ``path``.

    :param kind: key under which the checkpoint says what it is of.
    :param what: the run that is to go on.
    :returns: steps that are done; None where there is no checkpoint.
    :raises CheckpointError: it is of another run, naming the differences, or none at all.
    """
    if not path.is_file():
        return None
    state = read_checkpoint(path)
    if kind not in state:
        raise CheckpointError(f'{path} is no checkpoint of "echo-depth train-ambient"; choose '
                              'another --out')
    there, here = flat(state[kind]['what']), flat(what)
    different = [f'{name.removeprefix("config.")} was {there.get(name)}, now {here.get(name)}'
                 for name in {**there, **here} if there.get(name) != here.get(name)]
    if different:
        raise CheckpointError(
            f'{path} is of another run: {"; ".join(different)}; choose another --out, the same '
            'settings and data to go on, or --fresh to start anew')
    return state['global_step']
