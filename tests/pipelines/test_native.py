from __future__ import annotations

import numpy as np
import pytest
import torch

from misora.base.canvas import Canvas, Pin, Span
from misora.base.errors import Cancelled, WeightsError
from misora.base.progress import Step
from misora.base.shapes import LatentShape, VideoShape
from misora.pipelines import bounds
from misora.pipelines.grid import grid_of
from misora.pipelines.native import check_fit, draw_noise, steps_to_wait
from misora.pipelines.tail import TailKeeper
from tiny import tiny_pipeline, tiny_planner, tiny_text_encoder, tiny_transformer, tiny_vae


def canvas(num_frames: int = 9, height: int = 64, width: int = 64, **options: object) -> Canvas:
    options = {"spans": (Span("a dog runs"),), "steps": 2, "seed": 1, **options}
    return Canvas(VideoShape(num_frames, height, width, 24.0), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("num_frames", "height", "width"), [(1, 64, 64), (5, 70, 100), (9, 64, 96), (10, 65, 127)])
def test_the_size_asked_for_is_delivered_exactly(num_frames: int, height: int, width: int) -> None:
    frames = tiny_pipeline().sample(canvas(num_frames, height, width))
    assert frames.shape == (num_frames, height, width, 3) and frames.dtype == np.uint8
    assert frames.std() > 1


def test_the_same_canvas_gives_the_same_frames_and_another_seed_others() -> None:
    first, again, other = tiny_pipeline(), tiny_pipeline(), tiny_pipeline()
    one = first.sample(canvas())
    assert np.array_equal(one, again.sample(canvas())) and np.array_equal(one, first.sample(canvas()))
    assert not np.array_equal(one, other.sample(canvas(seed=2)))


def test_streamed_frames_are_those_of_the_whole() -> None:
    pipeline = tiny_pipeline()
    pieces = list(pipeline.iter_frames(canvas(13)))
    assert [len(piece) for piece in pieces] == [1, 8, 4]
    assert np.array_equal(np.concatenate(pieces), pipeline.sample(canvas(13)))


def test_a_pin_of_strength_one_comes_back_as_the_autoencoders_own_reconstruction(rng: np.random.Generator) -> None:
    pipeline = tiny_pipeline()
    picture = rng.integers(0, 256, (1, 70, 100, 3), dtype=np.uint8)
    grid = grid_of(VideoShape(1, 70, 100, 24.0))
    expected = grid.crop(next(pipeline.codec.decode([pipeline.codec.encode(grid.pad(picture))])))
    frames = pipeline.sample(canvas(9, 70, 100, pins=(Pin(picture),)))
    assert np.array_equal(frames[:1], expected)


def test_a_clip_pinned_over_everything_is_only_reconstructed(rng: np.random.Generator) -> None:
    pipeline = tiny_pipeline()
    clip = rng.integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    expected = np.concatenate(list(pipeline.codec.decode([pipeline.codec.encode(clip)])))
    assert np.array_equal(pipeline.sample(canvas(9, pins=(Pin(clip),))), expected)


def test_a_weaker_pin_leaves_more_to_the_network(rng: np.random.Generator) -> None:
    pipeline = tiny_pipeline()
    clip = rng.integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    made = {strength: pipeline.sample(canvas(9, pins=(Pin(clip, 0, strength),))).astype(float) for strength in (1.0, 0.9, 0.3)}
    near, far = (np.abs(made[strength] - made[1.0]).mean() for strength in (0.9, 0.3))
    assert 0 < near < far


def test_a_masked_pin_holds_its_cells_and_frees_the_others(rng: np.random.Generator) -> None:
    pipeline = tiny_pipeline()
    picture = rng.integers(0, 256, (1, 64, 160, 3), dtype=np.uint8)
    mask = np.zeros((64, 160), np.bool_)
    mask[:, :128] = True
    expected = next(pipeline.codec.decode([pipeline.codec.encode(picture)]))
    frames = pipeline.sample(canvas(1, 64, 160, pins=(Pin(picture, mask=mask),)))
    difference = np.abs(frames.astype(int) - expected)[0].max((0, 2))
    # held latents are exact (test_pinning); the decoder's kernels carry a little of their neighbours over
    assert difference[:16].max() <= 2 < 20 < difference[128:].max()


