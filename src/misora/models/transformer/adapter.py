"""A low-rank change of a transformer's matrices: another behaviour of the same weights, in a fiftieth of their size.

Every linear layer's weight W becomes W + up @ down. The adapter holds the factors alone and knows which transformer they were learnt on;
training reads the changed weights through it, so that gradients reach the factors only, and inference adds them once and forgets it.

Reference:
    Hu et al., LoRA, arXiv:2106.09685 (no scale beside the factors).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from misora.models.transformer.adapter_file import AdapterConfig


class Adapter(nn.Module):
    """Factors for every linear layer of a transformer; a new one changes nothing."""

    def __init__(self, config: AdapterConfig, transformer: nn.Module) -> None:
        """Reads the shapes of ``transformer`` and keeps nothing of it."""
        super().__init__()
        self.config = config
        shapes = {name: layer.weight.shape for name, layer in linear_layers(transformer)}
        ranks = {name: min(config.rank, *shape) for name, shape in shapes.items()}
        self.down = nn.ParameterDict(
            {key_of(name): nn.Parameter(torch.randn(ranks[name], columns) * columns**-0.5) for name, (_, columns) in shapes.items()}
        )
        self.up = nn.ParameterDict({key_of(name): nn.Parameter(torch.zeros(rows, ranks[name])) for name, (rows, _) in shapes.items()})

    def change(self, layer: str) -> Tensor:
        """What is added to the weight of ``layer``, float32 unless the factors are not."""
        changed: Tensor = self.up[key_of(layer)] @ self.down[key_of(layer)]
        return changed

    def changed(self, transformer: nn.Module) -> dict[str, Tensor]:
        """The changed weights by parameter name, for ``torch.func.functional_call``; gradients flow to the factors."""
        return {f"{name}.weight": layer.weight + self.change(name) for name, layer in linear_layers(transformer)}

    @torch.no_grad()
    def merge_into(self, transformer: nn.Module) -> None:
        """Adds the change to ``transformer`` for good, in float32 and rounded once to its dtype."""
        for name, layer in linear_layers(transformer):
            change = (self.up[key_of(name)].float() @ self.down[key_of(name)].float()).to(layer.weight.device)
            layer.weight.copy_(layer.weight.float() + change)


def linear_layers(module: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    """Every linear layer by name."""
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear):
            yield name, layer


def key_of(layer: str) -> str:
    """A layer's name as parameters may be called: torch keeps the dot for itself."""
    return layer.replace(".", "/")
