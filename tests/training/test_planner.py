"""Scenes for the planner, and its stage at toy size."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.base.errors import TrainingError
from misora.base.layout import X
from misora.models.planner import from_values
from misora.models.registry import load_planner, save_model
from misora.training.loop import train
from misora.training.planner import PlannerStage, PlannerStageConfig, followed, in_view
from misora.training.recipes import planner_tiny
from misora.world.casting import Casting, sample_scene
from misora.world.program import Action, CameraMove, Direction, Scene
from tiny import tiny_planner, tiny_text_encoder


@pytest.fixture
def config(tmp_path: Path) -> PlannerStageConfig:
    save_model(tmp_path / "text", "text_encoder", tiny_text_encoder(), dtype=torch.float32)
    return replace(planner_tiny()[0], text=str(tmp_path / "text"))


def scenes(count: int, seconds: float) -> list[Scene]:
    rng = random.Random(0)
    return [sample_scene(Casting(("dog", "cat", "bus"), seconds=seconds), rng) for _ in range(count)]


def test_whoever_goes_a_long_way_begins_in_the_picture() -> None:
    drawn = [scene for scene in scenes(200, 10.0) if scene.players[0].action in (Action.WALK, Action.RUN)]
    assert any(abs(scene.players[0].x) > 0.6 for scene in drawn)
    assert all(abs(player.x) < 0.5 for scene in drawn for player in in_view(scene, 1.0).players if player.action is not Action.ENTER)


def test_whoever_comes_in_still_does() -> None:
    entering = [scene for scene in scenes(300, 2.0) if scene.players[0].action is Action.ENTER]
    assert entering and all(in_view(scene, 1.0).players[0] == scene.players[0] for scene in entering)


def test_a_camera_that_follows_keeps_who_runs(config: PlannerStageConfig) -> None:
    scene = next(one for one in scenes(200, 8.0) if one.players[0].direction is not Direction.NONE)
    assert followed(scene).camera.move is CameraMove.FOLLOW and abs(followed(scene).players[0].x) < 0.5
    stage = PlannerStage(replace(config, second_player=0.0), workers=0)
    kept, drawn = 0, 0
    for number in range(300):
        example = stage.dataset.example(random.Random(number), 31, 8, 8)
        if "camera" in example.caption or not any(word in example.caption for word in ("run", "rush", "sprint", "dash")):
            continue
        drawn += 1
        kept += abs(float(example.layout.boxes[-1, 0, -1, X])) < 5
    assert drawn > 3 and kept / drawn > 0.5, "of ten seconds of running, most are gone along with"


def test_a_camera_that_is_said_to_stay_stays(config: PlannerStageConfig) -> None:
    dataset = PlannerStage(replace(config, second_player=0.0), workers=0).dataset
    examples = [dataset.example(random.Random(number), 31, 8, 8) for number in range(400)]
    still = [one for one in examples if any(words in one.caption.lower() for words in ("camera does not move", "camera stays", "镜头固定"))]
    assert still and not any(one.layout.camera.any() for one in still)


def test_batches_depend_on_seed_and_step_alone(config: PlannerStageConfig) -> None:
    first, again = (PlannerStage(config, workers=0).dataset[4] for _ in range(2))
    assert torch.equal(first.values, again.values) and torch.equal(first.features, again.features)
    assert (from_values(first.values).who.sum(-1) > 0).all(), "somebody is in every scene"
    other = PlannerStage(replace(config, seed=1), workers=0).dataset[4]
    assert first.values.shape != other.values.shape or not torch.equal(first.values, other.values)


def test_the_stage_learns_and_reads_by_itself(config: PlannerStageConfig, tmp_path: Path) -> None:
    stage = PlannerStage(config, workers=0)
    text = {name: value.clone() for name, value in stage.model.planner.text_encoder.state_dict().items()}
    assert all(torch.equal(value, tiny_text_encoder().state_dict()[name]) for name, value in text.items())
    before = stage.model.planner.frame.weight.detach().clone()
    train(stage, replace(planner_tiny()[1], adam_lr=1e-2), tmp_path / "run", say=lambda _: None)
    assert load_planner(tmp_path / "run").config == config.model
    assert not torch.equal(before, stage.model.planner.frame.weight)
    assert any(not torch.equal(value, text[name]) for name, value in stage.model.planner.text_encoder.state_dict().items())


def test_it_goes_on_from_another_planner(config: PlannerStageConfig, tmp_path: Path) -> None:
    save_model(tmp_path, "planner", tiny_planner(), dtype=torch.float32)
    stage = PlannerStage(replace(config, start=str(tmp_path), text=""), workers=0)
    assert all(torch.equal(value, tiny_planner().state_dict()[name]) for name, value in stage.model.planner.state_dict().items())
    assert all(parameter.requires_grad for parameter in stage.model.parameters())


def test_without_a_text_encoder_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="stage 'text'"):
        PlannerStage(replace(planner_tiny()[0], text=str(tmp_path)), workers=0)
