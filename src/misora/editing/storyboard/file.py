"""A storyboard as a file that people write: YAML or JSON, every error with its line, every older format still read.

``FORMAT`` names the version that is written. The published schema is ``schema.json`` beside this file. Adding an optional entry keeps the
version; anything else needs a new one, and an upgrade of the old here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from misora.base.errors import InputError
from misora.base.shapes import check_fps, parse_size, size_for
from misora.editing.storyboard.nodes import Entries, Places, parse_nodes
from misora.editing.storyboard.records import Card, Storyboard
from misora.editing.storyboard.times import parse_time

T = TypeVar("T")
FORMAT = "misora/storyboard/1"
BOARD_ENTRIES = (
    "format", "title", "size", "resolution", "aspect", "fps", "seconds", "seed", "steps", "guidance", "negative", "preset", "characters",
    "places", "cards",
)  # fmt: skip
CARD_ENTRIES = ("at", "text", "seconds", "image", "clip", "in", "out", "strength", "transition", "seed", "negative")


def read_storyboard(path: Path) -> Storyboard:
    """The storyboard in a file.

    Raises:
        InputError: It cannot be read, or an entry cannot be used; the message names the line, ``field`` the entry.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not text in UTF-8", field="storyboard") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", field="storyboard") from error
    # In JSON a tab can only be indentation, which YAML does not take.
    return parse_storyboard(text.replace("\t", "  ") if path.suffix.lower() == ".json" else text, path.name, path.parent)


def parse_storyboard(text: str, name: str = "the storyboard", folder: Path | None = None) -> Storyboard:
    """As ``read_storyboard``, from text; ``name`` is what errors call it. Files are looked for in ``folder``, or not at all."""
    places = Places(name)
    top = Entries(parse_nodes(text, places), "", places)
    check_format(top)
    top.allow_only(BOARD_ENTRIES)
    fps = top.read("fps", to_fps, "a number") or 24.0
    cards = tuple(read_card(Entries(node, f"cards[{number}]", places), fps) for number, node in enumerate(noted(top, places)))
    values: dict[str, Any] = {
        "title": top.text("title") or "",
        "seconds": top.read("seconds", time_reader(fps, "seconds"), "a time"),
        "seed": top.read("seed", int, "a whole number"),
        "steps": top.read("steps", int, "a whole number"),
        "guidance": top.read("guidance", float, "a number"),
        "negative": top.text("negative") or "",
        "preset": top.text("preset") or "",
        "characters": top.texts("characters"),
        "places": top.texts("places"),
    }
    height, width = read_size(top)
    board = checked(lambda: Storyboard(cards, height, width, fps, **values), places, "")
    if folder is not None:
        check_media(board, folder, places)
    return board


def check_media(board: Storyboard, folder: Path, places: Places) -> None:
    """Raises InputError for the first card whose picture or clip is not there."""
    for number, card in enumerate(board.cards):
        for kind, name in (("image", card.image), ("clip", card.clip)):
            if name is not None and not (folder / name).is_file():
                raise places.error(f"cards[{number}].{kind}={name!r} does not exist beside the storyboard", f"cards[{number}].{kind}")


def check_format(top: Entries) -> None:
    """Raises InputError unless this version reads the file's format."""
    found = top.text("format")
    if found != FORMAT:
        what = "there is no format" if found is None else f"the format is {found!r}"
        raise top.places.error(f"{what}; this version reads {FORMAT!r}, so write 'format: {FORMAT}' on the first line", "format")


def read_size(top: Entries) -> tuple[int, int]:
    """(height, width)."""
    if "size" in top.nodes:
        return top.read("size", parse_size, "WIDTHxHEIGHT") or (480, 832)
    resolution, aspect = top.text("resolution") or "480p", top.text("aspect") or "16:9"
    return checked(lambda: size_for(resolution, aspect), top.places, "")


def to_fps(text: str) -> float:
    fps = float(text)
    check_fps(fps)
    return fps


def noted(top: Entries, places: Places) -> list[yaml.Node]:
    """The cards' nodes, their lines noted."""
    nodes = top.items("cards")
    if not nodes:
        raise places.error("cards is missing; a storyboard needs at least one card", "cards")
    for number, node in enumerate(nodes):
        places.note(f"cards[{number}]", node)
    return nodes


def read_card(entries: Entries, fps: float) -> Card:
    """One card."""
    entries.allow_only(CARD_ENTRIES)
    if "at" not in entries.nodes:
        raise entries.places.error(f"{entries.path}.at is missing; say when the card begins, for example at: 2.5", entries.path)

    def time(name: str) -> float | None:
        return entries.read(name, time_reader(fps, entries.at(name)), "a time")

    transition = entries.text("transition") or "auto"
    values: dict[str, Any] = {
        "at": time("at") or 0.0,
        "text": entries.text("text") or "",
        "seconds": time("seconds"),
        "image": entries.text("image"),
        "clip": entries.text("clip"),
        "start": time("in") or 0.0,
        "end": time("out"),
        "transition": transition,
        "seed": entries.read("seed", int, "a whole number"),
        "negative": entries.text("negative") or "",
    }
    strength = entries.read("strength", float, "a number from 0 to 1")
    if strength is not None:
        values["strength"] = strength
    return checked(lambda: Card(**values), entries.places, entries.path)


def time_reader(fps: float, field: str) -> Callable[[str], float]:
    return lambda text: parse_time(text, fps, field)


def checked(make: Callable[[], T], places: Places, path: str) -> T:
    """What ``make`` makes; its InputError gets the line of the entry that it names."""
    try:
        return make()
    except InputError as error:
        own = error.field or ""
        where = f"{path}.{own}" if path and not own.startswith("cards[") else own
        prefix = f"{path}: " if path else ""
        raise places.error(f"{prefix}{error}", where) from error


def write_storyboard(board: Storyboard) -> str:
    """``board`` as YAML that ``parse_storyboard`` reads back as the same record."""
    data = {
        "format": FORMAT,
        "title": board.title or None,
        "size": f"{board.width}x{board.height}",
        "fps": plain(board.fps),
        "seconds": plain(board.seconds),
        "seed": board.seed,
        "steps": board.steps,
        "guidance": plain(board.guidance),
        "negative": board.negative or None,
        "preset": board.preset or None,
        "characters": board.characters or None,
        "places": board.places or None,
    }
    text = dump({name: value for name, value in data.items() if value is not None})
    return text + "cards:\n" + "".join(indented(dump(card_data(card))) for card in board.cards)


def card_data(card: Card) -> dict[str, Any]:
    """A card's entries without those that say nothing."""
    data = {
        "at": plain(card.at),
        "seconds": plain(card.seconds),
        "transition": None if card.transition == "auto" else card.transition,
        "text": card.text or None,
        "image": card.image,
        "clip": card.clip,
        "in": plain(card.start) if card.start else None,
        "out": plain(card.end),
        "strength": None if card.strength == 1 else plain(card.strength),
        "seed": card.seed,
        "negative": card.negative or None,
    }
    return {name: value for name, value in data.items() if value is not None}


def plain(value: float | None) -> float | int | None:
    """Whole numbers without their point."""
    return int(value) if value is not None and value == int(value) else value


def dump(data: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
    return text


def indented(text: str) -> str:
    """A mapping as an entry of a list."""
    first, *others = text.splitlines()
    return "\n".join([f"  - {first}", *(f"    {line}" for line in others)]) + "\n"
