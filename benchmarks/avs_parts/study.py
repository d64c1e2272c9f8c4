# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every part of the study works with."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from avs_parts.sets import IN_DOMAIN, Sets
from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.study.kept import Kept, Model, TestSet


class Told(NamedTuple):
    """
    What a part came to.

    :ivar text: Markdown.
    :ivar values: plain types, for JSON.
    """

    text: str
    values: Any


@dataclass(frozen=True)
class Study:
    """
    Models, sets and folders.

    :ivar avs: RGB-Echoes, and ``only_rgb`` the baseline; ``student`` hears only.
    :ivar avs_path: file of the former, and ``only_rgb_path``, ``student_path`` of the others.
    :ivar relatives: models that are given scale.
    :ivar data: of training; its test split is in domain.
    :ivar onnx: exported files by the name of the model; made from the checkpoints where missing.
    :ivar pictures: folder to draw into; None draws nothing.
    """

    kept: Kept
    sets: Sets
    avs: Model
    only_rgb: Model
    student: Model
    avs_path: Path
    only_rgb_path: Path
    student_path: Path
    relatives: tuple[Model, ...]
    data: Path
    onnx: dict[str, Path]
    pictures: Path | None
    approaches: int = 10
    threads: int = 1
    rounds: int = 30

    @cached_property
    def in_domain(self) -> TestSet:
        """Test split of the training data."""
        return self.sets.opened(self.data, IN_DOMAIN)

    @property
    def models(self) -> tuple[Model, ...]:
        """All that tell metres."""
        return self.only_rgb, self.avs, self.student

    @property
    def sources(self) -> dict[str, Model | None]:
        """Whose scale is given, by what the tables call it."""
        return {'RGB': self.only_rgb, 'RGB-Echoes': self.avs, 'echo student': self.student,
                'truth': None}

    def network(self, path: Path) -> AvsNet | None:
        """Network of a checkpoint; None of an ONNX file, into which torch cannot look."""
        return None if path.suffix.lower() == '.onnx' else load_avs(path)[0]
