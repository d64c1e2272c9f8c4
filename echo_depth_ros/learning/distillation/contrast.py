# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Compositional Contrastive Learning, equation 2 of V2E-CCL."""

import torch
from torch import nn, Tensor
from torch.nn import functional

KINDS = ('cosine', 'infonce')


class CompositionalContrast(nn.Module):
    """
    Pull what the student heard towards what the teacher saw, in a shared latent space.

    Summed over depth and material, with z = F_CCL(f) and the student as anchor:
    ``(1 - sim(z_echo, z_x^t)) + (1 - sim(z_echo, z_x^ts))``.

    ``cosine`` is the equation as printed, place by place: sim is the cosine. Taken alone it has
    a trivial answer, since F_CCL may map everything to one point; with ``detach`` the teacher's
    side is not moved by this loss, and so stays apart. ``infonce`` adds what makes a contrast:
    the same place of the batch's other samples must be less similar, by softmax cross-entropy.

    :param student: channels of f_echo^s and F_x^ts.
    :param teachers: channels of f_x^t by x.
    :param composed: whether F_x^ts exists; without it only the first term remains.
    :param width: channels of z.
    :param kind: one of :data:`KINDS`.
    :param detach: stop the gradient on the teacher's side.
    :param temperature: of the softmax.
    """

    def __init__(self, student: int, teachers: dict[str, int], composed: bool, width: int = 64,
                 kind: str = 'infonce', detach: bool = False, temperature: float = 0.1) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'contrast kind is {kind!r}; expected one of {", ".join(KINDS)}')
        self.kind, self.detach, self.temperature = kind, detach, temperature
        self.echo = _mlp(student, width)
        self.seen = nn.ModuleDict({x: _mlp(channels, width) for x, channels in teachers.items()})
        self.composed = nn.ModuleDict(
            {x: _mlp(student, width) for x in teachers} if composed else {})

    def forward(self, echo: Tensor, teacher: dict[str, Tensor],
                composed: dict[str, Tensor]) -> Tensor:
        """
        Sum equation 2.

        :param echo: f_echo^s (N, E, 8, 8).
        :param teacher: f_x^t (N, C, 8, 8) by x.
        :param composed: F_x^ts (N, E, 8, 8) by x; may be empty. It contains f_echo^s, and would
            only have to pass it through to be similar, so this loss does not move it.
        """
        anchor = functional.normalize(self.echo(echo).float(), dim=1)
        loss = anchor.new_zeros(())
        for projections, features in ((self.seen, teacher), (self.composed, composed)):
            for x in sorted(features.keys() & projections.keys()):
                target = projections[x](features[x].detach())
                target = functional.normalize(target.float(), dim=1)
                loss = loss + self._dissimilarity(anchor, target.detach() if self.detach
                                                  else target)
        return loss

    def _dissimilarity(self, anchor: Tensor, target: Tensor) -> Tensor:
        """1 - sim, or its contrastive form; z are (N, width, 8, 8) of unit length."""
        if self.kind == 'cosine':
            return (1 - (anchor * target).sum(dim=1)).mean()
        anchor, target = (z.flatten(2).permute(2, 0, 1) for z in (anchor, target))
        likeness = anchor @ target.transpose(1, 2) / self.temperature
        same = torch.arange(likeness.shape[1], device=likeness.device)
        return functional.cross_entropy(
            likeness.flatten(0, 1), same.repeat(likeness.shape[0]))


def _mlp(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, width, 1), nn.BatchNorm2d(width), nn.ReLU(),
                         nn.Conv2d(width, width, 1))
