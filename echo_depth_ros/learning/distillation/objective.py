# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the student is trained on, equation 3 of V2E-CCL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn, Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from echo_depth_ros.learning.distillation.composition import CompositionalEmbedding
from echo_depth_ros.learning.distillation.contrast import CompositionalContrast, KINDS
from echo_depth_ros.learning.losses import inside_likelihood, log_l1, material_entropy
from echo_depth_ros.learning.networks.student import EchoStudent


@dataclass(frozen=True)
class DistillationConfig:
    """
    Parts and weights of the objective.

    :ivar compose: Compositional Embedding, equation 1, and its loss.
    :ivar contrast: Compositional Contrastive Learning, equation 2.
    :ivar lambda_comp: weight of L_comp at the start.
    :ivar compose_until: share of the run in which the composition has a part; the weight of
        L_comp falls to nothing over it, since in the end the decoders serve hearing alone.
    :ivar lambda_ccl: weight of L_CCL.
    :ivar lambda_material: weight of Echo2Material in L_base; 0 leaves it out.
    :ivar lambda_scale: weight of the uncertainty's likelihood in L_base.
    :ivar contrast_kind: see
        :class:`~echo_depth_ros.learning.distillation.contrast.CompositionalContrast`.
    :ivar contrast_detach: see there.
    :ivar contrast_width: see there.
    :ivar temperature: see there.
    """

    compose: bool = False
    contrast: bool = False
    lambda_comp: float = 0.5
    compose_until: float = 0.5
    lambda_ccl: float = 0.2
    lambda_material: float = 0.05
    lambda_scale: float = 0.1
    contrast_kind: str = 'infonce'
    contrast_detach: bool = False
    contrast_width: int = 64
    temperature: float = 0.1

    def __post_init__(self) -> None:
        for name in ('lambda_comp', 'lambda_ccl', 'lambda_material', 'lambda_scale'):
            if not 0 <= getattr(self, name) <= 100:
                raise ValueError(f'{name} is {getattr(self, name)}; expected 0 to 100')
        if not 0 < self.compose_until <= 1:
            raise ValueError(f'compose_until is {self.compose_until}; expected above 0, up to 1')
        if not self.temperature > 0:
            raise ValueError(f'temperature is {self.temperature}; expected more than 0')
        if self.contrast_kind not in KINDS:
            raise ValueError(f'contrast_kind is {self.contrast_kind!r}; expected one of '
                             f'{", ".join(KINDS)}')

    @property
    def needs_teachers(self) -> bool:
        """Whether vision has a part in it."""
        return self.compose or self.contrast


class Objective(nn.Module):
    """
    ``L_total = L_base + λ_comp L_comp + λ_CCL L_CCL``.

    L_base is depth and material as the student hears them, and how well it knows its own error.
    L_comp is depth and material read off the composed embeddings by the student's own decoders:
    so these learn, from embeddings that vision has sharpened, what rooms look like.

    :param config: parts and weights.
    :param student: whose embedding and decoders are trained.
    :param teachers: channels of the frozen teachers' embeddings by x, 'depth' and 'material'.
    :raises ValueError: vision has a part, but there is no teacher.
    """

    def __init__(self, config: DistillationConfig, student: EchoStudent,
                 teachers: dict[str, int] | None = None) -> None:
        super().__init__()
        self.config, self.student = config, student
        teachers = teachers or {}
        if config.needs_teachers and not teachers:
            raise ValueError('compose or contrast is on, but no teacher is given; expected '
                             '"depth", "material" or both')
        width = student.embedding_channels
        self.compositions = nn.ModuleDict(
            {x: CompositionalEmbedding(channels, width) for x, channels in teachers.items()}
            if config.compose else {})
        self.contrast = CompositionalContrast(
            width, teachers, config.compose, config.contrast_width, config.contrast_kind,
            config.contrast_detach, config.temperature) if config.contrast else None

    def forward(self, waveform: Tensor, depth: Tensor, material: Tensor | None = None,
                teacher: dict[str, Tensor] | None = None,
                progress: float = 0.0) -> dict[str, Tensor]:
        """
        Sum equation 3 for a batch.

        :param waveform: (N, 2, window).
        :param depth: (N, 128, 128) metres, 0 = no return.
        :param material: (N, 128, 128) classes, where the data set has them.
        :param teacher: f_x^t by x, from frozen teachers.
        :param progress: share of the run that is done.
        :returns: 'loss', and its terms without their weights: 'depth', 'scale', 'material',
            'comp', 'ccl', as far as they have a part.
        """
        config, student = self.config, self.student
        echo, skips = student.listen(waveform)
        log_depth, log_scale = student.decode_depth(echo, skips)
        terms = {'depth': log_l1(log_depth, depth)}
        total = terms['depth']
        if config.lambda_scale:
            terms['scale'] = inside_likelihood(log_scale, log_depth, depth)
            total = total + config.lambda_scale * terms['scale']
        hears_material = material is not None and config.lambda_material > 0
        if hears_material:
            terms['material'] = material_entropy(student.decode_material(echo), material)
            total = total + config.lambda_material * terms['material']
        fade = max(0.0, 1 - progress / config.compose_until)
        composed = {x: compose(teacher[x], echo) for x, compose in self.compositions.items()
                    if fade > 0}
        with no_running_statistics(student):
            if 'depth' in composed:
                terms['comp'] = log_l1(student.decode_depth(composed['depth'], skips)[0], depth)
            if 'material' in composed and hears_material:
                entropy = material_entropy(student.decode_material(composed['material']), material)
                terms['comp'] = terms.get('comp', 0) + config.lambda_material * entropy
        if 'comp' in terms:
            total = total + fade * config.lambda_comp * terms['comp']
        if self.contrast is not None:
            terms['ccl'] = self.contrast(echo, teacher, composed)
            total = total + config.lambda_ccl * terms['ccl']
        return {'loss': total} | terms


@contextmanager
def no_running_statistics(network: nn.Module) -> Iterator[None]:
    """
    Keep batch norms from remembering what passes meanwhile.

    The student will never decode a composed embedding on a robot: if the running averages had
    seen these as well, they would be wrong for what it hears.
    """
    norms = [part for part in network.modules() if isinstance(part, _BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before):
            norm.momentum = momentum
