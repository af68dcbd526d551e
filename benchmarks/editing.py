"""What the editing tools promise, measured: seams, colour drift over chained extensions, pins, remix strengths; and a sheet to look at.

    python benchmarks/editing.py [--clips 4] [--size 256x256] [--extensions 10] [--steps 25] [--sheet docs/pictures/editing.webp]

The clips are the stage's own, so the source is sharper than anything the model makes: the hardest case for a seam. Needs the sprite atlas
(misora world build). Blend and remix against what they show are judged by the critic, and so wait for its weights.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from machine import facts, markdown

import misora
from misora.api.generate import resident_pipeline
from misora.base.canvas import Frames
from misora.base.recipe import Recipe
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, parse_size
from misora.editing.remix import STRENGTHS
from misora.media.contact_sheet import write_contact_sheet
from misora.world.assets import load_atlas
from misora.world.captions import canonical_caption
from misora.world.casting import Casting, sample_scene
from misora.world.render import Renderer

SEAM_TIMES = 1.5
DRIFT_LEVELS = 3.0


def stage_clips(count: int, size: str) -> Iterator[misora.Video]:
    """Two seconds each, with the caption in a recipe, as if Misora had made them."""
    height, width = parse_size(size)
    shape, rng = VideoShape(48, height, width, 24.0), random.Random("editing")
    renderer = Renderer(load_atlas(load_settings().assets))
    casting = Casting(renderer.atlas.ids, aspect=width / height, height=height, seconds=shape.seconds)
    for _ in range(count):
        scene = sample_scene(casting, rng)
        caption = canonical_caption(scene, "en")
        yield misora.Video(renderer.render(scene, shape).frames.numpy(), 24.0, Recipe(caption, caption, shape, 0, 0, 0, "stage"))


def changes(frames: Frames) -> np.ndarray:
    """Mean difference of each frame from the one before, in levels of 255."""
    return np.abs(np.diff(frames.astype(np.int16), axis=0)).mean((1, 2, 3))


def seam(video: misora.Video, joints: list[int]) -> float:
    """The largest change at a joint, in medians of the clip's own."""
    steps = changes(np.concatenate([video.frames, video.frames[:1]]))
    return max(float(steps[joint - 1]) for joint in joints) / max(0.1, float(np.median(steps)))


def seams(clips: list[misora.Video], options: dict[str, int]) -> Iterator[tuple[str, list[float], Frames]]:
    """Each tool that joins: its seams, and the first clip's result."""
    tools = {
        "extend": (lambda clip: misora.extend(clip, 1.0, **options), [48]),
        "extend backward": (lambda clip: misora.extend(clip, 1.0, backward=True, **options), [24]),
        "fill": (lambda clip: misora.fill(clip, 0.75, 1.25, **options), [18, 30]),
        "loop": (lambda clip: misora.loop(clip, **options), [48, 72]),
    }
    for name, (make, joints) in tools.items():
        made = [make(clip) for clip in clips]
        print(f"{name} done", file=sys.stderr)
        yield name, [seam(video, joints) for video in made], made[0].frames


def drift(clip: misora.Video, extensions: int, how: str, options: dict[str, int]) -> float:
    """Distance of the last second's mean colour from the first's, in levels, after ``extensions`` of two seconds."""
    first = clip.frames[:24].mean((0, 1, 2))
    video = replace(clip, frames=clip.frames[-24:])
    for number in range(extensions):
        if how == "last frame":
            shape = {"size": (clip.frames.shape[2], clip.frames.shape[1]), "seconds": 2.0, "rewrite": False}
            video = misora.generate(clip.recipe.caption, image=video.frames[-1], **shape, **(options | {"seed": number}))
        else:
            source = video if how == "latents" else replace(video, tail=None)
            longer = misora.extend(source, 2.0, **(options | {"seed": number}))
            video = replace(longer, frames=longer.frames[-24:])
    return float(np.abs(video.frames[-24:].mean((0, 1, 2)) - first).max())


