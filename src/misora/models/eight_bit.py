"""Weights in eight bits on disk: every row of a matrix or filter as whole numbers of a step of its own; in memory they are what they were.

It halves a file once more for an error of a thousandth of the row's largest weight. For networks that read, and for what each latent frame,
not each cell, passes through.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

STEP = ".step"
"""Ending of the tensor that holds the steps of another, (rows,)."""
LARGEST = 127
MIN_ROW = 16
"""Shorter rows are kept as they are: their steps would weigh as much as they save."""


def to_eight_bits(tensors: Mapping[str, Tensor], beginning: str = "") -> dict[str, Tensor]:
    """``tensors`` with matrices and filters as int8 and, for each, its steps in float32 under its name and ``STEP``.

    Args:
        beginning: Of the names that are meant.
    """
    kept: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if not name.startswith(beginning) or not value.is_floating_point() or value.ndim < 2 or value[0].numel() < MIN_ROW:
            kept[name] = value
            continue
        rows = value.float().flatten(1)
        step = rows.abs().amax(1).div(LARGEST).clamp(min=torch.finfo(torch.float32).tiny)
        kept[name] = (rows / step.unsqueeze(1)).round().to(torch.int8).view(value.shape)
        kept[name + STEP] = step
    return kept


def from_eight_bits(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What ``to_eight_bits`` was given, in float32; tensors without steps are passed on as they are."""
    values = {name: value for name, value in tensors.items() if not name.endswith(STEP)}
    for name, value in values.items():
        if name + STEP in tensors:
            step = tensors[name + STEP]
            values[name] = value.float() * step.view(-1, *[1] * (value.ndim - 1))
    return values
