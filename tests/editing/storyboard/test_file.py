"""Storyboards as files: every form of every entry, every mistake with its line, and the first version for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from misora.base.errors import InputError
from misora.editing.storyboard import file as storyboard_file
from misora.editing.storyboard.file import BOARD_ENTRIES, CARD_ENTRIES, parse_storyboard, read_storyboard, write_storyboard
from misora.editing.storyboard.records import Card, Storyboard
from misora.editing.storyboard.times import parse_time

SCHEMA = json.loads((Path(storyboard_file.__file__).parent / "schema.json").read_text(encoding="utf-8"))

# A file as the first version wrote it. It must open for ever: change the reader, never this text.
VERSION_1 = """\
format: misora/storyboard/1
title: 海滩的一天
size: 416x240
fps: 12
seconds: 0:20
seed: 7
steps: 9
guidance: 2.5
negative: rain
characters:
  rex: a dog
places: {shore: on the beach}
cards:
  - at: 0
    text: "{rex} runs {shore}"
  - at: 36f
    seconds: 1.5s
    image: first.png
    strength: 0.5
  - at: 00:00:06:06
    transition: cut
    clip: clip.mp4
    in: 0.5
    out: 0:02
  - {at: 10, text: 一只猫, transition: bridge}
"""


def test_the_first_version_still_opens() -> None:
    assert parse_storyboard(VERSION_1) == Storyboard(
        (
            Card(0.0, "{rex} runs {shore}"),
            Card(3.0, seconds=1.5, image="first.png", strength=0.5),
            Card(6.5, clip="clip.mp4", start=0.5, end=2.0, transition="cut"),
            Card(10.0, "一只猫", transition="bridge"),
        ),
        240, 416, 12.0, 20.0, "海滩的一天", {"rex": "a dog"}, {"shore": "on the beach"}, 7, 9, 2.5, "rain",
    )  # fmt: skip


def test_what_is_written_is_read_back_the_same() -> None:
    board = parse_storyboard(VERSION_1)
    assert parse_storyboard(write_storyboard(board)) == board


def test_what_later_files_may_say_is_read_and_written_too() -> None:
    text = VERSION_1.replace("cards:", "preset: film-noir\ncards:\n  - {at: 0, text: a pig, seed: 8, negative: rain}", 1)
    board = parse_storyboard(text.replace("at: 0\n", "at: 0.1\n"))
    assert board.preset == "film-noir" and (board.cards[0].seed, board.cards[0].negative) == (8, "rain")
    assert parse_storyboard(write_storyboard(board)) == board


def test_json_is_read_too_tabs_and_all(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"format": "misora/storyboard/1", "cards": [{"at": 1, "text": "a dog"}]}, indent="\t"))
    board = read_storyboard(tmp_path / "s.json")
    assert board.cards == (Card(1.0, "a dog"),) and (board.height, board.width, board.fps) == (480, 832, 24.0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2.5", 2.5), ("2.5s", 2.5), ("60f", 2.5), ("0:02.5", 2.5), ("1:00:00", 3600), ("00:00:02:12", 2.5), ("1:30", 90)]
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text, 24.0, "at") == seconds


def test_the_published_schema_names_the_entries_that_are_read() -> None:
    assert set(SCHEMA["properties"]) == set(BOARD_ENTRIES) and set(SCHEMA["$defs"]["card"]["properties"]) == set(CARD_ENTRIES)
    assert SCHEMA["properties"]["format"]["const"] == storyboard_file.FORMAT == SCHEMA["$id"]


HEAD = "format: misora/storyboard/1\n"
MISTAKES = {
    "no format": ("cards: []", 1, "format", "there is no format; this version reads 'misora/storyboard/1'"),
    "newer format": ("format: misora/storyboard/9", 1, "format", "the format is 'misora/storyboard/9'"),
    "a typo": (HEAD + "cards:\n - at: 0\n   txet: a dog", 4, "cards[0].txet", "cards[0].txet is not known; did you mean text?"),
    "a typo above": (HEAD + "fsp: 24", 2, "fsp", "fsp is not known; did you mean fps?"),
    "not YAML": (HEAD + "cards:\n - at: [1", 3, None, "not YAML"),
    "a tab": (HEAD + "cards:\n\t- at: 1", 3, None, "not YAML"),
    "a list": ("- 1", 1, None, "not a storyboard"),
    "nothing": ("", 1, None, "not a storyboard"),
    "twice": (HEAD + "fps: 24\nfps: 12", 3, "fps", "fps is there twice"),
    "no cards": (HEAD + "title: x", 1, "cards", "cards is missing"),
    "cards of another kind": (HEAD + "cards: 3", 2, "cards", "cards is not a list"),
    "a card of another kind": (HEAD + "cards:\n - 3", 3, "cards[0]", "cards[0] is no list of names and values"),
    "no time": (HEAD + "cards:\n - text: a dog", 3, "cards[0]", "cards[0].at is missing"),
    "no such time": (HEAD + "cards:\n - at: soon\n   text: x", 3, "cards[0].at", "cards[0].at='soon' is no time; write seconds"),
    "before zero": (HEAD + "cards:\n - text: x\n   at: -1", 4, "cards[0].at", "at=-1 must be 0 s or later; nearest: 0"),
    "an empty card": (HEAD + "cards:\n - at: 0", 3, "cards[0].text", "a card needs text, an image or a clip"),
    "two kinds": (HEAD + "cards:\n - at: 0\n   image: a\n   clip: b", 5, "cards[0].clip", "a card has an image or a clip, not both"),
    "strength": (HEAD + "cards:\n - at: 0\n   image: a\n   strength: 2", 5, "cards[0].strength", "strength=2 is outside 0 to 1"),
    "strength in words": (HEAD + "cards:\n - at: 0\n   image: a\n   strength: very", 5, "cards[0].strength", "is not a number from 0 to 1"),
    "seed": (HEAD + "cards:\n - at: 0\n   text: x\n   seed: -1", 5, "cards[0].seed", "seed=-1 is outside 0 to 2**63 - 1; nearest: 0"),
    "transition": (HEAD + "cards:\n - at: 0\n   text: x\n   transition: wipe", 5, "cards[0].transition", "choose one of auto, cut, bridge"),
    "in without clip": (HEAD + "cards:\n - at: 0\n   text: x\n   in: 2", 5, "cards[0].in", "in and out belong to a clip"),
    "out before in": (HEAD + "cards:\n - at: 0\n   clip: x\n   in: 2\n   out: 1", 6, "cards[0].out", "out=1 must be after in=2 s"),
    "out of order": (HEAD + "cards:\n - {at: 2, text: x}\n - {at: 1, text: y}", 4, "cards[1].at", "is before the card above it at 2 s"),
    "overlap": (HEAD + "cards:\n - {at: 0, seconds: 2, text: x}\n - {at: 1, text: y}", 4, "cards[1].at", "lasts until 2 s; nearest: 2"),
    "beyond the end": (HEAD + "seconds: 3\ncards:\n - {at: 0, text: x}\n - {at: 5, text: y}", 5, "cards[1].at", "beyond the film's 3 s"),
    "too long": (HEAD + "cards:\n - {at: 0, seconds: 90, text: x}", 3, "cards[0].at", "the film would last 90 s; at most 60"),
    "unknown name": (HEAD + "cards:\n - at: 0\n   text: '{max} runs'", 4, "cards[0].text", "names {max}; characters and places: none"),
    "fps": (HEAD + "fps: 240\ncards:\n - {at: 0, text: x}", 2, "fps", "fps=240 is outside 8 to 60; nearest: 60"),
    "fps in words": (HEAD + "fps: fast", 2, "fps", "fps='fast' is not a number"),
    "size": (HEAD + "size: huge\ncards:\n - {at: 0, text: x}", 2, "size", "size='huge' is not WIDTHxHEIGHT"),
    "size too small": (HEAD + "size: 8x8\ncards:\n - {at: 0, text: x}", 1, "height", "height=8 is outside 64 to 2048"),
    "resolution": (HEAD + "resolution: 8k\ncards:\n - {at: 0, text: x}", 2, "resolution", "resolution='8k' is not known"),
    "a list for a value": (HEAD + "title: [a]\ncards:\n - {at: 0, text: x}", 2, "title", "title is a list or a mapping; one value"),
    "an image that is not there": (HEAD + "cards:\n - at: 0\n   image: no.png", 4, "cards[0].image", "image='no.png' does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_names_its_line_and_entry(case: str, tmp_path: Path) -> None:
    text, line, field, says = MISTAKES[case]
    path = tmp_path / "story.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_storyboard(path)
    assert says in str(caught.value) and str(caught.value).startswith(f"story.yaml line {line}: ")
    assert caught.value.field == field


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="a.yaml is not text in UTF-8"):
        read_storyboard(tmp_path / "a.yaml")
    with pytest.raises(InputError, match="cannot read .*: no such file"):
        read_storyboard(tmp_path / "b.yaml")


@pytest.mark.parametrize("text", ["[" * 5000, "a: &a [x]\nb: [*a, *a]", "x" * (2 << 20)], ids=["deep", "aliases", "long"])
def test_hostile_text_is_an_error_and_not_an_accident(text: str) -> None:
    with pytest.raises(InputError, match="the storyboard line 1: "):
        parse_storyboard(text)
