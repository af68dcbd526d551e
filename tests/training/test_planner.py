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
from misora.training.text import fact_sizes
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import Action, CameraMove, Direction, Scene
from misora.world.tier import SMALL
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


def test_complete_captions_tell_who_is_nearer_and_bigger(config: PlannerStageConfig) -> None:
    def told(complete: float) -> list[str]:
        dataset = PlannerStage(replace(config, second_player=1.0, complete=complete), workers=0).dataset
        return [dataset.example(random.Random(number), 7, 8, 8).caption for number in range(60)]

    some, all_ = (sum(any(word in caption for word in ("near", "bigger", "更近", "大")) for caption in told(share)) for share in (0.0, 1.0))
    assert some < all_ and len(set(told(1.0))) > 50


def test_a_camera_that_follows_keeps_who_runs(config: PlannerStageConfig) -> None:
    scene = next(one for one in scenes(200, 8.0) if one.players[0].direction is not Direction.NONE)
    assert followed(scene).camera.move is CameraMove.FOLLOW and abs(followed(scene).players[0].x) < 0.5
    stage = PlannerStage(replace(config, second_player=0.0), workers=0)
    kept, drawn = 0, 0
    for number in range(900):
        example = stage.dataset.example(random.Random(number), 31, 8, 8)
        if "camera" in example.caption or not any(word in example.caption for word in ("run", "rush", "sprint", "dash")):
            continue
        drawn += 1
        kept += abs(float(example.layout.boxes[-1, 0, -1, X])) < 5
    assert drawn > 20 and kept / drawn > 0.5, "of ten seconds of running, most are gone along with"


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
    assert all(torch.equal(text[name], value) for name, value in tiny_text_encoder().state_dict().items())
    assert not text["near.weight"].any(), "neighbours are not mixed in before that is learnt"
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


def test_facts_of_players_are_in_the_order_of_their_slots(config: PlannerStageConfig) -> None:
    dataset = PlannerStage(replace(config, second_player=1.0), workers=0).dataset
    examples = [dataset.example(random.Random(number), 7, 8, 8) for number in range(40)]
    names = list(fact_sizes(SMALL))
    slots = [names.index("character_1"), names.index("character_2")]
    assert {1, 2} <= {one.facts[names.index("side")] for one in examples}
    for one in examples:
        assert [one.facts[index] for index in slots] == one.layout.who[0].tolist()


def test_names_look_for_themselves_from_the_start(config: PlannerStageConfig) -> None:
    planner, cast = PlannerStage(config, workers=0).model.planner, load_cast()
    who = torch.tensor([[1 + list(cast).index(name) for name in ("dog", "rocket")]])
    text = planner.text_encoder.encode([f"{cast['rocket'].en[0]} {cast['dog'].en[0]}"])
    names = torch.nn.functional.embedding(who, planner.about.name)
    keys = planner.about.looks[0].words(text.tokens).chunk(2, dim=-1)[0]
    likeliest = (names @ keys.transpose(1, 2))[0, :, 1:].argmax(1)
    assert likeliest.tolist() == [1, 0]


def test_what_is_asked_of_a_player_is_its_own(config: PlannerStageConfig) -> None:
    lessons = PlannerStage(replace(config, second_player=1.0), workers=0).model
    text = lessons.planner.text_encoder.encode(["a dog runs", "a cat jumps", ""])
    names, who = list(fact_sizes(SMALL)), torch.tensor([[3, 9], [5, 0], [1, 2]])
    facts = torch.zeros(3, len(names), dtype=torch.long)
    facts[2] = -1
    before = lessons.reading(text, who, facts)
    assert before.isfinite()
    torch.testing.assert_close(lessons.reading(text, torch.tensor([[3, 9], [5, 0], [4, 6]]), facts), before, msg="no caption, no question")
    assert not torch.isclose(lessons.reading(text, torch.tensor([[3, 9], [6, 0], [1, 2]]), facts), before)
    with torch.no_grad():
        for head in lessons.player.values():
            head.weight.zero_()
        lessons.player["side"].bias.copy_(torch.tensor([0.0, 9.0, 0.0]))
    facts[0, names.index("side")] = 1
    first = lessons.reading(text, who, facts)
    facts[0, names.index("side")] = 2
    torch.testing.assert_close(lessons.reading(text, who, facts), first, msg="what is on one's left has the other on its right")
