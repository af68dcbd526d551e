"""Checkpoints: everything a run needs to go on to the same bits, and the moving average that becomes the weights.

A checkpoint is replaced in one step (written beside, then renamed), so a kill leaves the old or the new one.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from misora.base.errors import TrainingError


class Ema:
    """Exponential moving average of a model's floating-point state, kept in float32.

    The decay grows with the step, ``min(decay, (1 + n) / (10 + n))``, so that early averages are not stuck at the start.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.values[name].lerp_(value.to(self.values[name].dtype), 1 - decay)
            else:
                self.values[name].copy_(value)


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Writes ``state`` to ``path`` atomically."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        torch.save(dict(state), temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path, recipe: str) -> dict[str, Any]:
    """Reads a checkpoint; raises TrainingError when it is damaged or belongs to another recipe."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise TrainingError(f"checkpoint {path} cannot be read ({error}); delete it to start again") from error
    if state["recipe"] != recipe:
        raise TrainingError(f"checkpoint {path} was made with another recipe; use another --out, or delete it to start again")
    return state
