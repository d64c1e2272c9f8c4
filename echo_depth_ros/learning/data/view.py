# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Field of view of the camera whose depth a data set holds, as far as its description says."""

from dataclasses import asdict, dataclass
import json
from pathlib import Path

from echo_depth_ros.learning.data.batvision2 import RECORDING
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.recordings import DESCRIPTION

DESCRIPTIONS = (DESCRIPTION, 'dataset.json')
"""Files that may have a "camera", in the order in which layouts are tried; below them, each
location that was recorded says it for itself."""
_SAME = 1.0
"""Degrees by which locations of one data set may differ: cameras are calibrated anew."""


@dataclass(frozen=True)
class FieldOfView:
    """
    Of a depth image, in degrees across; the defaults are the simulator's.

    :raises DatasetError: not between 0 and 180, which no pinhole camera has.
    """

    hfov_deg: float = 90.0
    vfov_deg: float = 90.0

    def __post_init__(self) -> None:
        for name, degrees in asdict(self).items():
            number = isinstance(degrees, (int, float)) and not isinstance(degrees, bool)
            if not (number and 0 < degrees < 180):
                raise DatasetError(f'{name} is {degrees!r}; expected degrees between 0 and 180')


def field_of_view(root: Path | str) -> FieldOfView:
    """
    Field of view that the description of a data set states; what it leaves out is the default.

    :param root: folder of the data set.
    :raises DatasetError: the description cannot be read, or states what no camera has, or its
        locations were recorded with cameras that see more and less.
    """
    path = next((file for name in DESCRIPTIONS if (file := Path(root) / name).is_file()), None)
    if path is not None:
        return _stated(path) or FieldOfView()
    views = {path: view for path in sorted(Path(root).glob(f'*/{RECORDING}'))
             if not path.parent.name.startswith('.') and (view := _stated(path))}
    first = next(iter(views), None)
    for path, view in views.items():
        if max(abs(view.hfov_deg - views[first].hfov_deg),
               abs(view.vfov_deg - views[first].vfov_deg)) > _SAME:
            raise DatasetError(
                f'{path}: its camera sees {view.hfov_deg:g}° × {view.vfov_deg:g}°, that of '
                f'{first} {views[first].hfov_deg:g}° × {views[first].vfov_deg:g}°; expected one '
                'field of view in a data set: keep them in folders of their own')
    return views[first] if views else FieldOfView()


def _stated(path: Path) -> FieldOfView | None:
    try:
        camera = json.loads(path.read_text(encoding='utf-8')).get('camera') or {}
        given = {name: camera[name] for name in asdict(FieldOfView()) if name in camera}
        return FieldOfView(**given) if given else None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f'{path}: its camera cannot be used: {error}; expected "camera": '
                           '{"hfov_deg": 90.0, "vfov_deg": 90.0}') from error
