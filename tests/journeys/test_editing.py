"""One clip through the tools, on tiny weights, each result saved, its lineage read back and replayed bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.replay import read_recipe
from misora.api.storyboard import storyboard_from_clip
from misora.media.stills import write_image

FAST = {"steps": 1, "seed": 5}
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.usefixtures("tiny_weights_in_use")
def test_a_clip_goes_through_every_tool_and_its_lineage_leads_back(tmp_path: Path) -> None:
    first = misora.generate("a dog runs", seconds=0.5, size="64x64", **FAST)
    longer = misora.extend(misora.extend(first, 0.25, **FAST), 0.25, backward=True, **FAST)
    assert np.array_equal(longer.frames[6:18], first.frames)
    parent = longer.save(tmp_path / "longer.mp4")
    made = {
        "remix": misora.remix(parent, "a cat jumps", "strong", start=0.25, box=(0, 0, 32, 64), **FAST),
        "restyle": misora.restyle(parent, "film-noir", **FAST),
        "fill": misora.fill(parent, 0.25, 0.5, **FAST),
        "loop": misora.loop(parent, "short", **FAST),
        "connect": misora.connect(parent, first, 0.25, prompt="a dog runs, then a cat jumps", **FAST),
        "blend": misora.blend(parent, first, "mix", **FAST),
        "recut": misora.recut(parent, ["0.5-1", "gap:0.25", "0-0.5"], **FAST),
        "reframe": misora.reframe(parent, aspect="3:2", **FAST),
    }
    for name, video in made.items():
        saved = video.save(tmp_path / f"{name}.mp4")
        recipe = read_recipe(saved)
        assert recipe.edit is not None and recipe.edit["tool"] == name
        assert np.array_equal(misora.replay(saved, images=[parent, first]).frames, video.frames), name
    assert len(made["connect"].recipe.spans) == 2  # a moment each
    board, _ = storyboard_from_clip(parent)
    assert board.seconds is None and board.cards[0].clip == "longer.mp4"


@pytest.mark.usefixtures("tiny_weights_in_use")
def test_the_example_storyboard_becomes_a_film_of_three_shots_with_a_bridge_two_cuts_and_a_picture(tmp_path: Path) -> None:
    story = (EXAMPLES / "story.yaml").read_text(encoding="utf-8").replace("size: 416x240", "size: 96x64")
    (tmp_path / "story.yaml").write_text(story, encoding="utf-8")
    shutil.copy(EXAMPLES / "meadow.png", tmp_path)
    film = misora.storyboard(tmp_path / "story.yaml", steps=1)
    assert film.frames.shape == (180, 64, 96, 3)
    saved = film.save(tmp_path / "film.mp4")
    assert np.array_equal(misora.replay(saved, images=[tmp_path / "meadow.png"]).frames, film.frames)
    # The last shot begins with the picture as the autoencoder sees it: another picture there, and that shot alone is another.
    write_image(tmp_path / "meadow.png", np.zeros((64, 96, 3), np.uint8))
    changed = np.abs(misora.storyboard(tmp_path / "story.yaml", steps=1).frames.astype(int) - film.frames).mean((1, 2, 3))
    assert changed[:132].max() == 0 < changed[132]
