"""Turbo fills every kind of canvas: pins, masks, windows and levels of single frames do not know which network walks them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from misora.base.canvas import Canvas, Pin, Span
from misora.base.progress import Step
from misora.base.shapes import VideoShape
from misora.models.registry import save_model
from misora.pipelines.native import load_pipeline, merge_turbo
from tiny import tiny_pipeline, tiny_transformer, tiny_turbo_pipeline, write_tiny_turbo, write_tiny_weights


def canvas(num_frames: int = 9, **options: object) -> Canvas:
    return Canvas(VideoShape(num_frames, 64, 64, 24.0), (Span("a dog runs"),), seed=1, **options)  # type: ignore[arg-type]


def test_it_takes_eight_steps_of_one_evaluation_for_the_first_picture_and_four_for_each_window() -> None:
    pipeline, steps, calls = tiny_turbo_pipeline(), [], []
    assert pipeline.turbo is not None
    pipeline.turbo.transformer.register_forward_hook(lambda module, given, made: calls.append(len(given[0])))
    pipeline.sample(canvas(), steps.append)
    assert [step for step in steps if step.stage == "denoise"] == [Step("denoise", done, 12) for done in range(1, 13)]
    assert calls == [1] * 12


def test_the_many_step_model_beside_it_is_as_it_was() -> None:
    pipeline = tiny_turbo_pipeline()
    turbo, base = (pipeline.sample(canvas(quality=quality, steps=2)) for quality in ("turbo", "base"))
    assert np.array_equal(base, tiny_pipeline().sample(canvas(steps=2)))
    assert not np.array_equal(turbo, base)


def test_what_is_pinned_stays(rng: np.random.Generator) -> None:
    pipeline = tiny_turbo_pipeline()
    clip = rng.integers(0, 256, (17, 64, 64, 3), dtype=np.uint8)
    whole = np.concatenate(list(pipeline.codec.decode([pipeline.codec.encode(clip)])))
    assert np.array_equal(pipeline.sample(canvas(17, pins=(Pin(clip),))), whole)
    assert np.array_equal(pipeline.sample(canvas(17, pins=(Pin(clip[:9]),)))[:9], whole[:9])


def test_a_mask_holds_its_cells_and_frees_the_others(rng: np.random.Generator) -> None:
    pipeline = tiny_turbo_pipeline()
    picture = rng.integers(0, 256, (1, 64, 160, 3), dtype=np.uint8)
    mask = np.zeros((64, 160), np.bool_)
    mask[:, :128] = True
    expected = next(pipeline.codec.decode([pipeline.codec.encode(picture)]))
    shape = VideoShape(1, 64, 160, 24.0)
    frames = pipeline.sample(replace(canvas(), shape=shape, pins=(Pin(picture, mask=mask),)))
    difference = np.abs(frames.astype(int) - expected)[0].max((0, 2))
    assert difference[:16].max() <= 2 < 20 < difference[128:].max()


def test_a_weaker_pin_leaves_more_to_it(rng: np.random.Generator) -> None:
    pipeline = tiny_turbo_pipeline()
    clip = rng.integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    whole = np.concatenate(list(pipeline.codec.decode([pipeline.codec.encode(clip)]))).astype(int)
    away = [np.abs(pipeline.sample(canvas(pins=(Pin(clip, 0, strength),))) - whole).mean() for strength in (1.0, 0.9, 0.6, 0.3)]
    assert away[0] == 0 and all(near < far for near, far in pairwise(away))


def test_windows_go_on_from_what_was_made() -> None:
    sliding = tiny_turbo_pipeline(max_window=4)
    frames = sliding.sample(canvas(41))
    assert frames.shape == (41, 64, 64, 3)
    assert np.array_equal(frames[:25], tiny_turbo_pipeline(max_window=4).sample(canvas(25)))


def test_a_weights_folder_says_whether_it_has_one(tmp_path: Path) -> None:
    write_tiny_weights(tmp_path)
    assert merge_turbo(tmp_path, torch.float32, torch.device("cpu")) is None
    write_tiny_turbo(tmp_path)
    turbo = load_pipeline(tmp_path, "cpu").turbo
    assert turbo is not None and turbo.config.steps == 4
    write_tiny_turbo(tmp_path, base="0" * 64)
    assert load_pipeline(tmp_path, "cpu").turbo is None


def test_merging_leaves_the_statistics_in_full_precision(tmp_path: Path) -> None:
    write_tiny_weights(tmp_path)
    save_model(tmp_path, "transformer", tiny_transformer(prediction="residual"))
    write_tiny_turbo(tmp_path)
    turbo = merge_turbo(tmp_path, torch.bfloat16, torch.device("cpu"))
    assert turbo is not None
    assert turbo.transformer.latent_deviation.dtype is torch.float32
    assert turbo.transformer.input.weight.dtype is torch.bfloat16
