"""``misora storyboard``: cards on a timeline, written in a file, become a film; stories and clips become cards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from misora.cli.options import (
    AsJson,
    Guidance,
    Native,
    Negative,
    NoPlan,
    NoRewrite,
    OutBeside,
    PresetName,
    Quality,
    Rewriter,
    Seed,
    Steps,
    rewriting,
)

if TYPE_CHECKING:
    from misora.editing.storyboard.records import Storyboard

CLIP_SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".gif", ".webp")


class MakeByDefault(TyperGroup):
    """``misora storyboard FILE`` is ``misora storyboard make FILE``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = ["make", *args]
        return super().resolve_command(ctx, args)


storyboard = typer.Typer(cls=MakeByDefault, no_args_is_help=True, help="Makes films of storyboards, and storyboards of stories and clips.")


@storyboard.command()
def make(
    file: Annotated[Path, typer.Argument(help="A storyboard in YAML or JSON; files that its cards name are found beside it.")],
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    quality: Quality = None,
    negative: Negative = "",
    preset: PresetName = None,
    no_rewrite: NoRewrite = False,
    rewriter: Rewriter = None,
    native: Native = False,
    no_plan: NoPlan = False,
    out: OutBeside = None,
    as_json: AsJson = False,
) -> None:
    """Makes the film of FILE and prints its path."""
    from misora.api.edit import Choices
    from misora.api.storyboard import prepare_storyboard
    from misora.cli.edits import deliver_prepared
    from misora.editing.storyboard.file import read_storyboard
    from misora.editing.storyboard.shoot import Shoot

    choices = Choices(None, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), preset, native, quality, not no_plan)
    prepared = prepare_storyboard(read_storyboard(file), file.parent, choices)
    reading = [] if no_rewrite or not isinstance(prepared.tool, Shoot) else readings(prepared.tool.board)
    deliver_prepared(prepared, out or file.with_suffix(".mp4"), reading, as_json=as_json)


@storyboard.command()
def new(
    source: Annotated[str, typer.Option("--from", help="A story in words, or a clip whose shots become cards.")],
    out: Annotated[Path, typer.Option(help="The storyboard to write; an existing file is left alone.")] = Path("story.yaml"),
) -> None:
    """Writes a first storyboard to go on from and prints its path."""
    from misora.base.errors import InputError
    from misora.editing.storyboard.drafting import draft_from_story
    from misora.editing.storyboard.file import write_storyboard

    if out.exists():
        raise InputError(f"{out} exists already; give another name with --out", field="out")
    if Path(source).suffix.lower() in CLIP_SUFFIXES:
        from misora.api.storyboard import storyboard_from_clip

        board, said = storyboard_from_clip(source)
        print(said, file=sys.stderr)
    else:
        board = draft_from_story(source)
    write_text(out, write_storyboard(board))
    print(out)


@storyboard.command()
def schema() -> None:
    """Prints the JSON Schema of storyboard files, for editors that check as you type."""
    from importlib.resources import files

    print(files("misora.editing.storyboard").joinpath("schema.json").read_text(encoding="utf-8"), end="")


def readings(board: Storyboard) -> list[str]:
    """Each card's text as the model reads it."""
    return [f"cards[{number}]: {card.text}" for number, card in enumerate(board.cards) if card.text]


def write_text(path: Path, text: str) -> None:
    """Whole or not at all."""
    from misora.media.atomic import write_bytes

    write_bytes(path, text.encode())
