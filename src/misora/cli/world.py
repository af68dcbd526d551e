"""``misora world``: the stage that training clips come from: fetch it, list it, look at it, measure it."""

from __future__ import annotations

import random
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from misora.world.program import Scene

world = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The stage: what it knows, and clips of it to look at.")

COUNTED_CAPTIONS = 2_000


class TierName(StrEnum):
    SMALL = "small"
    FULL = "full"


TierOption = Annotated[TierName, typer.Option(help="small: what the shipped weights know; full: everything the stage can show.")]


@world.command()
def build(
    size: Annotated[int, typer.Option(help="Side of a sprite in pixels.")] = 128,
    frames: Annotated[int, typer.Option(help="Most drawings kept of an animation cycle.")] = 24,
    tier: TierOption = TierName.SMALL,
) -> None:
    """Fetches the characters, once.

    Needs npm; writes the sprite atlas and prints its folder.
    """
    from misora.cli.display import showing
    from misora.world.assets import atlas_folder, build_atlas

    with showing() as display:
        folder = build_atlas(atlas_folder(tier), size, frames, display.progress, tier)
    print(folder)


@world.command("list")
def list_world(captions: Annotated[int, typer.Option(help="Captions to draw for counting distinct ones.")] = COUNTED_CAPTIONS) -> None:
    """Prints what the stage knows, in two languages."""
    from misora.cli.tables import table
    from misora.world.cast import load_cast
    from misora.world.lexicon import load_words

    cast, say = load_cast(), {language: load_words()["say"][language] for language in ("en", "zh")}
    rows = [["character", "English", "中文", "moves", "size"]]
    rows += [[one.id, ", ".join(one.en), "、".join(one.zh), one.gait, one.size] for one in cast.values()]
    print(f"{len(cast)} characters\n{table(rows)}\n")
    for title, key in (("places", "place"), ("times", "time"), ("actions", "verb"), ("camera moves", "camera")):
        names = list(say["en"][key])
        rows = [
            [title, "English", "中文"],
            *([name, first_phrase(say["en"][key][name]), first_phrase(say["zh"][key][name])] for name in names),
        ]
        print(f"{len(names)} {title}\n{table(rows)}\n")
    print(coverage_line(captions))


@world.command()
def coverage(
    captions: Annotated[int, typer.Option(help="Captions to draw.")] = 20_000, seed: Annotated[int, typer.Option(help="Of the draw.")] = 0
) -> None:
    """Counts distinct captions and what they show."""
    print(coverage_line(captions, seed))


@world.command()
def render(
    prompt: Annotated[str | None, typer.Argument(help="What the scenes show; without it they are drawn at random.")] = None,
    count: Annotated[int, typer.Option(help="Clips to make.")] = 6,
    seconds: Annotated[float, typer.Option(help="Length of each.")] = 2.0,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "416x240",
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 24.0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the clips and sheet.png; made when absent.")] = Path("out/world"),
) -> None:
    """Renders scenes as clips and a contact sheet.

    These come from the stage, which taught the model, not from the model. Prints the sheet's path.
    """
    from misora.base.errors import InputError
    from misora.base.progress import Step
    from misora.base.settings import load_settings
    from misora.base.shapes import VideoShape, frames_for, parse_size
    from misora.cli.display import showing
    from misora.media.contact_sheet import write_contact_sheet
    from misora.media.encode import write_video
    from misora.world.assets import load_atlas
    from misora.world.captions import canonical_caption
    from misora.world.render import Renderer

    height, width = parse_size(size)
    shape = VideoShape(frames_for(seconds, fps), height, width, fps)
    if not 1 <= count <= 1000:
        raise InputError(f"count={count} is outside 1 to 1000; nearest: {min(max(count, 1), 1000)}", field="count")
    scenes = list(draw_scenes(prompt, count, seed, shape.width / shape.height, shape.height, seconds))
    renderer = Renderer(load_atlas(load_settings().assets))
    out.mkdir(parents=True, exist_ok=True)
    clips, captions = [], []
    with showing() as display:
        for index, scene in enumerate(scenes, start=1):
            frames = renderer.render(scene, shape).frames.numpy()
            caption = canonical_caption(scene, "en")
            write_video(out / f"clip-{index:02d}.mp4", frames, fps, metadata={"title": caption, "comment": scene.to_json()})
            clips.append(frames[:: max(1, len(frames) // 8)])
            captions.append(caption)
            display.progress(Step("render", index, count))
    write_contact_sheet(out / "sheet.png", clips, labels=captions)
    print(out / "sheet.png")


def draw_scenes(prompt: str | None, count: int, seed: int, aspect: float, height: int, seconds: float) -> Iterator[Scene]:
    """``count`` scenes, of ``prompt`` when there is one; the same for the same seed."""
    from misora.cli.staging import scene_for
    from misora.world.cast import load_cast
    from misora.world.casting import Casting, sample_scene

    pixels = (height / 3, height * 0.6)
    casting = Casting(tuple(load_cast()), aspect=aspect, height=height, seconds=seconds, player_pixels=pixels)
    rng = random.Random(seed)
    for _ in range(count):
        yield sample_scene(casting, rng) if prompt is None else scene_for(prompt, casting, rng)


def coverage_line(captions: int, seed: int = 0) -> str:
    """How varied ``captions`` captions of random scenes are."""
    from misora.world.captions import count_distinct, sample_caption

    rng = random.Random(seed)
    scenes = draw_scenes(None, max(1, captions), seed, 16 / 9, 480, 2.0)
    counted = count_distinct((scene, sample_caption(scene, rng)[0]) for scene in scenes)
    share = f"{counted.coverage:.1%} of all (character, action, place) triples"
    return f"{counted.captions:,} captions drawn: {counted.distinct:,} distinct, {counted.triples:,} triples seen, {share}"


def first_phrase(entry: Any) -> str:
    """The first wording in a lexicon entry, however it is nested."""
    while not isinstance(entry, str):
        entry = next(iter(entry.values() if isinstance(entry, dict) else entry))
    return entry.rstrip("*-").replace("{n}", "…")
