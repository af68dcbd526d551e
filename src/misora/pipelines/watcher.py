"""Watches a window of noise become latents: says how far it is, shows a rough picture now and then, keeps what was reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from misora.base.canvas import Frames
from misora.base.parts import NO_PARTS, Begun, Parts, Values
from misora.base.progress import Progress, Step
from misora.diffusion.samplers import SamplerStep
from misora.pipelines.grid import Grid
from misora.pipelines.streaming import VideoCodec

PREVIEWS = 5
"""Rough pictures a window."""

Preview = Callable[[Frames], None]
"""Receives a rough picture (1, H, W, 3) of what the sampler expects, now and then."""


@dataclass(slots=True)
class Watcher:
    """Turns the steps of a window into progress, some of them into previews, and keeps what was reached.

    Args:
        done, total: Steps of all windows that lie behind, and all that there are.
        parts, name: Where the window is kept, and what it is called there.
        steps: Of this window that lie behind.
    """

    codec: VideoCodec
    grid: Grid
    progress: Progress
    preview: Preview | None
    done: int
    total: int
    parts: Parts = NO_PARTS
    name: str = ""
    steps: int = 0

    def found(self, like: Tensor) -> Tensor | None:
        """What the window adds, where it was finished before."""
        values = self.parts.find(self.name)
        return None if values is None else torch.from_numpy(values).to(like)

    def begun(self, like: Tensor) -> tuple[Tensor, int] | None:
        """Where the window stood, and after how many steps."""
        begun = self.parts.find_begun(self.name)
        return None if begun is None else (torch.from_numpy(begun.values).to(like), begun.steps)

    def skip(self, steps: int) -> None:
        """Steps that need not be made."""
        self.done, self.steps = self.done + steps, self.steps + steps

    def __call__(self, step: SamplerStep) -> None:
        self.skip(1)
        if step.index + 1 < step.total:
            self.parts.keep_begun(self.name, Begun(self.steps, to_values(step.x)))
        self.progress(Step("denoise", self.done, self.total))
        if self.preview is not None and (step.index + 1) % max(1, step.total // PREVIEWS) == 0:
            self.preview(self.grid.crop(next(self.codec.decode([step.x0[:, :, -1:]]))))


def to_values(latents: Tensor) -> Values:
    """``latents`` as they are kept, bit for bit: sampling is in float32."""
    values: Values = latents.float().cpu().numpy()
    return values
