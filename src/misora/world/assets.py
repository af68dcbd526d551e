"""The sprite atlas: every character's animation cycle as small square RGBA frames, built once and checked at every load.

The pictures are Microsoft's animated Fluent emoji, fetched with npm and never committed. Each character is cropped to
the union of its silhouettes over the cycle and placed in a square with its feet on the bottom edge, centred across,
so that the renderer can put the feet where a scene says. Nothing here knows places, physics or captions.

On disk an atlas is ``atlas.zip`` (one WebP strip a character, frames stacked downwards, straight alpha) and
``manifest.json`` (digest, measures, sources, licence).
"""

from __future__ import annotations

import colorsys
import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw

from misora.base.errors import AssetsError, InputError
from misora.base.progress import Progress, Step, silent
from misora.base.settings import load_settings
from misora.world.cast import Character, load_cast
from misora.world.fetching import fetch_animations

FORMAT = 1
ATLAS_FILE, MANIFEST_FILE = "atlas.zip", "manifest.json"
LICENCE, NOTICE = "MIT", "Microsoft Fluent emoji (MIT), packaged for npm by LobeHub (MIT)"
MARGIN = 0.02
VISIBLE_ALPHA = 16
WEBP_QUALITY = {"small": 90, "full": 80}
"""By tier: what keeps the full atlas, 282 characters, under 25 MB."""
WEBP_MAX_SIDE = 16383

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a character's animation came from; ``sha256`` is of the file as it was in the package."""

    package: str
    version: str
    path: str
    sha256: str
    licence: str = LICENCE


@dataclass(frozen=True, slots=True)
class Sprite:
    """One character's cycle.

    Args:
        frames: (N, size, size, 4) uint8 RGBA, straight alpha, evenly spaced over the cycle.
        cycle_seconds: Length of the cycle; 0 for a still picture.
        height_fraction, width_fraction: The silhouette's box (union over the cycle) as a part of the square's side.
    """

    id: str
    frames: Pixels
    cycle_seconds: float
    height_fraction: float
    width_fraction: float
    source: Source


@dataclass(frozen=True, slots=True)
class Atlas:
    """Every sprite as one tensor, ready for sampling.

    Args:
        ids: Character ids; position i is class index i of all the tensors.
        rgba: (C, F, 4, size, size) uint8, **premultiplied** alpha; a cycle shorter than F repeats.
        num_frames: (C,) int64, distinct frames of each cycle, 1 to F.
        cycle_seconds: (C,) float32, 0 for a still picture.
        height_fraction, width_fraction: (C,) float32, the silhouette's box as a part of the square's side;
            the box stands on the bottom edge, centred across.
    """

    ids: tuple[str, ...]
    rgba: torch.Tensor
    num_frames: torch.Tensor
    cycle_seconds: torch.Tensor
    height_fraction: torch.Tensor
    width_fraction: torch.Tensor

    def index(self, character: str) -> int:
        """Class index of ``character``; raises AssetsError when the atlas was built from another cast."""
        if character not in self.ids:
            raise AssetsError(f"character={character!r} is not among the {len(self.ids)} in the sprite atlas; run `misora world build`")
        return self.ids.index(character)


# Building


def build_atlas(out_dir: Path, size: int = 128, frames: int = 24, progress: Progress | None = None, tier: str = "small") -> Path:
    """Fetch the animations of a tier's cast with npm and write the atlas; returns the folder.

    Args:
        out_dir: Made when absent; an atlas already there is replaced only once the new one is whole.
        size: Side of a sprite's square, in pixels.
        frames: Most frames kept of a cycle.
        progress: Told of every character; the packages are about 180 MB each, fetched one at a time and not kept.
    Raises:
        AssetsError: npm is missing or cannot reach the registry, or a package lacks a file.
        InputError: ``size`` x ``frames`` is more than one WebP strip holds.
    """
    if not 0 < size * frames <= WEBP_MAX_SIDE:
        raise InputError(f"frames={frames} x size={size} is outside 1 to {WEBP_MAX_SIDE}; usual: 24 frames of 128 pixels", field="frames")
    report = progress or silent
    cast = load_cast(tier)
    built: dict[str, Sprite] = {}
    for character, data in fetch_animations(cast.values()):
        built[character.id] = build_sprite(character, data, size, frames)
        report(Step("world build", len(built), len(cast)))
    return save_atlas(out_dir, [built[name] for name in cast], WEBP_QUALITY[tier])


