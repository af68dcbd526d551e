"""What the editing tools promise, measured with N and 95 % intervals; and a sheet to look at.

    python benchmarks/editing.py [--clips 4] [--size 256x256] [--extensions 10] [--chains 8] [--steps 12] [--only seams] [--sheet A.webp]

Seams, pins and drift are read from pixels, remixes, blends and storyboards read back by the critic, which is not the judge: a judge would
have to stay out of tools that use the critic themselves. The clips are the stage's own, so the source is sharper than anything the model
makes: the hardest case for a seam. Needs the sprite atlas (misora world build).
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from editing_pixels import DRIFTS, colour_distance, drift, pin_loss, seams
from editing_reading import blend_correlation, film, remixes
from machine import facts, markdown

import misora
from misora.base.canvas import Frames
from misora.base.recipe import Recipe
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, parse_size
from misora.editing.remix import STRENGTHS
from misora.evaluation.long_clips import IN_PLACE
from misora.evaluation.statistics import Figure, bootstrap, mean, share
from misora.media.contact_sheet import write_contact_sheet
from misora.pipelines.critic import Critic, load_critic
from misora.world.assets import load_atlas
from misora.world.captions import canonical_caption
from misora.world.casting import Casting, sample_scene
from misora.world.program import CameraMove, Scene
from misora.world.render import Renderer

SEAM_TIMES = 1.5
DRIFT_LEVELS = 3.0
PIN_DB = 0.5
CORRELATION = 0.9
FILM_SHARE = 0.85
CUT_FRAMES = 8


@dataclass
class Bench:
    """What every measure works on, and the rows and pictures that they leave."""

    clips: list[misora.Video]
    size: str
    options: dict[str, int]
    extensions: int
    chains: int
    rows: list[list[str]] = field(default_factory=lambda: [["what", "result (95 % interval)", "aim", "N"]])
    sheet: dict[str, Frames] = field(default_factory=dict)

    def add(self, what: str, figure: Figure, unit: str, aim: str) -> None:
        """One row of the table, told at once."""
        row = [what, f"{figure.value:.2f}{unit} ({figure.low:.2f} to {figure.high:.2f})", aim, str(figure.count)]
        print(" | ".join(row), file=sys.stderr, flush=True)
        self.rows.append(row)

    @property
    def pairs(self) -> list[tuple[misora.Video, misora.Video]]:
        """Each clip and the next."""
        return list(zip(self.clips, [*self.clips[1:], self.clips[0]], strict=True))

    def critic(self) -> Critic:
        settings = load_settings()
        return load_critic(settings.weights, settings.device)


def stage_clips(count: int, size: str, wanted: Callable[[Scene], bool] = lambda scene: True) -> Iterator[misora.Video]:
    """Two seconds each of the first ``wanted`` scenes, with the caption in a recipe, as if Misora had made them."""
    height, width = parse_size(size)
    shape, rng = VideoShape(48, height, width, 24.0), random.Random("editing")
    renderer = Renderer(load_atlas(load_settings().assets))
    casting = Casting(renderer.atlas.ids, aspect=width / height, height=height, seconds=shape.seconds)
    scenes = (scene for scene in (sample_scene(casting, rng) for _ in itertools.count()) if wanted(scene))
    for scene in itertools.islice(scenes, count):
        caption = canonical_caption(scene, "en")
        yield misora.Video(renderer.render(scene, shape).frames.numpy(), 24.0, Recipe(caption, caption, shape, 0, 0, 0, "stage"))


def stays(scene: Scene) -> bool:
    """Whether one player stays where it is before a camera that stays."""
    return len(scene.players) == 1 and scene.players[0].action in IN_PLACE and scene.camera.move is CameraMove.STATIC


def measure_seams(bench: Bench) -> None:
    """The change at each tool's joints."""
    for name, found in seams(bench.clips, bench.options):
        bench.add(f"seam, {name}", median(found.mended), "x", f"at most {SEAM_TIMES}x")
        bench.add(f"seam, {name}, as the network left it", median(found.raw), "x", "")
        bench.sheet[name] = found.frames


def measure_pins(bench: Bench) -> None:
    """Pinned frames against the autoencoder's own."""
    bench.add("pinned frame, loss", mean([pin_loss(clip, bench.options) for clip in bench.clips]), " dB", f"within {PIN_DB:g} dB")


def measure_drift(bench: Bench) -> None:
    """Mean colour after a chain of extensions, ours and others', of clips that nobody leaves: without its fish a sea is bluer."""
    clips = list(stage_clips(bench.chains, bench.size, stays))
    own = [colour_distance(clip.frames[:24], clip.frames[24:]) for clip in clips]
    bench.add("colour of the clip's second second, as the stage shows it", median(own), " levels", "")
    for how in DRIFTS if bench.extensions else ():
        found = [drift(clip, bench.extensions, how, bench.options) for clip in clips]
        bench.add(f"colour after {bench.extensions} extensions of 2 s, by {how}", median(found), " levels", f"within {DRIFT_LEVELS:g}")


