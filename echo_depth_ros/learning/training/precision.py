# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many digits a run computes with, and a Lightning that keeps to itself."""

import logging
import warnings

from lightning_fabric.utilities.warnings import PossibleUserWarning
import torch


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 natively, which doubles the speed of a step."""
    return bool(torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported())


def chosen_precision(wanted: str, accelerator: str) -> str:
    """Return the precision as Lightning names it; 'auto' takes the fastest of the machine."""
    if wanted != 'auto':
        return wanted
    if accelerator in ('auto', 'gpu', 'cuda') and torch.cuda.is_available():
        return 'bf16-mixed' if torch.cuda.is_bf16_supported() else '16-mixed'
    return 'bf16-mixed' if has_bfloat16() else '32-true'


def quieten() -> None:
    """Keep Lightning's errors, and drop its advice: it does not know that data lies in memory."""
    for name in ('pytorch_lightning', 'lightning_fabric', 'lightning.pytorch'):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings('ignore', category=PossibleUserWarning)
    warnings.filterwarnings('ignore', message='Grad strides do not match bucket view strides')
    for name in (r'pytorch_lightning\.', r'lightning_fabric\.'):
        warnings.filterwarnings('ignore', module=name)
