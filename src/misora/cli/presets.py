"""``misora presets``: styles to choose from, and a user's own: make, change, copy, remove, share."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from misora.prompting.preset_shelf import PresetShelf
    from misora.prompting.presets import Preset

presets = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Style presets: text, grade and reference pictures.")

Name = Annotated[str, typer.Argument(help="Name of a preset.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Text = Annotated[str | None, typer.Option(help="A block of the preset's text.")]
Title = Annotated[str | None, typer.Option(help="What lists show, in English.")]
TitleZh = Annotated[str | None, typer.Option("--title-zh", help="What lists show, in Chinese.")]
GradeValues = Annotated[list[str] | None, typer.Option("--grade", help="NAME=VALUE of the grade, such as grain=0.05; many times.")]
Images = Annotated[list[Path] | None, typer.Option("--image", help="A reference picture, up to five; many times.")]


@presets.command("list")
def list_presets(as_json: AsJson = False) -> None:
    """Lists the presets that came with Misora and the user's own."""
    from misora.cli.tables import table

    shelf = the_shelf()
    found = shelf.all()
    if as_json:
        print(json.dumps([preset.to_dict() | {"built_in": preset.built_in} for preset in found], ensure_ascii=False))
    else:
        rows = [["name", "English", "中文", "from", "theme"]]
        rows += [[one.name, one.title, one.title_zh, "Misora" if one.built_in else "you", one.theme] for one in found]
        print(table(rows))
    for reason in shelf.damaged():
        print(f"note: left out {reason}", file=sys.stderr)


@presets.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Prints a preset: its text, its grade, its pictures."""
    preset = the_shelf().get(name)
    print(json.dumps(preset.to_dict(), ensure_ascii=False) if as_json else "\n".join(lines_of(preset)))


@presets.command()
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")],
    title: Title = None,
    title_zh: TitleZh = None,
    theme: Text = None,
    colour: Text = None,
    camera: Text = None,
    film_stock: Text = None,
    lighting: Text = None,
    content: Text = None,
    mood: Text = None,
    grade: GradeValues = None,
    image: Images = None,
) -> None:
    """Makes a preset and prints its file; pictures without grade tones lend it their colours."""
    from misora.prompting.preset_shelf import with_references
    from misora.prompting.presets import Preset

    texts = given(
        title=title, title_zh=title_zh, theme=theme, colour=colour, camera=camera, film_stock=film_stock, lighting=lighting,
        content=content, mood=mood,
    )  # fmt: skip
    preset = regraded(Preset(name).changed(**texts), grade or [])
    shelf = the_shelf()
    shelf.create(with_references(preset, image or []))
    print(shelf.folder / f"{name}.json")


@presets.command()
def clone(name: Name, new_name: Annotated[str, typer.Argument(help="Name of the copy.")]) -> None:
    """Copies a preset under a new name, to be edited."""
    shelf = the_shelf()
    print(shelf.folder / f"{shelf.clone(name, new_name).name}.json")


@presets.command()
def edit(
    name: Name,
    title: Title = None,
    title_zh: TitleZh = None,
    theme: Text = None,
    colour: Text = None,
    camera: Text = None,
    film_stock: Text = None,
    lighting: Text = None,
    content: Text = None,
    mood: Text = None,
    grade: GradeValues = None,
    image: Images = None,
    no_images: Annotated[bool, typer.Option("--no-images", help="Remove the reference pictures there are first.")] = False,
) -> None:
    """Changes what is given and keeps the rest; an empty text removes a block."""
    from misora.prompting.preset_shelf import with_references

    texts = given(
        title=title, title_zh=title_zh, theme=theme, colour=colour, camera=camera, film_stock=film_stock, lighting=lighting,
        content=content, mood=mood,
    )  # fmt: skip
    shelf = the_shelf()
    preset = shelf.get(name)
    preset = regraded(preset.changed(references=()) if no_images else preset, grade or [])
    preset = with_references(preset, image or [])
    shelf.edit(name, **texts, grade=preset.grade, references=preset.references)
    print(shelf.folder / f"{name}.json")


@presets.command()
def delete(name: Name) -> None:
    """Removes one of the user's own."""
    the_shelf().delete(name)


@presets.command()
def export(name: Name, out: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Writes a preset with its pictures as one file to share."""
    the_shelf().export(name, out)
    print(out)


@presets.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="A file that `misora presets export` wrote.")],
    name: Annotated[str | None, typer.Option("--name", help="Keep it under another name.")] = None,
) -> None:
    """Adds a shared preset and prints its name."""
    print(the_shelf().take(file, name).name)


def the_shelf() -> PresetShelf:
    from misora.base.settings import load_settings
    from misora.prompting.preset_shelf import PresetShelf

    return PresetShelf(load_settings().presets)


def given(**options: str | None) -> dict[str, str]:
    """Those options that were on the command line."""
    return {name: text for name, text in options.items() if text is not None}


def regraded(preset: Preset, values: list[str]) -> Preset:
    """``preset`` with ``NAME=VALUE`` changes to its grade; tones are colours joined by commas, an empty value is the default."""
    from misora.base.errors import InputError
    from misora.media.grade import Grade

    data = preset.grade.to_dict()
    for entry in values:
        name, separator, text = entry.partition("=")
        if not separator:
            raise InputError(f"grade={entry!r} is not NAME=VALUE; for example grain=0.05", field="grade")
        data.pop(name, None)
        if text:
            data[name] = text.split(",") if name == "tones" else number(name, text)
    return preset.changed(grade=Grade.from_dict(data))


def number(name: str, text: str) -> float | int:
    from misora.base.errors import InputError

    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError as error:
        raise InputError(f"grade.{name}={text!r} is not a number", field=f"grade.{name}") from error


def lines_of(preset: Preset) -> list[str]:
    """A preset for people to read."""
    head = f"{preset.name}: {' / '.join(title for title in (preset.title, preset.title_zh) if title)}".rstrip(": ")
    text = [f"  {name.replace('_', ' '):<11}{text}" for name, text in preset.blocks.items()]
    grade = ", ".join(f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in preset.grade.to_dict().items())
    return [head, *text, f"  {'grade':<11}{grade or 'none'}", f"  {'pictures':<11}{len(preset.references)}"]