def pins(clip: misora.Video, options: dict[str, int]) -> tuple[float, float]:
    """PSNR of a pinned first frame as it comes back, and of the autoencoder's own reconstruction of it."""
    codec = resident_pipeline(load_settings()).codec
    own = next(codec.decode([codec.encode(clip.frames[:1])]))[0]
    size = (clip.frames.shape[2], clip.frames.shape[1])
    made = misora.generate(clip.recipe.caption, image=clip.frames[0], size=size, seconds=0.7, rewrite=False, **options).frames[0]
    return psnr(made, clip.frames[0]), psnr(own, clip.frames[0])


def remixes(clips: list[misora.Video], strength: str, options: dict[str, int]) -> tuple[list[float], Frames]:
    """How far each clip moves towards the next one's caption, in levels, and the first clip's result."""
    captions = [clip.recipe.caption for clip in [*clips[1:], clips[0]]]
    made = [misora.remix(clip, said, strength, rewrite=False, **options).frames for clip, said in zip(clips, captions, strict=True)]
    print(f"remix {strength} done", file=sys.stderr)
    return [float(np.abs(one.astype(np.int16) - clip.frames).mean()) for one, clip in zip(made, clips, strict=True)], made[0]


def psnr(first: Frames, second: Frames) -> float:
    error = float(np.square(first.astype(np.float32) - second).mean())
    return 10 * np.log10(255**2 / max(error, 1e-3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--extensions", type=int, default=10)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--sheet", help="also draw a contact sheet of every tool on the first clip")
    args = parser.parse_args()
    options = {"steps": args.steps, "seed": 1}
    clips = list(stage_clips(args.clips, args.size))
    rows, sheet = [["what", "result", "aim", "N"]], {"the stage's clip": clips[0].frames}
    for name, found, frames in seams(clips, options):
        rows.append([f"seam, {name}", spread(found, "x"), f"at most {SEAM_TIMES}x", str(len(found))])
        sheet[name] = frames
    own = [made - ours for made, ours in (pins(clip, options) for clip in clips)]
    rows.append(["pinned frame against the autoencoder's own", spread(own, " dB"), "within 0.5 dB", str(len(own))])
    for name in STRENGTHS:
        found, frames = remixes(clips, name, options)
        rows.append([f"remix {name}: distance to the source", spread(found, " levels"), "rises", str(len(found))])
        sheet[f"remix, {name}"] = frames
    for how in ("latents", "pictures", "last frame") if args.extensions else ():
        found = [drift(clip, args.extensions, how, options) for clip in clips]
        what = f"colour after {args.extensions} extensions of 2 s, by {how}"
        rows.append([what, spread(found, " levels"), f"within {DRIFT_LEVELS:g}", str(len(found))])
        print(f"drift by {how} done", file=sys.stderr)
    print(f"{facts()}; `python {' '.join(sys.argv)}`\n\n{markdown(rows)}")
    if args.sheet:
        sheet |= others(clips, options)
        write_contact_sheet(args.sheet, list(sheet.values()), columns=8, cell_height=96, labels=list(sheet))
        print(args.sheet)


def others(clips: list[misora.Video], options: dict[str, int]) -> dict[str, Frames]:
    """The tools that have no figure of their own yet, on the first clip."""
    first, second = clips[0], clips[1 % len(clips)]
    height, width = first.frames.shape[1:3]
    return {
        "connect": misora.connect(first, second, 1.0, **options).frames,
        "remix in a box": misora.remix(first, second.recipe.caption, "strong", box=(width // 2, 0, width, height), **options).frames,
        "restyle, film-noir": misora.restyle(first, "film-noir", **options).frames,
        "re-cut": misora.recut(first, ["1-2", "gap:0.5", "0-1"], **options).frames,
        "blend": misora.blend(first, second, **options).frames,
        "reframe": misora.reframe(first, size=f"{width * 3 // 2}x{height}", **options).frames,
    }


def spread(values: list[float], unit: str) -> str:
    """``median (least to most)``."""
    return f"{statistics.median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
