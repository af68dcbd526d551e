"""``misora world``: the stage that training clips come from: fetch it, list it, look at it, measure it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

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
def list_world(
    captions: Annotated[int, typer.Option(help="Captions to draw for counting distinct ones.")] = COUNTED_CAPTIONS,
    tier: TierOption = TierName.SMALL,
) -> None:
    """Prints what the stage knows, in two languages."""
    from misora.cli.filming import coverage_line
    from misora.cli.tables import table
    from misora.world.cast import load_cast
    from misora.world.phrases import load_words
    from misora.world.telling.words import load_full_words

    cast, words = load_cast(tier), load_words() if tier is TierName.SMALL else load_full_words()
    say = {language: words["say"][language] for language in ("en", "zh")}
    rows = [["character", "English", "中文", "moves", "size"]]
    rows += [[one.id, ", ".join(one.en), "、".join(one.zh), one.gait, one.size] for one in cast.values()]
    print(f"{len(cast)} characters\n{table(rows)}\n")
    kinds = (("places", "place"), ("times", "time"), ("weathers", "weather"), ("actions", "verb"), ("camera moves", "camera"))
    for title, key in kinds:
        names = list(say["en"].get(key, ()))
        rows = [
            [title, "English", "中文"],
            *([name, first_phrase(say["en"][key][name]), first_phrase(say["zh"][key][name])] for name in names),
        ]
        print(f"{len(names)} {title}\n{table(rows)}\n" if names else "", end="\n" if names else "")
    print(coverage_line(captions, tier=tier))


@world.command()
def coverage(
    captions: Annotated[int, typer.Option(help="Captions to draw.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    tier: TierOption = TierName.SMALL,
) -> None:
    """Counts distinct captions and what they show."""
    from misora.cli.filming import coverage_line

    print(coverage_line(captions, seed, tier))


@world.command()
def gallery(
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the page; made when absent.")] = Path("out/gallery"),
) -> None:
    """Writes a page of contact sheets of everything the full tier knows.

    Characters, places, weather, motions, camera moves, colours, and films with their captions. Needs the full atlas
    (`misora world build --tier full`). Prints the page's path.
    """
    from misora.cli.display import showing
    from misora.world.assets import atlas_folder, load_atlas
    from misora.world.gallery import Gallery, write_gallery
    from misora.world.render import Renderer

    atlas = load_atlas(atlas_folder("full"))
    with showing() as display:
        page = write_gallery(out, Gallery(Renderer(atlas), seed), display.progress)
    print(page)


@world.command()
def render(
    prompt: Annotated[str | None, typer.Argument(help="What the scenes show; without it they are drawn at random.")] = None,
    count: Annotated[int, typer.Option(help="Clips to make.")] = 6,
    seconds: Annotated[float, typer.Option(help="Length of each.")] = 2.0,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "416x240",
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 24.0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    tier: TierOption = TierName.SMALL,
    out: Annotated[Path, typer.Option(help="Folder for the clips and sheet.png; made when absent.")] = Path("out/world"),
) -> None:
    """Renders scenes as clips and a contact sheet.

    These come from the stage, which taught the model, not from the model. Prints the sheet's path.
    """
    import torch

    from misora.base.errors import InputError
    from misora.base.progress import Step
    from misora.base.shapes import VideoShape, frames_for, parse_size
    from misora.cli.display import showing
    from misora.cli.filming import draw
    from misora.media.contact_sheet import write_contact_sheet
    from misora.media.encode import write_video
    from misora.world.assets import atlas_folder, load_atlas
    from misora.world.render import Renderer

    height, width = parse_size(size)
    shape = VideoShape(frames_for(seconds, fps), height, width, fps)
    if not 1 <= count <= 1000:
        raise InputError(f"count={count} is outside 1 to 1000; nearest: {min(max(count, 1), 1000)}", field="count")
    films = list(draw(tier, prompt, count, seed, shape.width / shape.height, shape.height, seconds))
    renderer = Renderer(load_atlas(atlas_folder(tier)))
    out.mkdir(parents=True, exist_ok=True)
    clips = []
    with showing() as display:
        for index, (film, caption) in enumerate(films, start=1):
            frames = torch.cat([shot.frames for shot in renderer.render_film(film, shape)]).numpy()
            program = film.shots[0].to_json() if tier is TierName.SMALL else film.to_json()
            write_video(out / f"clip-{index:02d}.mp4", frames, fps, metadata={"title": caption, "comment": program})
            clips.append(frames[:: max(1, len(frames) // 8)])
            display.progress(Step("render", index, count))
    write_contact_sheet(out / "sheet.png", clips, labels=[caption for _, caption in films])
    print(out / "sheet.png")


def first_phrase(entry: Any) -> str:
    """The first wording in a lexicon entry, however it is nested."""
    while not isinstance(entry, str):
        entry = next(iter(entry.values() if isinstance(entry, dict) else entry))
    return entry.rstrip("*-").replace("{n}", "…")
