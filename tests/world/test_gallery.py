"""The gallery shows everything once, and its page names only files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from misora.world import gallery as module
from misora.world.assets import toy_atlas
from misora.world.gallery import Gallery, write_gallery
from misora.world.motions import MOTIONS
from misora.world.render import Renderer
from misora.world.tier import FULL

IDS = ("dog", "ginger_cat", "car", "ball", "duck", "bird", "leafy_tree", "swan")


@pytest.fixture
def small_gallery(monkeypatch: pytest.MonkeyPatch) -> Gallery:
    """Real sheets of toy sprites, two frames a clip."""
    for name in ("CLIP", "FILM", "CELL"):
        monkeypatch.setattr(module, name, module.VideoShape(1 if name == "CELL" else 2, 64, 64, 8))
    monkeypatch.setattr(module, "FILMS", 2)
    monkeypatch.setattr(module, "FILMS", 2)
    return Gallery(Renderer(toy_atlas(IDS)), seed=1)


def test_the_page_shows_every_sheet(small_gallery: Gallery, tmp_path: Path) -> None:
    steps = []
    page = write_gallery(tmp_path / "page", small_gallery, steps.append)
    shown = re.findall(r'src="([\w.]+)"', page.read_text())
    assert sorted(shown) == sorted(path.name for path in page.parent.glob("*.webp"))
    assert set(shown) == {f"{name}.webp" for name in ("films", "cast", "places", "weather", "motions", "duets", "cameras", "colours")}
    assert steps[-1].done == steps[-1].total == len(shown)


def test_there_is_a_row_for_everything(small_gallery: Gallery) -> None:
    row = small_gallery.films().picture.shape[0] / 2
    assert small_gallery.motions().picture.shape[0] > (len(MOTIONS) - 1) * (row - 6)
    assert small_gallery.cameras().picture.shape[0] > (len(FULL.camera_moves) - 1) * (row - 6)


def test_the_same_seed_makes_the_same_sheet(small_gallery: Gallery) -> None:
    assert np.array_equal(small_gallery.films().picture, small_gallery.films().picture)