def build_sprite(character: Character, data: bytes, size: int, frames: int) -> Sprite:
    """Crop, resample and shrink one animation (``data`` is the file as it came) to at most ``frames`` squares."""
    cycle, cycle_seconds = _decode_cycle(data)
    left, top, right, bottom = _union_box(cycle)
    width, height = right - left, bottom - top
    side = math.ceil(max(width / (1 - 2 * MARGIN), height / (1 - MARGIN)))
    corner = ((left + right - side) // 2, bottom - side)
    kept = [cycle[k * len(cycle) // frames] for k in range(frames)] if len(cycle) > frames else cycle
    return Sprite(
        id=character.id,
        frames=np.stack([_to_square(frame, corner, side, size) for frame in kept]),
        cycle_seconds=cycle_seconds,
        height_fraction=height / side,
        width_fraction=width / side,
        source=Source(character.package, character.version, character.path, hashlib.sha256(data).hexdigest()),
    )


def _decode_cycle(data: bytes) -> tuple[list[Image.Image], float]:
    """Whole RGBA frames and the seconds they last; libwebp has already applied blending and disposal.

    Every file of the cast keeps one duration throughout, so even spacing in frames is even spacing in time.
    """
    with Image.open(io.BytesIO(data)) as image:
        frames, milliseconds = [], 0
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append(image.convert("RGBA"))
            milliseconds += image.info.get("duration", 0)
    return frames, milliseconds / 1000 if len(frames) > 1 else 0.0


def _union_box(cycle: Sequence[Image.Image]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) that holds every visible pixel of the cycle."""
    seen = np.maximum.reduce([np.asarray(frame.getchannel("A")) for frame in cycle]) >= VISIBLE_ALPHA
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _to_square(frame: Image.Image, corner: tuple[int, int], side: int, size: int) -> Pixels:
    """The square of ``side`` at ``corner`` (it may reach past the picture), shrunk to ``size``."""
    left, top = corner
    square = frame.crop((left, top, left + side, top + side))
    # "RGBa" is premultiplied: shrinking it keeps the black under clear pixels out of the outline.
    return np.asarray(square.convert("RGBa").resize((size, size), Image.Resampling.LANCZOS).convert("RGBA"))


# Writing and reading


def save_atlas(out_dir: Path, sprites: Sequence[Sprite], quality: int = WEBP_QUALITY["small"]) -> Path:
    """Write ``atlas.zip``, then ``manifest.json``, whole or not at all; returns ``out_dir``."""
    out_dir.mkdir(parents=True, exist_ok=True)
    archive = _to_archive(sprites, quality)
    manifest = {
        "format": FORMAT,
        "size": sprites[0].frames.shape[1],
        "atlas": {"file": ATLAS_FILE, "sha256": hashlib.sha256(archive).hexdigest(), "bytes": len(archive)},
        "licence": LICENCE,
        "notice": NOTICE,
        "characters": [_to_entry(sprite) for sprite in sprites],
    }
    _write_whole(out_dir / ATLAS_FILE, archive)
    _write_whole(out_dir / MANIFEST_FILE, json.dumps(manifest, indent=1).encode())
    return out_dir


def _to_entry(sprite: Sprite) -> dict[str, object]:
    return {
        "id": sprite.id,
        "frames": len(sprite.frames),
        "cycle_seconds": round(sprite.cycle_seconds, 4),
        "height_fraction": round(sprite.height_fraction, 6),
        "width_fraction": round(sprite.width_fraction, 6),
        "source": asdict(sprite.source),
    }


def _to_archive(sprites: Sequence[Sprite], quality: int) -> bytes:
    """A zip of WebP strips; stored, not deflated, with a fixed date, so that equal sprites give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for sprite in sprites:
            strip = io.BytesIO()
            Image.fromarray(sprite.frames.reshape(-1, *sprite.frames.shape[2:])).save(strip, "WEBP", quality=quality, method=4)
            archive.writestr(zipfile.ZipInfo(f"{sprite.id}.webp"), strip.getvalue())
    return buffer.getvalue()


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)


def atlas_folder(tier: str = "small") -> Path:
    """Where a tier's atlas lies: the folder ``MISORA_ASSETS``, or ``full`` inside it."""
    folder = load_settings().assets
    return folder if tier == "small" else folder / tier


def load_atlas(folder: Path | None = None) -> Atlas:
    """Read and check an atlas; ``folder`` defaults to the setting ``MISORA_ASSETS`` (``./data/stage``).

    Raises:
        AssetsError: It was never built, was built by another version, or its bytes are not those that were recorded.
    """
    folder = load_settings().assets if folder is None else folder
    if not (folder / MANIFEST_FILE).is_file() or not (folder / ATLAS_FILE).is_file():
        build = "misora world build --tier full" if folder.name == "full" else "misora world build"
        raise AssetsError(f"no sprite atlas in {folder}; run `{build}`, or set MISORA_ASSETS to a folder that has one")
    manifest = _read_manifest(folder / MANIFEST_FILE)
    archive = (folder / ATLAS_FILE).read_bytes()
    digest = hashlib.sha256(archive).hexdigest()
    recorded = manifest["atlas"]["sha256"]
    if digest != recorded:
        raise AssetsError(f"{folder / ATLAS_FILE} has sha256 {digest[:12]}…, the manifest says {recorded[:12]}…; run `misora world build`")
    return to_atlas(_from_archive(archive, manifest))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise AssetsError(f"{path} is not JSON ({error}); run `misora world build`") from error
    if manifest.get("format") != FORMAT:
        raise AssetsError(f"{path} is of format {manifest.get('format')}, not {FORMAT}; run `misora world build`")
    return manifest


def _from_archive(archive: bytes, manifest: Mapping[str, Any]) -> list[Sprite]:
    size, sprites = manifest["size"], []
    with zipfile.ZipFile(io.BytesIO(archive)) as strips:
        for entry in manifest["characters"]:
            with Image.open(io.BytesIO(strips.read(f"{entry['id']}.webp"))) as strip:
                frames = np.asarray(strip.convert("RGBA")).reshape(entry["frames"], size, size, 4)
            measures = entry["cycle_seconds"], entry["height_fraction"], entry["width_fraction"]
            sprites.append(Sprite(entry["id"], frames, *measures, source=Source(**entry["source"])))
    return sprites


def to_atlas(sprites: Sequence[Sprite]) -> Atlas:
    """Stack sprites of one size into tensors, premultiplying their alpha and repeating shorter cycles."""
    most = max(len(sprite.frames) for sprite in sprites)
    cycles = [_premultiply(sprite.frames)[np.arange(most) % len(sprite.frames)] for sprite in sprites]

    def column(value: Callable[[Sprite], float]) -> torch.Tensor:
        return torch.tensor([value(sprite) for sprite in sprites], dtype=torch.float32)

    return Atlas(
        ids=tuple(sprite.id for sprite in sprites),
        rgba=torch.from_numpy(np.stack(cycles)).permute(0, 1, 4, 2, 3).contiguous(),
        num_frames=torch.tensor([len(sprite.frames) for sprite in sprites]),
        cycle_seconds=column(lambda sprite: sprite.cycle_seconds),
        height_fraction=column(lambda sprite: sprite.height_fraction),
        width_fraction=column(lambda sprite: sprite.width_fraction),
    )


def _premultiply(frames: Pixels) -> Pixels:
    alpha = frames[..., 3:].astype(np.uint16)
    colour = (frames[..., :3] * alpha + 127) // 255
    return np.concatenate([colour, alpha], axis=-1).astype(np.uint8)


# A tiny cast for tests

TOY_SIZE, TOY_FRAMES = 32, 4


def toy_atlas(ids: Sequence[str] = ("dog", "cat", "car", "ball")) -> Atlas:
    """A drawn atlas of 32x32 pixels and four frames: shapes of distinct colours that bob, with an eye on the left."""
    return to_atlas(toy_sprites(ids))


def toy_sprites(ids: Sequence[str] = ("dog", "cat", "car", "ball")) -> list[Sprite]:
    """The sprites of ``toy_atlas``: every id its own hue, and one of three shapes."""
    return [_toy_sprite(name, index, len(ids)) for index, name in enumerate(ids)]


def _toy_sprite(name: str, index: int, count: int) -> Sprite:
    frames = [_draw_toy(index, index / count, bob) for bob in (0, 1, 2, 1)]
    left, top, right, bottom = _union_box(frames)
    source = Source("toy", "0", name, hashlib.sha256(name.encode()).hexdigest())
    pixels = np.stack([np.asarray(frame) for frame in frames])
    return Sprite(name, pixels, 0.5, (bottom - top) / TOY_SIZE, (right - left) / TOY_SIZE, source)


def _draw_toy(shape: int, hue: float, bob: int) -> Image.Image:
    """One frame; ``bob`` lowers the top by as many pixels while the feet stay on the bottom edge."""
    image = Image.new("RGBA", (TOY_SIZE, TOY_SIZE))
    draw, last = ImageDraw.Draw(image), TOY_SIZE - 1
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.8, 0.9))
    box, fill = (1, 1 + bob, last - 1, last), (red, green, blue, 255)
    if shape % 3 == 0:
        draw.ellipse(box, fill)
    elif shape % 3 == 1:
        draw.rectangle(box, fill)
    else:
        draw.polygon([(TOY_SIZE // 2, 1 + bob), (last - 1, last), (1, last)], fill)
    draw.ellipse((9, 18 + bob, 12, 21 + bob), (20, 20, 20, 255))
    return image
