"""Muon for matrices and convolutions, AdamW for the rest, behind one ``step``.

Reference: Keller Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024 (orthogonalised
momentum by a quintic Newton-Schulz iteration). Convolutions are treated as (out, in * kernel) matrices.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearest semi-orthogonal matrix, roughly: singular values end between 0.7 and 1.2.

    Args:
        matrix: (rows, columns), any dtype; computed in bfloat16.
    """
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose direction is orthogonalised; the step's size then does not depend on the gradient's.

    Args:
        params: Parameters with two dimensions or more, trailing ones are flattened; or groups of them.
        lr: Step; each update has a root mean square of about ``lr * sqrt(max(1, rows / columns) / columns)``.
        momentum: Nesterov momentum.
        weight_decay: Decoupled, times ``lr``.
    """

    def __init__(
        self, params: Iterable[nn.Parameter] | list[dict[str, Any]], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: nn.Parameter, group: dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum: Tensor = state["momentum"]
        momentum.lerp_(gradient, 1 - group["momentum"])
        direction = orthogonalise(gradient.lerp(momentum, group["momentum"]).flatten(1))
        scale = max(1.0, direction.shape[0] / direction.shape[1]) ** 0.5
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(direction.reshape(parameter.shape), alpha=-group["lr"] * scale)


class Optimizers:
    """Muon on hidden matrices and AdamW on everything else, stepped together.

    Args:
        hidden: Parameters for Muon; may be none.
        rest: Parameters for AdamW.
        muon_lr, adam_lr: Peak learning rates; ``step`` scales both.
    """

    def __init__(
        self, hidden: list[nn.Parameter], rest: list[nn.Parameter], muon_lr: float, adam_lr: float, weight_decay: float = 0.0
    ) -> None:
        self.muon = Muon([{"params": hidden}], muon_lr, weight_decay=weight_decay)
        self.adam = torch.optim.AdamW(rest, adam_lr, betas=(0.9, 0.95), weight_decay=weight_decay, fused=True)
        self._peaks = (muon_lr, adam_lr)

    def step(self, scale: float) -> None:
        """One step of both with their peak rates times ``scale``; clears the gradients."""
        for optimizer, peak in zip((self.muon, self.adam), self._peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])


def lr_schedule(step: int, warmup: int, share_done: float, decay: float = 0.25) -> float:
    """Linear warm-up, constant, then linear to zero over the last ``decay`` of the run.

    Args:
        step: Steps done.
        warmup: Steps of warm-up.
        share_done: How much of the run is over, 0 to 1 (by steps or by the clock).
    """
    return min((step + 1) / warmup, 1.0) * min(1.0, max(0.02, (1 - share_done) / decay))