def test_a_clip_longer_than_the_window_goes_on_from_its_past() -> None:
    one_window, sliding = tiny_pipeline(), tiny_pipeline(max_window=4)
    frames = sliding.sample(canvas(41))
    assert frames.shape[0] == 41
    assert np.array_equal(frames[:25], one_window.sample(canvas(25)))  # the first window knows nothing of what follows
    assert len(np.unique(frames.mean((1, 2, 3)))) > 20


def test_a_long_clip_whose_end_is_known_is_made_from_its_end(rng: np.random.Generator) -> None:
    clip = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    pins = (Pin(clip, 33),)
    one_window, sliding = tiny_pipeline(), tiny_pipeline(max_window=4)
    seen: list[Step] = []
    frames = sliding.sample(canvas(41, pins=pins), seen.append)
    assert frames.shape[0] == 41 and len(np.unique(frames.mean((1, 2, 3)))) > 20
    assert [step.done for step in seen if step.stage == "denoise"] == [1, 2, 3, 4, 5, 6]  # 4 + 1 + 1 latent frames
    # the clip's own reconstruction depends a little on what the decoder saw before it
    assert np.abs(frames[34:].astype(int) - one_window.sample(canvas(41, pins=pins))[34:]).mean() < 12


def test_a_long_gap_sees_both_of_its_sides(rng: np.random.Generator) -> None:
    clip, other = (rng.integers(0, 256, (9, 64, 64, 3), dtype=np.uint8) for _ in range(2))

    def made(first: np.ndarray, last: np.ndarray) -> np.ndarray:
        return tiny_pipeline(max_window=4).sample(canvas(57, pins=(Pin(first), Pin(last, 48)))).astype(int)

    frames = made(clip, clip)
    assert frames.shape[0] == 57 and len(np.unique(frames.mean((1, 2, 3)))) > 20
    changed = np.abs(made(clip, other) - frames).mean((1, 2, 3))
    # latent frames 0 to 2 are made from the first side, 5 to 7 from the last, 3 and 4 with sight of both
    assert changed[:17].max() == 0 < changed[17:33].min()


def test_progress_is_told_of_every_step_and_every_latent_frame() -> None:
    seen: list[Step] = []
    tiny_pipeline(max_window=4).sample(canvas(33), seen.append)
    assert [step.done for step in seen if step.stage == "denoise"] == [1, 2, 3, 4, 5, 6], "a picture and two windows"
    assert {step.total for step in seen if step.stage == "denoise"} == {6}
    assert [step.stage for step in seen[:3]] == ["denoise", "denoise", "decode"], "the picture is there before the first window is begun"
    assert [(step.done, step.total) for step in seen if step.stage == "decode"] == [(index, 5) for index in range(1, 6)]


@pytest.mark.parametrize("stage", ["denoise", "decode"])
def test_raising_in_progress_stops_the_work(stage: str) -> None:
    def stop(step: Step) -> None:
        if step.stage == stage:
            raise Cancelled("stopped by the test")

    with pytest.raises(Cancelled):
        tiny_pipeline().sample(canvas(), stop)


def test_a_long_clip_can_be_stopped_between_its_windows_and_what_was_made_stands() -> None:
    wanted = canvas(65)
    total = tiny_pipeline(max_window=4).sample(wanted)

    def stop(step: Step) -> None:
        if step.stage == "denoise" and step.done > step.total // 2:
            raise Cancelled("stopped by the test")

    made = []
    with pytest.raises(Cancelled):
        made.extend(tiny_pipeline(max_window=4).iter_frames(wanted, stop))
    assert made
    assert np.array_equal(np.concatenate(made), total[: sum(map(len, made))])


def test_previews_are_pictures_of_the_canvas() -> None:
    seen: list[np.ndarray] = []
    tiny_pipeline().sample(canvas(9, 70, 100, steps=10), preview=seen.append)
    assert len(seen) == 10 and {picture.shape for picture in seen} == {(1, 70, 100, 3)}


