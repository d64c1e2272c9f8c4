# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the models that come with the package are found."""

import os
from pathlib import Path
import sys
from typing import NamedTuple, Optional

from echo_depth_ros.perception.model import ModelError

MODEL_NAME = 'echo_depth_student.onnx'
MODEL_VARIABLE = 'ECHO_DEPTH_MODEL'


class Asset(NamedTuple):
    """
    A model that comes along.

    :ivar name: of its file.
    :ivar variable: of the environment that names another file.
    :ivar remedy: what else may be done where there is none, in words.
    """

    name: str
    variable: str
    remedy: str


STUDENT = Asset(
    MODEL_NAME, MODEL_VARIABLE, f'name one with --model or ${MODEL_VARIABLE}, or make one with '
    '`echo-depth train` and `echo-depth export`')
AMBIENT = Asset(
    'ambient_wall.onnx', 'ECHO_DEPTH_AMBIENT_MODEL', 'name one with the parameter ambient_model '
    'or $ECHO_DEPTH_AMBIENT_MODEL, or make one with `echo-depth train-ambient` and `echo-depth '
    'export-ambient`')
AVS = Asset(
    'avs_net.onnx', 'ECHO_DEPTH_AVS_MODEL', 'name one with the parameter avs_model or '
    '$ECHO_DEPTH_AVS_MODEL, or make one with `echo-depth train-avs` and `echo-depth export-avs`')


def default_model_path(asset: Asset = STUDENT) -> Path:
    """
    Path of a model that comes along, the student unless told otherwise.

    Its environment variable decides where that is set. Otherwise the first that exists of:
    ``models/`` of the source tree, ``share/echo_depth_ros/models`` of each prefix in
    ``AMENT_PREFIX_PATH``, and the same of the Python environment.

    :raises ModelError: there is none; the message lists the places searched.
    """
    named = os.environ.get(asset.variable)
    if named:
        if not Path(named).is_file():
            raise ModelError(f'{asset.variable} is {named}, which does not exist')
        return Path(named)
    places = model_places(asset)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ModelError(f'no {asset.name} in any of: '
                         + ', '.join(str(p.parent) for p in places) + f'; {asset.remedy}')
    return found


def find_model(path: Optional[str], asset: Asset = STUDENT) -> Path:
    """
    Path as given, ``~`` expanded, or the default one where nothing (or '') is given.

    The bare name of a file that comes along, such as ``avs_net.onnx``, is enough.
    """
    if not path:
        return default_model_path(asset)
    given = Path(path).expanduser()
    if given.name != path or given.is_file():
        return given
    return next((place for place in model_places(asset._replace(name=path)) if place.is_file()),
                given)


def model_places(asset: Asset = STUDENT) -> list[Path]:
    """Every place where a model that comes along may lie, best first."""
    share = Path('share', 'echo_depth_ros', 'models')
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    folders = [Path(__file__).resolve().parents[2] / 'models',
               *(Path(prefix) / share for prefix in prefixes), Path(sys.prefix) / share]
    return list(dict.fromkeys(folder / asset.name for folder in folders))
