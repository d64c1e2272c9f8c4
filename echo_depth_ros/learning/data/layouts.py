# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Open a data set of any layout."""

from pathlib import Path

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.batvision1 import BatVision1
from echo_depth_ros.learning.data.batvision2 import BatVision2
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.packing import open_pack
from echo_depth_ros.learning.data.reader import Reader
from echo_depth_ros.learning.data.recordings import Recordings
from echo_depth_ros.learning.data.simulated import SimulatedRooms
from echo_depth_ros.learning.data.split import EchoSplit, SPLITS

LAYOUTS = (Recordings, SimulatedRooms, BatVision1, BatVision2)
"""In the order in which they are tried."""


def open_reader(root: Path | str, split: str, fmt: PingFormat = PingFormat()) -> Reader:
    """
    Recognise the layout of a folder.

    :raises DatasetError: when there is no such folder or split, or the layout is none of ours.
    """
    root = Path(root)
    if split not in SPLITS:
        raise DatasetError(f'no split "{split}"; expected one of {", ".join(SPLITS)}')
    if not root.is_dir():
        raise DatasetError(f'no folder {root}; expected a data set: make one with '
                           f'"echo-depth simulate {root}"')
    for layout in LAYOUTS:
        if layout.recognises(root):
            return layout(root, split, fmt)
    raise DatasetError(f'{root} is laid out like none of the data sets that can be read:\n'
                       f'{DESCRIPTIONS}')


DESCRIPTIONS = """\
  simulated   {train,val,test}/room_*.npz, from "echo-depth simulate"
  BatVision 1 {train,val,test}.csv with the columns "depth path", "audio path left",
              "audio path right" and, for colour, "camera path left"
  BatVision 2 <Location>/{train,val,test}.csv with the columns "depth path", "depth file name",
              "audio path" and "audio file name"
  recordings  recordings.json and {train,val,test}/*.npz, of your own robot"""


def open_split(root: Path | str, split: str, fmt: PingFormat = PingFormat(),
               limit: int | None = None, progress: bool = True) -> EchoSplit:
    """
    Open one split of a data set, whatever its layout; it is packed the first time.

    :param root: folder of the data set.
    :param split: 'train', 'val' or 'test'.
    :param limit: the first so many samples only.
    :param progress: show a progress bar while packing.
    :raises DatasetError: when the folder is no data set, its pings are of another format, or not
        one sample can be used.
    """
    return open_pack(open_reader(root, split, fmt), fmt, limit, progress)