def measure_remixes(bench: Bench) -> None:
    """Distance to the source and agreement with the new caption, by strength."""
    critic = bench.critic()
    made = [remixes(clip, other.recipe.caption, critic, bench.options) for clip, other in bench.pairs]
    for number, name in enumerate(STRENGTHS):
        bench.add(f"remix {name}: distance to the source", mean([one.distance[number] for one in made]), " levels", "rises")
        bench.add(f"remix {name}: agreement with the new caption", mean([one.agreement[number] for one in made]), "", "rises")
        bench.sheet[f"remix, {name}"] = made[0].frames[name]
    for number, what in enumerate(("distance", "agreement")):
        bench.add(f"remixes whose {what} rises throughout", share(sum(one.rises[number] for one in made), len(made)), "", "1.00")


def measure_blends(bench: Bench) -> None:
    """Whether influence, as it is read, follows the curve."""
    critic = bench.critic()
    found = [blend_correlation(clip, other, critic, bench.options) for clip, other in bench.pairs]
    bench.add("blend: rank correlation of curve and reading", mean(found), "", f"at least {CORRELATION:g}")


def measure_storyboards(bench: Bench) -> None:
    """Cards in their own span against the same captions alone, and cuts."""
    critic, captions = bench.critic(), [clip.recipe.caption for clip in bench.clips]
    height, width = bench.clips[0].frames.shape[1:3]
    turned = [[captions[(number + step) % len(captions)] for step in range(3)] for number in range(len(captions))]
    films = [film((first, second, third), (width, height), critic, bench.options) for first, second, third in turned]
    scores = np.array([[np.mean(one.in_film), np.mean(one.alone)] for one in films])
    kept = bootstrap(lambda rows: float(rows[:, 0].mean() / max(1e-9, rows[:, 1].mean())), scores)
    bench.add("storyboard: score of cards, of the same captions alone", kept, "", f"at least {FILM_SHARE:g}")
    bench.add("storyboard: cuts within a latent frame", share(sum(one.cut_off_by <= CUT_FRAMES for one in films), len(films)), "", "1.00")
    bench.sheet["storyboard"] = films[0].frames


MEASURES: dict[str, Callable[[Bench], None]] = {
    "seams": measure_seams,
    "pins": measure_pins,
    "remixes": measure_remixes,
    "blends": measure_blends,
    "storyboards": measure_storyboards,
    "drift": measure_drift,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--extensions", type=int, default=10)
    parser.add_argument("--chains", type=int, default=8, help="clips that are extended so often")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--only", default=",".join(MEASURES), help="some of the measures, by commas")
    parser.add_argument("--sheet", help="also draw a contact sheet of every tool on the first clip")
    args = parser.parse_args()
    if unknown := set(args.only.split(",")) - set(MEASURES):
        parser.error(f"--only {', '.join(unknown)} is not known; choose of {', '.join(MEASURES)}")
    clips = list(stage_clips(args.clips, args.size))
    bench = Bench(
        clips, args.size, {"steps": args.steps, "seed": 1}, args.extensions, args.chains, sheet={"the stage's clip": clips[0].frames}
    )
    for name in args.only.split(","):
        MEASURES[name](bench)
    print(f"{facts()}; `python {' '.join(sys.argv)}`\n\n{markdown(bench.rows)}")
    if args.sheet:
        sheet = bench.sheet | others(clips, bench.options)
        write_contact_sheet(args.sheet, list(sheet.values()), columns=8, cell_height=96, labels=list(sheet))
        print(args.sheet)


def others(clips: list[misora.Video], options: dict[str, int]) -> dict[str, Frames]:
    """The tools that have no figure of their own yet, on the first clip."""
    first, second = clips[0], clips[1 % len(clips)]
    height, width = first.frames.shape[1:3]
    return {
        "remix in a box": misora.remix(first, second.recipe.caption, "strong", box=(width // 2, 0, width, height), **options).frames,
        "restyle, film-noir": misora.restyle(first, "film-noir", **options).frames,
        "re-cut": misora.recut(first, ["1-2", "gap:0.5", "0-1"], **options).frames,
        "reframe": misora.reframe(first, size=f"{width * 3 // 2}x{height}", **options).frames,
    }


def median(values: list[float]) -> Figure:
    """The median with its bootstrap interval."""
    return bootstrap(lambda rows: float(np.median(rows)), np.array(values))


if __name__ == "__main__":
    main()
