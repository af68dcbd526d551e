"""Turbo's stage: lessons are a function of (seed, step), known frames stay, and the student nears the teacher."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.base.errors import TrainingError
from misora.models.registry import load_turbo, save_model
from misora.models.transformer.adapter import Adapter
from misora.models.transformer.adapter_file import PICTURE
from misora.models.video_vae.config import TINY
from misora.training.distillation import TurboConfig, TurboStage, begin_with, known_frames
from misora.training.latents import build_latents
from misora.training.loop import RunConfig, train
from misora.training.recipes import latents_tiny, turbo_tiny
from misora.world.assets import save_atlas, toy_sprites
from misora.world.cast import load_cast
from tiny import tiny_text_encoder, tiny_transformer, tiny_turbo, tiny_vae


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> TurboConfig:
    """A toy teacher with its text encoder and autoencoder, and latents of a toy stage."""
    folder = tmp_path_factory.mktemp("turbo")
    save_atlas(folder / "stage", toy_sprites())
    vae = tiny_vae()
    build_latents(vae, folder / "stage", latents_tiny(), folder / "latents", workers=0, expired=lambda: False, say=lambda _: None)
    save_model(folder, "video_vae", vae)
    save_model(folder, "text_encoder", tiny_text_encoder(), dtype=torch.float32)
    save_model(folder, "transformer", tiny_transformer(prediction="residual"), dtype=torch.float32)
    return replace(turbo_tiny()[0], start=str(folder), latents=str(folder / "latents"))


def first_loss(stage: TurboStage, step: int) -> float:
    return float(stage.loss(stage.batch(step), torch.Generator().manual_seed(1), 0.0)[0].detach())


def test_lessons_depend_on_seed_and_step_alone(config: TurboConfig) -> None:
    stage = TurboStage(config)
    first, again = stage.batch(3), stage.batch(3)
    assert torch.equal(first.latents, again.latents) and torch.equal(first.features, again.features)
    assert len(first.features) == 2 * len(first.latents)


def test_every_segment_is_learnt_from_in_every_step(config: TurboConfig) -> None:
    stage = TurboStage(config)
    loss, metrics = stage.loss(stage.batch(0), torch.Generator().manual_seed(1), 0.0)
    assert list(metrics) == ["segment1", "segment2", "segment3", "segment4"]
    assert float(loss.detach()) == pytest.approx(sum(metrics.values()) / 4, rel=1e-5)


def test_every_level_of_the_student_is_one_of_the_teachers(config: TurboConfig) -> None:
    stage = TurboStage(config)
    coarse, fine = stage.levels(torch.zeros(1, TINY.latent_channels, 2, 2, 2), torch.tensor([[1.0, 0.3]]))
    torch.testing.assert_close(fine[::2], coarse)
    assert coarse[:, 0, 0].tolist() == [0.0] * 5 and float(coarse[0, 0, 1]) == pytest.approx(0.7)


def test_known_frames_are_at_one_end_and_never_all_or_a_little_everywhere() -> None:
    rows = [known_frames(5, random.Random(seed)) for seed in range(200)]
    remixed = [row for row in rows if set(row) - {0.0, 1.0}]
    continued = [row for row in rows if 1 in row]
    assert 10 < len(remixed) < 60 and 100 < len(continued) < 180
    assert sum(sum(row) in (1, 3) for row in continued) > 0.6 * len(continued), "as sampling begins its windows"
    assert all(len(set(row)) == 1 for row in remixed)
    assert all(0 in row for row in continued) and any(row[0] == 1 for row in continued) and any(row[-1] == 1 for row in continued)
    assert all(sum(before != after for before, after in itertools.pairwise(row)) <= 1 for row in rows)
    assert {known_frames(1, random.Random(seed))[0] for seed in range(200)} > {0.0}


def test_some_lessons_are_of_first_pictures_alone(config: TurboConfig) -> None:
    stage = TurboStage(replace(config, singles=0.5))
    lessons = [stage.batch(step) for step in range(12)]
    alone = [lesson for lesson in lessons if lesson.latents.shape[2] == 1]
    assert 0 < len(alone) < 12 and not any(lesson.frame_index.any() for lesson in alone)
    assert float(stage.loss(alone[0], torch.Generator().manual_seed(1), 0.0)[0].detach()) > 0


def test_what_is_known_does_not_count(config: TurboConfig) -> None:
    stage = TurboStage(config)
    lesson = stage.batch(0)
    known = replace(lesson, strength=torch.ones_like(lesson.strength))
    assert float(stage.loss(known, torch.Generator().manual_seed(1), 0.0)[0].detach()) == 0


def test_a_teacher_of_as_many_steps_without_guidance_has_nothing_to_teach(config: TurboConfig) -> None:
    assert first_loss(TurboStage(replace(config, teacher_steps=4, guidance=1.0)), 0) == pytest.approx(0, abs=1e-9)
    assert first_loss(TurboStage(config), 0) > 1e-4


def test_it_trains_resumes_and_writes_an_adapter_for_its_teacher(config: TurboConfig, tmp_path: Path) -> None:
    stage = TurboStage(config)
    train(stage, RunConfig("turbo/tiny", 2, warmup=1), tmp_path, say=lambda _: None)
    assert (tmp_path / "preview-000002.png").exists()
    said: list[str] = []
    train(TurboStage(config), RunConfig("turbo/tiny", 3, warmup=1), tmp_path, say=said.append)
    assert said[0] == "resumed turbo/tiny at step 2"
    (tmp_path / "transformer.safetensors").write_bytes((Path(config.start) / "transformer.safetensors").read_bytes())
    assert load_turbo(tmp_path, stage.base).config.steps == 4


def test_a_teacher_that_follows_layouts_is_told_them_and_its_empty_texts_of_less(config: TurboConfig, tmp_path: Path) -> None:
    for name in ("video_vae", "text_encoder"):
        (tmp_path / f"{name}.safetensors").write_bytes((Path(config.start) / f"{name}.safetensors").read_bytes())
    follows = tiny_transformer(prediction="residual", layout_classes=len(load_cast()))
    save_model(tmp_path, "transformer", follows, dtype=torch.float32)
    stage = TurboStage(replace(config, start=str(tmp_path), layout_share=1.0))
    lesson = stage.batch(0)
    layouts = lesson.layouts
    assert layouts is not None and bool(layouts.given.all()) and bool((layouts.who > 0).any(-1).all())
    count, untold = len(layouts.who), torch.arange(2 * len(layouts.who)) >= len(layouts.who)
    noisy, settled = (layouts.twice().led_away_from(untold, level) for level in (0.9, 0.1))
    assert noisy.given.tolist() == [*layouts.given.tolist(), *torch.zeros_like(layouts.given).tolist()]
    assert bool(settled.given.all()) and torch.equal(settled.who[:count], layouts.who) and not bool(settled.who[count:].any())
    told, elsewhere = first_loss(stage, 0), layouts._replace(boxes=layouts.boxes + 1)
    assert float(stage.loss(replace(lesson, layouts=elsewhere), torch.Generator().manual_seed(1), 0.0)[0].detach()) != told
    untold = TurboStage(replace(stage.config, layout_share=0.0)).batch(0).layouts
    assert untold is not None and not bool(untold.given.any())


def test_lessons_bring_the_student_nearer_to_the_teacher(config: TurboConfig) -> None:
    stage = TurboStage(replace(config, rank=8))

    def missed() -> float:
        lessons = [stage.loss(stage.batch(1000 + step), torch.Generator().manual_seed(step), 0.0)[0] for step in range(6)]
        return float(torch.stack(lessons).mean().detach())

    before, optimizer = missed(), torch.optim.Adam(stage.model.parameters(), lr=0.01)
    for step in range(120):
        optimizer.zero_grad()
        stage.loss(stage.batch(step), torch.Generator().manual_seed(step), 0.0)[0].backward()
        optimizer.step()
    assert missed() < 0.8 * before, "on lessons that were not learnt from"


def test_a_first_picture_alone_is_walked_in_twice_as_many_steps(config: TurboConfig) -> None:
    stage = TurboStage(replace(config, singles=1.0))
    lesson = stage.batch(0)
    assert lesson.latents.shape[2] == 1
    _, metrics = stage.loss(lesson, torch.Generator().manual_seed(0), 0.0)
    assert len(metrics) == PICTURE * config.steps


def test_what_cannot_be_is_told_with_what_to_change(config: TurboConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="teacher_steps=10 is not a multiple of steps=4"):
        TurboStage(replace(config, teacher_steps=10))
    with pytest.raises(TrainingError, match="run the stage 'latents' first"):
        TurboStage(replace(config, latents=str(tmp_path)))


def test_it_goes_on_from_the_adapter_of_a_transformer_that_has_grown_since(config: TurboConfig, tmp_path: Path) -> None:
    before, now = tiny_transformer(prediction="residual"), tiny_transformer(prediction="residual", recall=True)
    old, new = tiny_turbo(before), Adapter(tiny_turbo(before).config, now)
    save_model(tmp_path, "turbo", old, dtype=torch.float32)
    begin_with(new, tmp_path / "turbo.safetensors")
    rows = before.output.weight.shape[0]
    torch.testing.assert_close(new.change("output")[:rows], old.change("output"))
    torch.testing.assert_close(new.change("text_input"), old.change("text_input"))
    assert not new.change("output")[rows:].any() and not new.change("recall_input").any()
    stage = TurboStage(replace(config, adapter=str(tmp_path)))
    torch.testing.assert_close(stage.model.change("output"), old.change("output"))
    save_model(tmp_path, "turbo", new, dtype=torch.float32)
    with pytest.raises(TrainingError, match="does not fit"):
        begin_with(old, tmp_path / "turbo.safetensors")
