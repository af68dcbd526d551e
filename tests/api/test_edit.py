"""Editing on tiny weights: what is kept stays bit for bit, what is made follows the seed, and the recipe makes it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import misora
from misora.api.edit import Choices, prepare_edit
from misora.api.sources import read_source
from misora.base.errors import InputError
from misora.editing.extend import Extend
from misora.media.encode import write_video
from misora.media.stills import write_image

OPTIONS = {"steps": 2, "seed": 3, "prompt": "a dog runs"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    rng = np.random.default_rng(7)
    drift = rng.integers(0, 200, (1, 64, 64, 3)) + np.arange(20)[:, None, None, None]
    write_video(path, drift.astype(np.uint8), 24.0)
    return path


def same(first: np.ndarray, second: np.ndarray) -> bool:
    return np.array_equal(first, second)


def test_extend_keeps_the_clip_and_adds_frames(clip: Path) -> None:
    frames = read_source(clip).footage.frames
    longer = misora.extend(clip, 0.5, **OPTIONS)
    assert len(longer.frames) == 32 and same(longer.frames[:20], frames)
    earlier = misora.extend(clip, 0.5, backward=True, **OPTIONS)
    assert len(earlier.frames) == 32 and same(earlier.frames[12:], frames)
    assert not same(longer.frames[20:], misora.extend(clip, 0.5, **(OPTIONS | {"seed": 4})).frames[20:])


def test_the_moments_of_a_prompt_share_the_new_frames_and_replay_says_them_again(clip: Path) -> None:
    prompt = "a dog runs to the right on the beach, then it jumps"
    longer = misora.extend(clip, 1.0, prompt=prompt, steps=2, seed=3)
    prepared = prepare_edit(Extend(1.0), [clip], Choices(prompt, 3, 2))
    (canvas,) = prepared.plan.canvases
    first, second = canvas.spans
    free = canvas.shape.num_frames - 24
    assert first.end == second.start and (first.start, second.start) == pytest.approx((free / 24, free / 24 + 0.5))
    assert "run" in first.caption.lower() and "jump" in second.caption.lower()
    assert [span.caption for span in longer.recipe.spans] == [first.caption, second.caption]
    assert same(misora.replay(longer.recipe, images=[clip]).frames, longer.frames)


def test_an_edit_may_be_painted_without_a_plan(clip: Path) -> None:
    assert [prepare_edit(Extend(), [clip], Choices("a dog", planned=planned)).plan.canvases[0].planned for planned in (True, False)] == [
        True,
        False,
    ]
    free = misora.extend(clip, 0.5, plan=False, **OPTIONS)
    assert "planner" not in free.recipe.weights and same(misora.replay(free.recipe, images=[clip]).frames, free.frames)


def test_a_clip_of_variable_rate_is_held_at_a_constant_one_and_says_so(tmp_path: Path) -> None:
    pictures = [Image.fromarray(np.full((64, 64, 3), level, np.uint8)) for level in range(0, 200, 20)]
    pictures[0].save(tmp_path / "uneven.gif", save_all=True, append_images=pictures[1:], duration=[40, 40, 200] + [40] * 7)
    plan = prepare_edit(Extend(), [tmp_path / "uneven.gif"], Choices("a dog", 3)).plan
    assert plan.notes == ("uneven.gif has pictures of unequal length; they are held at 25 frames a second",)


def test_nobody_or_somebody_else_may_rewrite(clip: Path) -> None:
    assert prepare_edit(Extend(), [clip], Choices("a dog", rewrite_prompt="off")).scene.caption == "a dog"
    with pytest.raises(InputError, match="MISORA_CHAT_URL"):
        prepare_edit(Extend(), [clip], Choices("a dog", rewrite_prompt="chat"))


def test_fill_changes_the_hole_alone(clip: Path) -> None:
    frames = read_source(clip).footage.frames
    filled = misora.fill(clip, 0.25, 0.5, **OPTIONS)
    assert same(filled.frames[:6], frames[:6]) and same(filled.frames[12:], frames[12:])
    assert not same(filled.frames[6:12], frames[6:12])


def test_connect_and_loop_keep_what_they_are_given(clip: Path) -> None:
    frames = read_source(clip).footage.frames
    joined = misora.connect(clip, clip, 0.25, **OPTIONS)
    assert same(joined.frames[:20], frames) and same(joined.frames[26:], frames)
    looped = misora.loop(clip, 0.5, **OPTIONS)
    assert same(looped.frames[:20], frames) and len(looped.frames) == 32


def test_remix_changes_the_window_and_the_mask_alone(clip: Path, tmp_path: Path) -> None:
    frames = read_source(clip).footage.frames
    options = {"steps": 4, "seed": 3}
    window = misora.remix(clip, "a cat", "strong", start=0.25, end=0.5, **options)
    assert same(window.frames[:6], frames[:6]) and same(window.frames[12:], frames[12:]) and not same(window.frames[9], frames[9])
    write_image(tmp_path / "mask.png", np.where(np.arange(64)[:, None, None] < 32, 0, 255).repeat(64, 1).repeat(3, 2).astype(np.uint8))
    for made in (
        misora.remix(clip, "a cat", "strong", box=(0, 32, 64, 64), **options),
        misora.remix(clip, "a cat", "strong", mask=tmp_path / "mask.png", **options),
    ):
        assert same(made.frames[:, :32], frames[:, :32]) and not same(made.frames[:, 50:], frames[:, 50:])
    assert [one.role for one in made.recipe.inputs] == ["parent", "mask"]
    assert same(misora.replay(made.recipe, images=[tmp_path / "mask.png", clip]).frames, made.frames)


def test_a_stronger_remix_is_farther_from_the_source(clip: Path) -> None:
    frames = read_source(clip).footage.frames.astype(float)
    made = [misora.remix(clip, "a cat", strength, steps=8, seed=3).frames for strength in (0.0, "subtle", "mild", "strong")]
    distances = [np.abs(one - frames).mean() for one in made]
    assert distances == sorted(distances) and len(set(distances)) == 4


def test_recut_keeps_stretches_and_makes_gaps_with_words_of_their_own(clip: Path) -> None:
    frames = read_source(clip).footage.frames
    made = misora.recut(clip, ["0.5-0.75", "gap:0.25:a cat jumps", "0-0.25"], **OPTIONS)
    assert same(made.frames[:6], frames[12:18]) and len(made.frames) == 18 and same(made.frames[12:], frames[:6])
    assert made.recipe.edit is not None and made.recipe.edit["pieces"][1]["text"].startswith("A cat jumps")
    assert same(misora.replay(made.recipe, images=[clip]).frames, made.frames)


def test_blend_begins_as_one_clip_and_ends_as_the_other(clip: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "other.mp4", np.full((20, 64, 64, 3), 230, np.uint8), 24.0)
    made = misora.blend(clip, tmp_path / "other.mp4", [(0, 0), (0.2, 0), (0.6, 1)], **OPTIONS)
    assert same(made.frames[:4], read_source(clip).footage.frames[:4])
    assert same(made.frames[16:], read_source(tmp_path / "other.mp4").footage.frames[16:])
    assert same(misora.replay(made.recipe, images=[tmp_path / "other.mp4", clip]).frames, made.frames)


def test_reframe_keeps_the_clip_inside_its_frame(clip: Path) -> None:
    made = misora.reframe(clip, size="128x64", **OPTIONS)
    assert made.frames.shape == (20, 64, 128, 3) and same(made.frames[:, :, 32:96], read_source(clip).footage.frames)
    assert made.frames[:, :, :32].std() > 1
    assert same(misora.replay(made.recipe, images=[clip]).frames, made.frames)


def test_restyle_takes_a_preset_and_no_other_tool_does(clip: Path) -> None:
    made = misora.restyle(clip, "film-noir", prompt="a dog runs", steps=2, seed=3)
    assert made.recipe.preset == "film-noir" and made.recipe.grade
    plain = misora.restyle(clip, prompt="a dog runs", steps=2, seed=3)
    assert np.ptp(made.frames.astype(int), axis=-1).mean() < np.ptp(plain.frames.astype(int), axis=-1).mean()
    assert same(misora.replay(made.recipe, images=[clip]).frames, made.frames)
    with pytest.raises(InputError, match="preset and prompt are missing"):
        misora.restyle(clip)
    with pytest.raises(InputError, match="extend keeps frames as they were and takes no preset; use restyle"):
        prepare_edit(Extend(), [clip], Choices("a dog", preset="film-noir"))


def test_a_player_is_looked_for_by_the_critic(clip: Path, tiny_weights: Path) -> None:
    with pytest.raises(misora.MisoraError, match="critic"):
        misora.remix(clip, "a cat", player="the dog", steps=1)
    with pytest.raises(InputError, match="player and mask are both given"):
        misora.remix(clip, "a cat", player="the dog", mask=clip)


def test_the_recipe_names_parents_and_replays_bit_for_bit(clip: Path, tmp_path: Path) -> None:
    longer = misora.extend(clip, 0.25, **OPTIONS)
    parent = read_source(clip).sha256
    assert longer.recipe.edit == {"tool": "extend", "seconds": 0.25, "backward": False}
    assert [(one.role, one.sha256) for one in longer.recipe.inputs] == [("parent", parent)]
    saved = longer.save(tmp_path / "longer.mp4")
    again = misora.replay(saved, images=[clip])
    assert same(again.frames, longer.frames) and again.recipe == longer.recipe
    with pytest.raises(InputError, match=r"the parent \(sha256 .*\) is needed and none was given; add it with --image"):
        misora.replay(saved)


def test_a_video_that_is_in_no_file_is_a_parent_too() -> None:
    video = misora.generate("a dog runs", seconds=0.4, size="64x64", steps=2, seed=1)
    longer = misora.extend(video, 0.25, steps=2)
    assert same(longer.frames[:10], video.frames) and longer.recipe.caption == video.recipe.caption
    assert same(misora.replay(longer.recipe, images=[video]).frames, longer.frames)
    with pytest.raises(InputError, match="an array has no rate"):
        misora.replay(longer.recipe, images=[video.frames])


def test_the_prompt_is_taken_from_the_clips_recipe_or_asked_for(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"prompt is missing, and clip\.mp4 carries no recipe") as caught:
        misora.extend(clip)
    assert caught.value.field == "prompt"
    with pytest.raises(InputError, match="prompt is empty"):
        misora.extend(clip, prompt=" ")
    bare = prepare_edit(Extend(), [clip], Choices("a dog", rewrite_prompt=False))
    assert bare.scene.caption == "a dog" and bare.prompt == "a dog"


def test_a_picture_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", np.full((64, 64, 3), 90, np.uint8))
    video = misora.extend(tmp_path / "a.png", 0.25, **OPTIONS)
    assert video.frames.shape == (7, 64, 64, 3) and (video.frames[0] == 90).all()


def test_the_wrong_number_or_kind_of_clips_is_refused(clip: Path) -> None:
    with pytest.raises(InputError, match="extend takes 1 clip, 2 given"):
        misora.edit(Extend(), [clip, clip], "a dog")
    with pytest.raises(InputError, match="a clip is a file or a misora.Video, not a ndarray"):
        misora.extend(np.zeros((9, 64, 64, 3), np.uint8), prompt="a dog")  # type: ignore[arg-type]


def test_steps_of_several_parts_count_as_one_job(clip: Path) -> None:
    from misora.api.edit import in_all

    assert in_all(misora.Step("denoise", 2, 4), 1, 3) == misora.Step("denoise", 6, 12)
    seen: list[misora.Step] = []
    misora.extend(clip, 0.25, progress=seen.append, **OPTIONS)
    assert [(step.done, step.total) for step in seen if step.stage == "denoise"] == [(1, 2), (2, 2)]
