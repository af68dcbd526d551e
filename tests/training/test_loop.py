"""A killed run continues to the same bits; what is not finite is skipped; the clock stops a run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from misora.base.errors import TrainingError
from misora.training.checkpoint import load_checkpoint
from misora.training.loop import History, RunConfig, train


class LineStage:
    """Fits a small network to random points: a real stage at toy size."""

    def __init__(self, bad_steps: tuple[int, ...] = ()) -> None:
        torch.manual_seed(0)
        self.model: nn.Module = nn.Sequential(nn.Linear(4, 8, bias=False), nn.SiLU(), nn.Linear(8, 2))
        self.bad_steps = bad_steps

    def hidden_parameters(self) -> list[nn.Parameter]:
        return [next(self.model.parameters())]

    def batches(self, first_step: int) -> Iterator[int]:
        yield from range(first_step, 1000)

    def loss(self, batch: int, generator: torch.Generator, share_done: float) -> tuple[Tensor, dict[str, float]]:
        x = torch.randn(16, 4, generator=generator)
        loss = (self.model(x).float() - x[:, :2]).square().mean()
        return (loss * float("nan") if batch in self.bad_steps else loss), {"seen": float(batch)}

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        save_file({name: value.contiguous() for name, value in values.items()}, folder / "line.safetensors", metadata=provenance)

    def preview(self, folder: Path, step: int) -> None:
        (folder / "preview.txt").write_text(str(step))


def config(steps: int = 12, **changes: object) -> RunConfig:
    return RunConfig("line", steps, warmup=2, settings='{"line": 1}', **changes)  # type: ignore[arg-type]


def run(out: Path, stage: LineStage | None = None, **changes: object) -> Path:
    return train(stage or LineStage(), config(**changes), out, say=lambda _: None)  # type: ignore[arg-type]


class Killed(Exception):
    pass


class KilledAt(LineStage):
    """Dies in the middle of a step, as by kill -9."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def loss(self, batch: int, generator: torch.Generator, share_done: float) -> tuple[Tensor, dict[str, float]]:
        if batch == self.step:
            raise Killed
        return super().loss(batch, generator, share_done)


def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path) -> None:
    run(tmp_path / "whole")
    with pytest.raises(Killed):
        train(KilledAt(7), config(), tmp_path / "killed", save_every=0.0, say=lambda _: None)
    run(tmp_path / "killed")
    whole, resumed = (load_checkpoint(tmp_path / name / "checkpoint.pt", '{"line": 1}') for name in ("whole", "killed"))
    for part in ("model", "ema"):
        assert all(torch.equal(whole[part][name], resumed[part][name]) for name in whole[part])
    histories = [(tmp_path / name / "history.jsonl").read_text() for name in ("whole", "killed")]
    assert histories[0] == histories[1]


def test_the_loss_falls(tmp_path: Path) -> None:
    run(tmp_path, steps=200)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert sum(losses[-20:]) < 0.5 * sum(losses[:20])


def test_a_step_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    run(tmp_path / "bad", LineStage(bad_steps=(0, 1, 2)), steps=3)
    state = load_checkpoint(tmp_path / "bad" / "checkpoint.pt", '{"line": 1}')["model"]
    assert all(torch.equal(state[name], value) for name, value in LineStage().model.state_dict().items())


def test_many_bad_steps_end_the_run_with_advice(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="learning rate"):
        run(tmp_path, LineStage(bad_steps=tuple(range(100))), steps=100)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(TrainingError, match="another recipe"):
        train(LineStage(), RunConfig("line", 12, settings='{"line": 2}'), tmp_path, say=lambda _: None)


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="cannot be read"):
        run(tmp_path)


def test_the_clock_stops_a_run(tmp_path: Path) -> None:
    train(LineStage(), config(steps=900), tmp_path, minutes=1e-9, say=lambda _: None)
    assert (tmp_path / "line.safetensors").exists()
    assert not (tmp_path / "history.jsonl").read_text()


def test_weights_say_where_they_come_from(tmp_path: Path) -> None:
    with safe_open(run(tmp_path) / "line.safetensors", "pt") as file:
        assert file.metadata() == {"recipe": "line", "step": "12", "settings": '{"line": 1}'}


def test_history_forgets_what_a_kill_undid(tmp_path: Path) -> None:
    history = History(tmp_path / "h.jsonl")
    for step in range(1, 6):
        history.add(step, {"loss": step})
    again = History(tmp_path / "h.jsonl")
    again.cut(3)
    assert [row["step"] for row in History(tmp_path / "h.jsonl").rows] == [1, 2, 3]
