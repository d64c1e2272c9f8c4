# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the student that comes with the package is found."""

import os
from pathlib import Path
import sys
from typing import Optional

from echo_depth_ros.perception.model import ModelError

MODEL_NAME = 'echo_depth_student.onnx'
MODEL_VARIABLE = 'ECHO_DEPTH_MODEL'


def default_model_path() -> Path:
    """
    Path of the student model.

    ``$ECHO_DEPTH_MODEL`` decides where it is set. Otherwise the first that exists of: ``models/``
    of the source tree, ``share/echo_depth_ros/models`` of each prefix in ``AMENT_PREFIX_PATH``,
    and the same of the Python environment.

    :raises ModelError: there is none; the message lists the places searched.
    """
    named = os.environ.get(MODEL_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise ModelError(f'{MODEL_VARIABLE} is {named}, which does not exist')
        return Path(named)
    places = model_places()
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ModelError(
            f'no {MODEL_NAME} in any of: ' + ', '.join(str(p.parent) for p in places) +
            f'; name one with --model or ${MODEL_VARIABLE}, or make one with `echo-depth train` '
            'and `echo-depth export`')
    return found


def find_model(path: Optional[str]) -> Path:
    """Path as given, ``~`` expanded, or the default one where nothing (or '') is given."""
    return Path(path).expanduser() if path else default_model_path()


def model_places() -> list[Path]:
    """Every place where the default model may lie, best first."""
    share = Path('share', 'echo_depth_ros', 'models')
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    folders = [Path(__file__).resolve().parents[2] / 'models',
               *(Path(prefix) / share for prefix in prefixes), Path(sys.prefix) / share]
    return list(dict.fromkeys(folder / MODEL_NAME for folder in folders))
