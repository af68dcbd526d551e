"""The atlas on disk and in memory, on drawn sprites: no npm, no network."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from misora.base.errors import AssetsError, InputError
from misora.world import assets
from misora.world.assets import ATLAS_FILE, MANIFEST_FILE, build_sprite, load_atlas, save_atlas, to_atlas, toy_atlas, toy_sprites
from misora.world.cast import load_cast

DOG = load_cast()["dog"]


def animation(boxes: list[tuple[int, int, int, int]], milliseconds: int = 40) -> bytes:
    """A lossless 64x64 WebP with one orange ellipse a frame, filling the box (left, top, right, bottom).

    Not a rectangle: the encoder would crop each frame to it, find no clear pixel, and drop the alpha channel.
    """
    frames = []
    for box in boxes:
        frame = Image.new("RGBA", (64, 64))
        ImageDraw.Draw(frame).ellipse((box[0], box[1], box[2] - 1, box[3] - 1), (255, 128, 0, 255))
        frames.append(frame)
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=len(frames) > 1, append_images=frames[1:], duration=milliseconds, loop=0, lossless=True)
    return file.getvalue()


def test_round_trip_keeps_ids_measures_and_pixels(tmp_path: Path) -> None:
    atlas, toy = load_atlas(save_atlas(tmp_path / "stage", toy_sprites())), toy_atlas()
    assert atlas.ids == toy.ids == ("dog", "cat", "car", "ball")
    for name in ("num_frames", "cycle_seconds", "height_fraction", "width_fraction"):
        assert torch.allclose(getattr(atlas, name), getattr(toy, name))
    assert torch.equal(atlas.rgba[:, :, 3], toy.rgba[:, :, 3]), "alpha is stored without loss"
    assert (atlas.rgba.float() - toy.rgba.float()).abs().mean() < 4


def test_equal_sprites_give_equal_bytes_and_the_manifest_says_whence(tmp_path: Path) -> None:
    first, second = save_atlas(tmp_path / "a", toy_sprites()), save_atlas(tmp_path / "b", toy_sprites())
    assert (first / ATLAS_FILE).read_bytes() == (second / ATLAS_FILE).read_bytes()
    manifest = json.loads((first / MANIFEST_FILE).read_bytes())
    assert manifest["licence"] == "MIT" and "Microsoft Fluent emoji" in manifest["notice"]
    assert all(set(entry["source"]) == {"package", "version", "path", "sha256", "licence"} for entry in manifest["characters"])


def test_an_absent_atlas_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(AssetsError, match="misora world build"):
        load_atlas(tmp_path)


def test_the_folder_comes_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISORA_ASSETS", str(save_atlas(tmp_path, toy_sprites(["car"]))))
    assert load_atlas().ids == ("car",)


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    save_atlas(tmp_path, toy_sprites())
    data = bytearray((tmp_path / ATLAS_FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / ATLAS_FILE).write_bytes(data)
    with pytest.raises(AssetsError, match=r"sha256.*misora world build"):
        load_atlas(tmp_path)


@pytest.mark.parametrize(("text", "words"), [("{", "not JSON"), ('{"format": 0}', "format 0, not 1")])
def test_a_manifest_that_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    save_atlas(tmp_path, toy_sprites()).joinpath(MANIFEST_FILE).write_text(text)
    with pytest.raises(AssetsError, match=words):
        load_atlas(tmp_path)


def test_colours_are_premultiplied() -> None:
    rgba = toy_atlas().rgba
    assert rgba.shape == (4, 4, 4, 32, 32) and rgba.dtype == torch.uint8
    assert (rgba[:, :, :3] <= rgba[:, :, 3:]).all()


def test_toys_differ_move_and_stand_on_the_bottom_edge() -> None:
    rgba = toy_atlas().rgba.int()
    assert (rgba[:, 0] - rgba[:, 2]).abs().sum(dim=(1, 2, 3)).min() > 0
    assert all((rgba[i] - rgba[j]).abs().float().mean() > 5 for i in range(4) for j in range(i))
    assert (rgba[:, :, 3, -1].amax(dim=-1) == 255).all()


def test_a_cycle_is_cropped_to_its_union_and_stands_on_its_feet() -> None:
    # The ellipse moves by 10 across and 4 up: the union is 30 wide and 24 high, in a square of 32.
    sprite = build_sprite(DOG, animation([(10, 30, 30, 50), (20, 26, 40, 46)]), size=32, frames=24)
    assert sprite.frames.shape == (2, 32, 32, 4) and sprite.cycle_seconds == pytest.approx(0.08)
    assert sprite.width_fraction == pytest.approx(30 / 32) and sprite.height_fraction == pytest.approx(24 / 32)
    seen = sprite.frames[..., 3].max(axis=0) > 0
    assert np.flatnonzero(seen.any(axis=1)).tolist() == list(range(8, 32))
    assert np.flatnonzero(seen.any(axis=0)).tolist() == list(range(1, 31))


def test_shrinking_leaves_no_dark_outline() -> None:
    frame = build_sprite(DOG, animation([(7, 9, 50, 57)]), size=16, frames=24).frames[0]
    edge = frame[(frame[..., 3] > 40) & (frame[..., 3] < 250)]
    assert len(edge) and (edge[:, 0] > 245).all(), "orange stays orange where it is half clear"


def test_long_cycles_are_thinned_evenly_and_short_ones_repeat() -> None:
    long = build_sprite(DOG, animation([(8 + k, 20, 30 + k, 40) for k in range(12)]), size=16, frames=4)
    still = build_sprite(DOG, animation([(8, 20, 30, 40)]), size=16, frames=4)
    centres = [(frame[..., 3] * np.arange(16.0)).sum() / frame[..., 3].sum() for frame in long.frames.astype(float)]
    assert np.ptp(np.diff(centres)) < 0.15 and long.cycle_seconds == pytest.approx(0.48)
    atlas = to_atlas([long, still])
    assert atlas.num_frames.tolist() == [4, 1] and atlas.cycle_seconds[1] == 0
    assert (atlas.rgba[1] == atlas.rgba[1, :1]).all()


def test_a_character_of_another_cast_is_refused() -> None:
    assert toy_atlas().index("cat") == 1
    with pytest.raises(AssetsError, match=r"unicorn.*misora world build"):
        toy_atlas().index("unicorn")


def test_building_without_npm_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssetsError, match=r"install Node\.js"):
        assets.build_atlas(tmp_path)


def test_a_failing_npm_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'E404 no such package' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssetsError, match="E404 no such package"):
        assets.build_atlas(tmp_path / "out")


def test_a_strip_too_long_for_webp_is_refused_before_any_fetching(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="16383"):
        assets.build_atlas(tmp_path, size=512, frames=64)
