"""One clip through the tools, on tiny weights, each result saved, its lineage read back and replayed bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.replay import read_recipe
from misora.api.storyboard import storyboard_from_clip

FAST = {"steps": 1, "seed": 5}


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
        "blend": misora.blend(parent, first, "mix", **FAST),
        "recut": misora.recut(parent, ["0.5-1", "gap:0.25", "0-0.5"], **FAST),
        "reframe": misora.reframe(parent, aspect="3:2", **FAST),
    }
    for name, video in made.items():
        saved = video.save(tmp_path / f"{name}.mp4")
        recipe = read_recipe(saved)
        assert recipe.edit is not None and recipe.edit["tool"] == name
        assert np.array_equal(misora.replay(saved, images=[parent, first]).frames, video.frames), name
    board, _ = storyboard_from_clip(parent)
    assert board.seconds is None and board.cards[0].clip == "longer.mp4"
