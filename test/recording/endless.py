# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Record until killed; tells on stdout of each sample that is complete."""

from pathlib import Path
import sys

from small import sample, writer

if __name__ == '__main__':
    with writer(Path(sys.argv[1])) as out:
        while True:
            print(out.add(sample(out.written)), flush=True)
