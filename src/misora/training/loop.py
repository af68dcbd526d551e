"""The training loop that every stage shares: clock, schedule, guard, EMA, checkpoints, curve and previews.

The loop knows no model and no loss; a ``Stage`` brings them. All randomness of step n comes from (seed, n).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from misora.base.errors import TrainingError
from misora.media.plot import line_plot
from misora.media.stills import write_image
from misora.training.checkpoint import Ema, load_checkpoint, save_checkpoint
from misora.training.optimizers import Optimizers, lr_schedule

Metrics = dict[str, float]
MAX_BAD_STEPS = 20
"""Steps in a row that may be skipped because the loss or gradient is not finite, before the run is given up."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What the loop itself needs.

    Args:
        name: Recipe's name.
        steps: Length of the run; the schedule decays towards it, or towards the clock when that comes first.
        warmup: Steps of linear warm-up.
        muon_lr, adam_lr, weight_decay: Of the two optimisers.
        clip: Largest gradient norm.
        ema: Decay of the moving average.
        seed: Of all random draws.
        decay: Share of the run over which the rate goes to zero.
        settings: The whole recipe as JSON, kept in checkpoints and in the weights' metadata.
    """

    name: str
    steps: int
    warmup: int = 100
    muon_lr: float = 0.02
    adam_lr: float = 1e-3
    weight_decay: float = 0.0
    clip: float = 1.0
    ema: float = 0.999
    seed: int = 0
    decay: float = 0.25
    settings: str = "{}"


class Stage(Protocol):
    """One thing to train."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        ...

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Parameters for Muon; the others go to AdamW."""
        ...

    def batches(self, first_step: int) -> Iterator[Any]:
        """Batches from ``first_step`` on; the nth is the same however the run was interrupted."""
        ...

    def loss(self, batch: Any, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        """Scalar loss and numbers to log."""
        ...

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the averaged state ``values`` into ``folder`` as weights files that say their ``provenance``."""
        ...

    def preview(self, folder: Path, step: int) -> None:
        """Writes pictures of what the model does now."""
        ...


@dataclass(slots=True)
class Clock:
    """Time of this call; ``minutes`` None has no end."""

    minutes: float | None
    started: float = field(default_factory=time.monotonic)

    def share(self) -> float:
        return 0.0 if self.minutes is None else (time.monotonic() - self.started) / (60 * self.minutes)


def train(
    stage: Stage,
    config: RunConfig,
    out: Path,
    *,
    minutes: float | None = None,
    device: torch.device | str = "cpu",
    save_every: float = 180.0,
    preview_every: int = 500,
    say: Callable[[str], None] = print,
) -> Path:
    """Trains until ``config.steps`` or the clock, resuming from ``out/checkpoint.pt``; ``out`` is then a folder of weights.

    Raises:
        TrainingError: ``MAX_BAD_STEPS`` steps in a row were not finite, or the checkpoint is another recipe's.
    """
    out.mkdir(parents=True, exist_ok=True)
    device = torch.device(device)
    model = stage.model.to(device)
    hidden = stage.hidden_parameters()
    chosen = {id(parameter) for parameter in hidden}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in chosen and parameter.requires_grad]
    optimizers = Optimizers(hidden, rest, config.muon_lr, config.adam_lr, config.weight_decay)
    ema, history, step = Ema(model, config.ema), History(out / "history.jsonl"), 0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = load_checkpoint(checkpoint, config.settings)
        model.load_state_dict(state["model"])
        optimizers.load_state_dict(state["optimizers"])
        ema.values = {name: value.to(device) for name, value in state["ema"].items()}
        step = int(state["step"])
        say(f"resumed {config.name} at step {step}")
    history.cut(step)
    generator = torch.Generator(device)
    batches = stage.batches(step)
    clock, saved, bad = Clock(minutes), time.monotonic(), 0
    first = step

    def save() -> None:
        state = {
            "model": model.state_dict(),
            "optimizers": optimizers.state_dict(),
            "ema": ema.values,
            "step": step,
            "recipe": config.settings,
        }
        save_checkpoint(checkpoint, state)
        stage.save(out, ema.values, {"recipe": config.name, "step": str(step), "settings": config.settings})

    while step < config.steps and clock.share() < 1:
        batch = next(batches)
        share_done = max(step / config.steps, clock.share())
        generator.manual_seed(config.seed * 1_000_003 + step)
        with torch.autocast(device.type, torch.bfloat16) if device.type in ("cpu", "cuda") else nullcontext():
            loss, metrics = stage.loss(batch, generator, share_done)
        loss.backward()
        norm = float(nn.utils.clip_grad_norm_(model.parameters(), config.clip))
        if not math.isfinite(norm) or not math.isfinite(float(loss.detach())):
            bad += 1
            model.zero_grad(set_to_none=True)
            say(f"step {step}: loss or gradient is not finite; skipped ({bad} of at most {MAX_BAD_STEPS} in a row)")
            if bad >= MAX_BAD_STEPS:
                raise TrainingError(f"{bad} steps in a row were not finite; lower the learning rate of recipe {config.name}")
        else:
            bad = 0
            optimizers.step(lr_schedule(step, config.warmup, share_done, config.decay))
            ema.update(model, step)
        step += 1
        history.add(step, {"loss": float(loss.detach()), "grad_norm": norm, **metrics})
        if step % 20 == 0 or step == first + 1:
            rate = (step - first) / (time.monotonic() - clock.started)
            say(f"{config.name} step {step}  {history.recent()}  {rate:.2f} steps/s  {_left(config, clock, step, rate)}")
        if time.monotonic() - saved > save_every:
            save()
            history.plot(out / "curve.png", config.name)
            saved = time.monotonic()
        if step % preview_every == 0:
            stage.preview(out, step)
    save()
    history.plot(out / "curve.png", config.name)
    stage.preview(out, step)
    return out


def _left(config: RunConfig, clock: Clock, step: int, rate: float) -> str:
    seconds = (config.steps - step) / rate
    if clock.minutes is not None:
        seconds = min(seconds, 60 * clock.minutes * (1 - clock.share()))
    return f"{seconds / 60:.0f} min left"


class History:
    """Metrics of every step, as JSON lines beside the checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Metrics] = []
        if path.exists():
            self.rows = [json.loads(line) for line in path.read_text().splitlines()]

    def cut(self, step: int) -> None:
        """Forgets what lies beyond ``step``: work that a kill undid."""
        self.rows = [row for row in self.rows if row["step"] <= step]
        self.path.write_text("".join(json.dumps(row) + "\n" for row in self.rows))

    def add(self, step: int, metrics: Metrics) -> None:
        row = {"step": step, **metrics}
        self.rows.append(row)
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def recent(self, count: int = 20) -> str:
        """Mean of each metric over the last ``count`` steps, where it was logged."""
        rows = self.rows[-count:]
        names = dict.fromkeys(name for row in rows for name in row if name != "step")
        return "  ".join(f"{name} {_mean(rows, name):.4g}" for name in names)

    def plot(self, path: Path, title: str) -> None:
        names = [name for name in dict.fromkeys(name for row in self.rows for name in row) if name not in ("step", "grad_norm")]
        series = {name: [(row["step"], row[name]) for row in self.rows if name in row] for name in names}
        write_image(path, line_plot(series, title=title, x_label="step", y_label="value"))


def _mean(rows: list[Metrics], name: str) -> float:
    values = [row[name] for row in rows if name in row]
    return sum(values) / len(values)
