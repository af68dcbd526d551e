"""What plans get right, read off the plans themselves: nothing is painted and no network reads. Two minutes for 200 prompts.

    python benchmarks/plans.py [--prompts 200] [--size 256x256] [--weights FOLDER] [--seed 0]

Held-out prompts that tell everything, half of them Chinese. A fact that a prompt does not state does not count. `planning.py` says what of
it the painter makes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from machine import facts, markdown

from misora.base.layout import GROUND, HEIGHT, PAN, ZOOM, X
from misora.base.settings import load_settings
from misora.base.shapes import TIME_STRIDE, LatentShape, VideoShape, latent_frames, parse_size
from misora.evaluation.makers import StageMaker
from misora.evaluation.prompts import held_out_prompts
from misora.evaluation.statistics import share
from misora.models.registry import load_planner
from misora.models.transformer.layouts import Layouts
from misora.pipelines.grid import grid_of
from misora.pipelines.planning import plan
from misora.world.captions import Story
from misora.world.cast import load_cast
from misora.world.program import CameraMove, Direction

PAN_LEAST, ZOOM_LEAST = 0.3, 0.03
"""Cells, and magnification, a second from which on a camera moves."""
RELATIONS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "left_of": lambda one, other: (one[..., X] < other[..., X]).float().mean() > 0.9,
    "starts_left_of": lambda one, other: one[0, 0, X] < other[0, 0, X],
    "nearer_than": lambda one, other: one[..., GROUND].mean() > other[..., GROUND].mean(),
    "bigger_than": lambda one, other: one[..., HEIGHT].mean() > other[..., HEIGHT].mean(),
}
"""Of two players' boxes, (t, 3, 5), whether the relation holds."""


def checks(story: Story, layouts: Layouts, fps: float) -> Iterator[tuple[str, bool]]:
    """What the caption says and whether the plan does it."""
    ids, who = list(load_cast()), layouts.who[0, 0].tolist()
    wanted = [1 + ids.index(actor.character.id) for actor in story.actors]
    yield "who", sorted(number for number in who if number) == sorted(wanted)
    if any(number not in who for number in wanted) or len(set(wanted)) < len(wanted):
        return
    boxes = [layouts.boxes[0, :, who.index(number)].float() for number in wanted]
    pan, zoom = layouts.camera[0].float().mean(0)[[PAN, ZOOM]].tolist()
    way = pan * TIME_STRIDE * (len(layouts.who[0]) - 1) / fps
    for actor, box in zip(story.actors, boxes, strict=True):
        if actor.direction is not Direction.NONE:
            moved = float(box[-1, -1, X] - box[0, 0, X]) + way
            yield f"direction, of {len(boxes)}", (moved > 0) == (actor.direction is Direction.RIGHT)
    if story.camera is not None and story.camera is not CameraMove.FOLLOW:
        read = CameraMove.STATIC
        if abs(zoom) > ZOOM_LEAST:
            read = CameraMove.ZOOM_IN if zoom > 0 else CameraMove.ZOOM_OUT
        elif abs(pan) > PAN_LEAST:
            read = CameraMove.PAN_RIGHT if pan > 0 else CameraMove.PAN_LEFT
        yield "camera", read is story.camera
    for kind, first, second in story.relations:
        yield kind, bool(RELATIONS[kind](boxes[first], boxes[second]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--weights", type=Path, default=load_settings().weights)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    settings, (height, width) = load_settings(), parse_size(args.size)
    torch.set_num_threads(settings.threads)
    shape = VideoShape(49, height, width, 24.0)
    planner, latent = load_planner(args.weights), grid_of(shape).latent
    right: dict[str, list[bool]] = {}
    for prompt in held_out_prompts(args.prompts, shape, StageMaker(settings.assets).characters):
        grid = LatentShape(latent_frames(shape.num_frames), latent.height, latent.width)
        layouts = plan(planner, [prompt.caption] * grid.num_frames, grid, shape.fps, args.seed + prompt.number)
        for name, is_right in checks(prompt.story, layouts, shape.fps):
            right.setdefault(name, []).append(is_right)
    rows = [["what is told", "planned so", "N"]]
    for name, found in sorted(right.items()):
        figure = share(sum(found), len(found))
        rows.append([name, f"{figure.value:.0%} ({figure.low:.0%} to {figure.high:.0%})", str(len(found))])
    print(f"{facts()}; `{' '.join(['python', *sys.argv])}`\n\n{markdown(rows)}")


if __name__ == "__main__":
    main()
