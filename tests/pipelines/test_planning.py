"""What is planned and what is painted freely; the plan itself depends on caption, seed and canvas alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from misora.api.generate import resident_pipeline, start
from misora.api.replay import check_weights, prepare_replay
from misora.api.request import Request, prepare
from misora.base.canvas import Canvas, Pin, Span
from misora.base.errors import WeightsError
from misora.base.layout import BOX, CAMERA, MOMENTS, Layout, X
from misora.base.settings import load_settings
from misora.base.shapes import LatentShape, VideoShape
from misora.models.registry import save_model
from misora.models.transformer.layouts import SETTLED, Layouts
from misora.pipelines.planning import can_be_planned, plan
from one_table import all_at_one_table, never
from tiny import tiny_pipeline, tiny_planner, tiny_planning_pipeline, tiny_transformer, write_tiny_weights


def canvas(num_frames: int = 9, **options: object) -> Canvas:
    return Canvas(VideoShape(num_frames, 64, 64, 24.0), (Span("a dog runs"),), seed=1, steps=2, **options)  # type: ignore[arg-type]


def planned(caption: str = "a dog runs", frames: int = 3, seed: int = 1, width: int = 4) -> Layouts:
    return plan(tiny_planner(), [caption] * frames, LatentShape(frames, 4, width), 24.0, seed)


def differ(first: Layouts, second: Layouts) -> bool:
    return not torch.allclose(first.camera, second.camera)


def test_what_has_no_mask_is_planned(rng: np.random.Generator) -> None:
    picture = rng.integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    assert can_be_planned(canvas())
    assert can_be_planned(canvas(pins=(Pin(picture, strength=0.0),)))
    assert can_be_planned(canvas(pins=(Pin(picture),)))
    assert can_be_planned(canvas(pins=(Pin(picture, strength=0.2),)))
    assert can_be_planned(canvas(past=np.zeros((4, 1, 2, 2), np.float32)))
    assert can_be_planned(replace(canvas(), spans=(Span("a dog runs"), Span("a cat jumps", 0.2))))
    assert not can_be_planned(canvas(planned=False))


def test_a_plan_covers_every_latent_frame_and_repeats() -> None:
    layout = planned()
    assert layout.who.shape == (1, 3, 2) and layout.boxes.shape == (1, 3, 2, 3, 5) and layout.given.all()
    assert not differ(layout, planned())
    assert differ(layout, planned(caption="a cat"))
    assert differ(layout, planned(seed=2))
    assert differ(layout, planned(width=6))


def test_whom_the_camera_follows_the_plan_keeps_where_they_are_across_the_picture() -> None:
    def travel(caption: str) -> float:
        across = planned(caption, frames=6).boxes[0, :, :, :, X]
        return float((across.amax((0, 2)) - across.amin((0, 2))).amin())

    assert travel("a dog runs to the left. the camera follows the dog.") == 0
    assert travel("a dog runs to the left. the camera stays still.") > 0


def test_a_plan_shows_whom_the_caption_names() -> None:
    planner = tiny_planner()
    for wanted in ((1, 3), (2, 0)):
        with torch.no_grad():
            planner.cast.weight.zero_()
            planner.cast.bias.copy_(20.0 * torch.nn.functional.one_hot(torch.tensor(wanted), 4).flatten())
        layout = plan(planner, ["a dog and a cat"] * 3, LatentShape(3, 4, 4), 24.0, 1)
        assert (layout.who == torch.tensor(wanted)).all()
        assert layout.boxes[:, :, 1].any() == (wanted[1] > 0)


def test_a_long_plan_goes_on_from_its_own_beginning() -> None:
    short, long = planned(frames=31), planned(frames=50)
    torch.testing.assert_close(short.camera, long.camera[:, :31])
    assert long.who.shape[1] == 50


def test_a_new_caption_goes_on_with_the_same_characters_and_begins_anew_with_others() -> None:
    planner, size = tiny_planner(), LatentShape(8, 4, 4)
    with torch.no_grad():
        planner.cast.weight.zero_()
        planner.cast.bias.copy_(20.0 * torch.nn.functional.one_hot(torch.tensor([1, 0]), 4).flatten())
    first, second = ["a dog runs"] * 4, ["a dog jumps"] * 4
    both, other = plan(planner, first + second, size, 24.0, 1), plan(planner, second + second, size, 24.0, 1)
    alone = plan(planner, first, LatentShape(4, 4, 4), 24.0, 1)
    torch.testing.assert_close(both.camera[:, :4], alone.camera, msg="what comes later changes nothing before it")
    assert not torch.allclose(both.camera[:, 4:], other.camera[:, 4:]), "what came before is gone on from"
    with torch.no_grad():
        planner.cast.bias.zero_()
        planner.cast.weight.normal_(generator=torch.Generator().manual_seed(3)).mul_(100)
    met = plan(planner, first + ["an old cat"] * 4, size, 24.0, 1)
    assert not torch.equal(met.who[0, 0], met.who[0, -1]), "these weights take them for different characters"
    after = plan(planner, ["a fish"] * 4 + ["an old cat"] * 4, size, 24.0, 1)
    torch.testing.assert_close(met.camera[:, 4:], after.camera[:, 4:], msg="others do not go on from what was before")


def test_a_single_picture_does_not_hold_the_camera_still() -> None:
    """It shows how nobody moves, so the camera goes as the caption has it; what two latent frames show of it stays."""
    planner, size = tiny_planner(), LatentShape(6, 4, 4)
    who = plan(planner, ["a dog runs"] * 6, size, 24.0, 1).who[0]

    def goes_on_from(frames: int) -> Layouts:
        still = np.ones((frames, planner.config.slots, MOMENTS, BOX), np.float32)
        seen = Layout(who[:frames].numpy(), still, np.zeros((frames, CAMERA), np.float32))
        return plan(planner, ["a dog runs"] * 6, size, 24.0, 1, read=lambda slots, within: {0: seen})

    free = planned(frames=6)
    torch.testing.assert_close(goes_on_from(1).camera[:, 0], free.camera[:, 0])
    assert (goes_on_from(1).boxes[0, 0][who[0] > 0] == 1).all(), "where everybody is stays as read"
    assert free.camera[:, 0].abs().max() > 0.01 and not goes_on_from(2).camera[:, :2].any()


def test_the_plan_is_followed_where_there_is_one_and_ignored_where_it_is_off() -> None:
    pipeline = tiny_planning_pipeline()
    with_plan, without = pipeline.sample(canvas()), pipeline.sample(canvas(planned=False))
    assert not np.array_equal(with_plan, without)
    pipeline.planner = None
    assert np.array_equal(pipeline.sample(canvas()), without)


def test_a_network_that_knows_no_layouts_is_left_alone() -> None:
    pipeline = tiny_pipeline()
    expected = pipeline.sample(canvas())
    pipeline.planner = tiny_planner()
    assert not pipeline.plans(canvas()) and np.array_equal(pipeline.sample(canvas()), expected)


def test_windows_of_a_long_clip_follow_one_plan() -> None:
    pipeline, seen = tiny_planning_pipeline(max_window=4), []
    pipeline.transformer.register_forward_pre_hook(
        lambda module, given, named: seen.append(named["layouts"].layouts.camera[0]), with_kwargs=True
    )
    pipeline.sample(canvas(33, guidance=1.0))
    whole = plan(tiny_planner(), ["a dog runs"] * 5, LatentShape(5, 2, 2), 24.0, 1)
    torch.testing.assert_close(seen[0], whole.camera[0, :1])
    torch.testing.assert_close(next(part for part in seen if len(part) > 1), whole.camera[0, :4])
    torch.testing.assert_close(seen[-1], whole.camera[0, -len(seen[-1]) :])


def test_the_unconditional_row_is_told_of_nothing_and_when_all_is_settled_of_the_camera() -> None:
    pipeline, seen = tiny_planning_pipeline(), []
    pipeline.transformer.register_forward_pre_hook(
        lambda module, given, named: seen.append((float(given[1].max()), named["layouts"].layouts)), with_kwargs=True
    )
    pipeline.sample(replace(canvas(guidance=3.0), steps=12))
    pairs = [(level, layouts) for level, layouts in seen if len(layouts.who) == 2]
    assert min(level for level, _ in pairs) <= SETTLED < max(level for level, _ in pairs)
    for level, layouts in pairs:
        assert bool(layouts.given[0].all()) and bool((layouts.who[0] > 0).any())
        if level > SETTLED:
            assert not bool(layouts.given[1].any())
        else:
            assert bool(layouts.given[1].all()) and torch.equal(layouts.camera[0], layouts.camera[1])
            assert not bool((layouts.who[1] > 0).any())


def test_videos_made_together_keep_their_own_plans() -> None:
    pipeline = tiny_planning_pipeline()
    several = [canvas(), replace(canvas(), seed=5), canvas(planned=False)]
    alone = [pipeline.sample(each) for each in several]
    for made, expected in zip(all_at_one_table(pipeline, several, [never] * 3), alone, strict=True):
        assert made is not None and np.abs(made.astype(int) - expected).max() <= 1


@pytest.fixture
def planning_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_tiny_weights(tmp_path)
    save_model(tmp_path, "transformer", tiny_transformer(layout_classes=3), recipe="tiny")
    save_model(tmp_path, "planner", tiny_planner(), dtype=torch.int8, recipe="tiny")
    for name, value in {"WEIGHTS": str(tmp_path), "THREADS": "1", "DEVICE": "cpu"}.items():
        monkeypatch.setenv(f"MISORA_{name}", value)
    return tmp_path


def test_a_recipe_names_the_planner_that_it_needs(planning_weights: Path, rng: np.random.Generator) -> None:
    request = Request("a dog runs", 0.3, "64x64", seed=1, steps=2, rewrite_prompt=False)
    video = start(prepare(request)).collect()
    assert set(video.recipe.weights) == {"video_vae", "transformer", "text_encoder", "planner"}
    assert np.array_equal(start(prepare_replay(video.recipe, [])).collect().frames, video.frames)
    assert resident_pipeline(load_settings()).plans(prepare(request).canvas)
    save_model(planning_weights, "planner", tiny_planner(seed=9), dtype=torch.int8, recipe="tiny")
    with pytest.raises(WeightsError, match="planner"):
        check_weights(video.recipe, load_settings())
    (planning_weights / "planner.safetensors").unlink()
    free = start(prepare(request)).collect()
    assert "planner" not in free.recipe.weights and not np.array_equal(free.frames, video.frames)
