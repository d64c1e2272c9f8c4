# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A .npy file that is written row by row."""

from pathlib import Path

import numpy as np


class GrowingArray:
    """A .npy file whose number of rows is known only at its end."""

    _HEADER = 128

    def __init__(self, path: Path) -> None:
        self._file = open(path, 'wb')
        self._file.write(bytes(self._HEADER))
        self._row: np.ndarray | None = None
        self.count = 0

    def append(self, row: np.ndarray) -> None:
        """Write one more row, of the type and shape of the first."""
        if self._row is None:
            self._row = np.empty((0, *row.shape), row.dtype)
        if row.dtype != self._row.dtype or row.shape != self._row.shape[1:]:
            raise AssertionError(f'a reader yields {row.dtype} {row.shape} after '
                                 f'{self._row.dtype} {self._row.shape[1:]}')
        self._file.write(np.ascontiguousarray(row).data)
        self.count += 1

    def close(self) -> None:
        """Say in the header how many rows there are; without any the file stays zeros."""
        if self._row is not None:
            about = repr({'descr': np.lib.format.dtype_to_descr(self._row.dtype),
                          'fortran_order': False, 'shape': (self.count, *self._row.shape[1:])})
            self._file.seek(0)
            self._file.write(b'\x93NUMPY\x01\x00' + (self._HEADER - 10).to_bytes(2, 'little'))
            self._file.write(about.ljust(self._HEADER - 11).encode('latin1') + b'\n')
        self._file.close()
