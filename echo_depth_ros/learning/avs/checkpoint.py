# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of AVS-Net from the files that a run leaves."""

from pathlib import Path
from typing import Any

from echo_depth_ros.learning.avs.config import KIND
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.training.checkpoint import AVERAGE, read_checkpoint, RUN
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import section


def load_avs(path: Path | str) -> tuple[AvsNet, dict[str, Any]]:
    """
    Network of a ``model.pt``, ``best.pt`` or ``last.ckpt``, ready to predict.

    Nothing is downloaded, whatever its visual backbone: sizes and weights are all in the file.

    :returns: the (averaged) network in eval mode, and what is known about it: ``step``,
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
        if kind != KIND:
            raise CheckpointError(f'it is of kind {kind!r}')
        network = AvsNet(section(AvsSizes, sizes, str(path)))
        network.load_state_dict(weights)
    except (CheckpointError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = (f'it has no {error}' if isinstance(error, KeyError)
                  else str(error).partition('\n')[0])
        raise CheckpointError(f'{path} is no model of this release of "echo-depth train-avs": '
                              f'{reason}') from error
    return network.eval(), {'kind': kind, **about}
