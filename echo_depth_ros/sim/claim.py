# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Start a data set in a folder, or go on with the one that is there."""

from collections.abc import Sequence
import json
from pathlib import Path
from typing import Optional

DESCRIPTION = 'dataset.json'


def claim(out: Path, splits: Sequence[str], description: dict,
          same: Sequence[str]) -> Optional[str]:
    """
    Make the folders of a data set, say what it is, and remove what was written half.

    :param description: of the data set that is to be made.
    :param same: what must not differ from the one that is there.
    :returns: what is wrong when the folder holds another one, in words; None if it can be used.
    """
    for split in splits:
        (out / split).mkdir(parents=True, exist_ok=True)
    path = out / DESCRIPTION
    if path.exists():
        there = json.loads(path.read_text(encoding='utf-8'))
        now = json.loads(json.dumps(description))
        changed = [key for key in same if there.get(key) != now.get(key)]
        if changed:
            return (f'{out} holds another data set (it differs in {", ".join(changed)}); choose '
                    f'an empty folder, or the same arguments to go on')
    for part in out.glob('*/*.part'):
        part.unlink()
    path.write_text(json.dumps(description, indent=1), encoding='utf-8')
    return None
