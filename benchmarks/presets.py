"""One clip of the stage under every preset, as a contact sheet, and what each costs a frame.

    python benchmarks/presets.py [--out docs/pictures/presets.webp] [--frames 24]

Needs the stage (`misora world build`), not the weights: the grades are seen on a clean picture. One thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from misora.base.shapes import VideoShape
from misora.media.contact_sheet import write_contact_sheet
from misora.media.grade import NEUTRAL, grade_frames
from misora.prompting.presets import built_in_presets

PROMPTS = ("a fox walks right in the forest", "a bus drives left in the city at sunset")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="docs/pictures/presets.webp")
    parser.add_argument("--frames", type=int, default=24)
    args = parser.parse_args()
    clips = [stage_clip(prompt, args.frames) for prompt in PROMPTS]
    rows, labels = [], []
    for name, grade in [("no preset", NEUTRAL), *((preset.name, preset.grade) for preset in built_in_presets())]:
        started = time.perf_counter()
        graded = [np.concatenate(list(grade_frames([clip], grade, fps=24.0, seed=3))) for clip in clips]
        milliseconds = (time.perf_counter() - started) * 1000 / (len(clips) * args.frames)
        print(f"{name:<14} {milliseconds:6.1f} ms a frame of 832x480")
        rows.append(np.concatenate([clip[:: args.frames // 3][:3] for clip in graded]))
        labels.append(name)
    write_contact_sheet(args.out, rows, columns=6, cell_height=112, labels=labels)
    print(args.out)


def stage_clip(prompt: str, frames: int) -> np.ndarray:
    """``frames`` pictures of the stage, 832x480, of what ``prompt`` names; the same every time."""
    from misora.base.settings import load_settings
    from misora.cli.world import draw_scenes
    from misora.world.assets import load_atlas
    from misora.world.render import Renderer

    (scene,) = draw_scenes(prompt, 1, 5, 832 / 480, 480, frames / 24)
    return Renderer(load_atlas(load_settings().assets)).render(scene, VideoShape(frames, 480, 832, 24.0)).frames.numpy()


if __name__ == "__main__":
    main()
