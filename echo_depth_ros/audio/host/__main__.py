# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m echo_depth_ros.audio.host FOLDER LOCK``: started by clients, not by hand."""

import sys

from echo_depth_ros.audio.host.process import main

if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