def test_guidance_and_the_negative_prompt_matter() -> None:
    pipeline = tiny_pipeline()
    plain, guided = pipeline.sample(canvas(guidance=1.0)), pipeline.sample(canvas(guidance=6.0))
    assert not np.array_equal(plain, guided)
    assert not np.array_equal(guided, pipeline.sample(canvas(guidance=6.0, negative_prompt="a cat")))


def test_noise_does_not_depend_on_length_or_the_global_seed() -> None:
    short = draw_noise(5, 8, LatentShape(2, 2, 3))
    torch.manual_seed(99)
    assert torch.equal(draw_noise(5, 8, LatentShape(4, 2, 3))[:, :, :2], short)


def test_weights_in_bfloat16_give_nearly_the_same_frames_and_repeat() -> None:
    pipeline = tiny_pipeline()
    exact = pipeline.sample(canvas()).astype(float)
    for model in (pipeline.codec.vae.encoder, pipeline.codec.vae.decoder, pipeline.transformer):
        model.to(torch.bfloat16)
    pipeline.codec.dtype = torch.bfloat16
    half = pipeline.sample(canvas())
    assert np.abs(half - exact).mean() < 4
    assert np.array_equal(half, pipeline.sample(canvas()))


def test_networks_that_were_not_made_for_each_other_are_refused() -> None:
    with pytest.raises(WeightsError, match="latent channels 6, video_vae.safetensors has 8"):
        check_fit(tiny_vae(), tiny_transformer(6), tiny_text_encoder())
    with pytest.raises(WeightsError, match="characters of a layout"):
        check_fit(tiny_vae(), tiny_transformer(layout_classes=5), tiny_text_encoder(), tiny_planner())
    check_fit(tiny_vae(), tiny_transformer(), tiny_text_encoder(), tiny_planner())


def test_steps_in_which_every_frame_waits_are_not_paid_for(rng: np.random.Generator) -> None:
    assert steps_to_wait(torch.tensor([[[0.5]], [[0.5]], [[0.2]], [[0.0]]])) == 1
    assert steps_to_wait(torch.zeros(4, 1, 2)) == 3
    pipeline, seen = tiny_pipeline(), []
    clip = rng.integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    pipeline.sample(canvas(9, steps=10, pins=(Pin(clip, 0, 0.8),)), seen.append)
    done = [step.done for step in seen if step.stage == "denoise"]
    assert 1 < len(done) < 8 and done[-1] == 10


def test_a_clip_that_goes_on_from_latents_begins_with_their_pictures() -> None:
    pipeline, keeper = tiny_pipeline(max_window=4), TailKeeper()
    first = np.concatenate(list(pipeline.iter_frames(canvas(25), tail=keeper)))
    assert keeper.latents is not None and keeper.latents.shape == (8, 3, 2, 2)
    longer = pipeline.sample(canvas(33, seed=2, past=keeper.latents))
    assert len(longer) == 33
    # frames 8 to 24 of the first are frames 0 to 16 of the second; the decoder's memory is warm after a few
    assert np.abs(longer[8:17].astype(int) - first[16:25]).max() <= 1
    assert np.array_equal(longer, pipeline.sample(canvas(33, seed=2, past=keeper.latents)))


def test_a_still_has_no_tail_and_a_short_clip_a_short_one() -> None:
    for num_frames, kept in ((1, None), (9, 1), (17, 2), (41, 3)):
        keeper = TailKeeper()
        assert len(list(tiny_pipeline(max_window=4).iter_frames(canvas(num_frames), tail=keeper)))
        assert (None if keeper.latents is None else keeper.latents.shape[1]) == kept


def test_what_is_painted_is_kept_as_loud_as_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = tiny_pipeline()
    pipeline.transformer = tiny_transformer(prediction="residual")

    def loudest() -> float:
        tail = TailKeeper()
        list(pipeline.iter_frames(canvas(17), tail=tail))
        assert tail.latents is not None
        sizes = torch.as_tensor(tail.latents) / pipeline.transformer.latent_deviation.view(1, -1, 1, 1, 1)
        return float(sizes.square().mean(1).sqrt().amax())

    assert loudest() > 0.1
    monkeypatch.setattr(bounds, "LOUDEST", 0.1)
    assert loudest() == pytest.approx(0.1, rel=1e-3)
