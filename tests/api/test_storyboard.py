"""Storyboards on tiny weights: a film with a cut, a bridge, a picture and a clip; and a clip's shots as cards again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.storyboard import storyboard_from_clip
from misora.base.errors import InputError
from misora.editing.storyboard.file import write_storyboard
from misora.editing.storyboard.records import Card, Storyboard
from misora.media.decode import read_video
from misora.media.encode import write_video
from misora.media.stills import write_image

STORY = """\
format: misora/storyboard/1
size: 64x64
seed: 3
steps: 1
characters: {rex: a dog}
cards:
  - {at: 0, text: "{rex} runs in Narnia"}
  - {at: 0.5, text: "{rex} jumps"}
  - {at: 0.75, transition: cut, image: first.png, text: a cat walks}
  - {at: 1.25, clip: clip.mp4, out: 0.25}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_image(tmp_path / "first.png", np.full((80, 80, 3), 90, np.uint8))
    flat = np.repeat(np.array([[20], [220]], np.uint8), 12, axis=0).reshape(24, 1, 1, 1)
    write_video(tmp_path / "clip.mp4", np.broadcast_to(flat, (24, 64, 64, 3)), 24.0)
    (tmp_path / "story.yaml").write_text(STORY)
    return tmp_path


def test_a_file_becomes_a_film_that_replays(folder: Path) -> None:
    film = misora.storyboard(folder / "story.yaml")
    assert film.frames.shape == (36, 64, 64, 3) and film.unknown_words == ("Narnia",)
    assert film.recipe.seed == 3 and film.recipe.steps == 1 and film.recipe.prompt == "a dog runs in Narnia"
    assert [one.role for one in film.recipe.inputs] == ["card", "card"]
    saved = film.save(folder / "film.mp4")
    again = misora.replay(saved, images=[folder / "clip.mp4", folder / "first.png"])
    assert np.array_equal(again.frames, film.frames) and again.recipe == film.recipe
    other = misora.storyboard(folder / "story.yaml", seed=4)
    assert not np.array_equal(other.frames[:30], film.frames[:30]) and np.array_equal(other.frames[30:], film.frames[30:])


def test_a_record_needs_no_file() -> None:
    board = Storyboard((Card(0, "a dog runs"), Card(0.5, "a cat", seconds=0.25)), 64, 64, steps=1)
    assert misora.storyboard(board).frames.shape == (18, 64, 64, 3)


def test_a_preset_is_laid_over_the_whole_film_and_replays(folder: Path) -> None:
    board = Storyboard((Card(0, "a dog runs", image="first.png"),), 64, 64, seconds=0.25, steps=1, seed=2, preset="film-noir")
    (folder / "noir.yaml").write_text(write_storyboard(board))
    film = misora.storyboard(folder / "noir.yaml")
    assert film.recipe.preset == "film-noir"
    plain = misora.storyboard(replace(board, preset="", cards=(Card(0, "a dog runs", image=str(folder / "first.png")),)))
    assert colourfulness(film.frames) < 0.5 * colourfulness(plain.frames)
    saved = film.save(folder / "noir.mp4")
    assert np.array_equal(misora.replay(saved, images=[folder / "first.png"]).frames, film.frames)


def colourfulness(frames: np.ndarray) -> float:
    """Mean difference of red and blue, in levels."""
    return float(np.abs(frames[..., 0].astype(np.int16) - frames[..., 2]).mean())


def test_a_preset_and_a_clip_that_is_kept_are_refused(folder: Path) -> None:
    (folder / "noir.yaml").write_text(STORY.replace("seed: 3", "preset: film-noir"))
    with pytest.raises(InputError, match=r"cards\[3\] keeps its clip as it was, and a preset changes every frame"):
        misora.storyboard(folder / "noir.yaml")


def test_a_clip_becomes_cards_whose_film_is_the_clip(folder: Path) -> None:
    board, said = storyboard_from_clip(folder / "clip.mp4")
    assert [(card.at, card.text) for card in board.cards] == [(0.0, ""), (0.5, "")]
    assert said == "the texts are empty: there is no critic to read the frames; write what is seen"
    (folder / "again.yaml").write_text(write_storyboard(board))
    assert np.array_equal(misora.storyboard(folder / "again.yaml").frames, read_video(folder / "clip.mp4").frames)


def test_a_clip_of_one_shot_keeps_the_caption_of_its_recipe(folder: Path) -> None:
    video = misora.generate("a dog runs", seconds=0.25, size="64x64", steps=1, seed=1)
    board, said = storyboard_from_clip(video.save(folder / "own.mp4"))
    assert "the clip's own recipe" in said or len(board.cards) > 1
    assert board.cards[0].text in (video.recipe.caption, "")


def test_a_critic_reads_each_shot(folder: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from tiny import write_tiny_parsers

    monkeypatch.setenv("MISORA_WEIGHTS", str(write_tiny_parsers(Path(shutil.copytree(tiny_weights, tmp_path / "w")))))
    board, said = storyboard_from_clip(folder / "clip.mp4")
    assert said.startswith("the texts are the critic's reading") and len(board.cards) == 2


def test_a_picture_is_no_clip(folder: Path) -> None:
    with pytest.raises(misora.InputError, match="first.png is a picture, not a clip"):
        storyboard_from_clip(folder / "first.png")
