"""Presets as records, as files, and by name."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.media.grade import Grade
from misora.media.stills import encode_image, write_image
from misora.prompting.preset_shelf import MAX_REFERENCE_SIDE, PresetShelf, with_references
from misora.prompting.presets import BLOCKS, Preset, built_in_presets
from misora.prompting.rewriter import rewrite
from misora.world.lexicon import load_lexicon
from misora.world.program import Place, Time

PHOTO = np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None], (24, 1, 3))


@pytest.fixture
def shelf(tmp_path: Path) -> PresetShelf:
    return PresetShelf(tmp_path / "presets")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_image(tmp_path / "photo.png", PHOTO)
    return tmp_path / "photo.png"


@pytest.mark.parametrize("preset", built_in_presets(), ids=lambda preset: preset.name)
def test_every_built_in_preset_says_all_and_shows(preset: Preset) -> None:
    assert set(preset.blocks) == set(BLOCKS) and preset.title and preset.title_zh and preset.built_in
    assert not preset.grade.is_neutral
    assert Preset.from_json(preset.to_json()) == preset.changed(built_in=False)


def test_there_are_the_looks_that_were_promised() -> None:
    names = [preset.name for preset in built_in_presets()]
    assert {"archival", "film-noir", "papercraft", "stop-motion", "balloon-world", "night-neon"} <= set(names)
    assert len(set(names)) == len(names)


def test_what_a_prompt_leaves_open_comes_from_the_preset(shelf: PresetShelf) -> None:
    noir = rewrite("a cat walks to the left", preset=shelf.get("film-noir"))
    reading = load_lexicon().read(noir.text)
    assert (reading.places, reading.times) == ((Place.CITY,), (Time.NIGHT,))
    assert noir.from_preset == ("in the city", "at night", "the camera stays still") and noir.added == ()
    said = rewrite("a cat walks to the left on the beach by day, zoom in", preset=shelf.get("film-noir"))
    assert said == rewrite("a cat walks to the left on the beach by day, zoom in")
    shark = rewrite("a shark swims left", preset=shelf.get("film-noir"))
    assert load_lexicon().read(shark.text).places == (Place.UNDERWATER,), "a street is no place for it"


def test_an_own_preset_is_made_changed_copied_and_removed(shelf: PresetShelf) -> None:
    made = shelf.create(Preset("rainy-day", mood="Grey and slow.", grade=Grade(saturation=0.4)))
    assert shelf.get("rainy-day") == made and shelf.all()[-1] == made
    changed = shelf.edit("rainy-day", mood="", title="Rain")
    assert shelf.get("rainy-day") == changed and changed.blocks == {} and changed.grade == made.grade
    copy = shelf.clone("film-noir", "my-noir")
    assert copy.grade == shelf.get("film-noir").grade and not copy.built_in
    shelf.delete("rainy-day")
    assert [path.name for path in shelf.folder.iterdir()] == ["my-noir.json"]


def test_one_file_carries_a_preset_with_its_pictures(shelf: PresetShelf, photo: Path, tmp_path: Path) -> None:
    made = shelf.create(with_references(Preset("mine", theme="A grey ramp."), [photo] * 5))
    shelf.export("mine", tmp_path / "share.json")
    other = PresetShelf(tmp_path / "other")
    taken = other.take(tmp_path / "share.json", name="yours")
    assert (taken.name, taken.theme, taken.grade, len(taken.references)) == ("yours", made.theme, made.grade, 5)


def test_pictures_lend_their_colours_to_a_preset_without_tones(photo: Path) -> None:
    drawn = with_references(Preset("mine"), [photo])
    assert len(drawn.grade.tones) == 5 and drawn.grade.toning == 0.6
    assert list(drawn.grade.tones) == sorted(drawn.grade.tones), "a grey ramp, dark to bright"
    own = Preset("mine", grade=Grade(tones=("#000000", "#ff0000"), toning=0.2))
    assert with_references(own, [photo]).grade == own.grade


def test_a_large_picture_is_kept_small_and_without_its_metadata(tmp_path: Path) -> None:
    write_image(tmp_path / "large.jpg", np.zeros((600, 3000, 3), np.uint8), metadata={"artist": "somebody"})
    (kept,) = with_references(Preset("mine"), [tmp_path / "large.jpg"]).references
    from misora.media.stills import read_image, still_metadata

    assert read_image(kept).shape == (round(600 * MAX_REFERENCE_SIDE / 3000), MAX_REFERENCE_SIDE, 3) and still_metadata(kept) == {}


def test_six_pictures_are_one_too_many(photo: Path) -> None:
    with pytest.raises(InputError, match="would hold 6 pictures; at most 5 fit"):
        with_references(Preset("mine"), [photo] * 6)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda shelf: shelf.get("film-nior"), "preset='film-nior' is not known; nearest: film-noir"),
        (lambda shelf: shelf.get("xyzzy"), "choose one of archival, film-noir"),
        (lambda shelf: shelf.get("../../etc/passwd"), "is not known"),
        (lambda shelf: shelf.edit("film-noir", mood="Happy."), "came with Misora and stays as it is; clone it first"),
        (lambda shelf: shelf.delete("film-noir"), "clone it first"),
        (lambda shelf: shelf.create(Preset("film-noir")), "exists already"),
        (lambda shelf: shelf.clone("film-noir", "Film Noir"), "preset.name='Film Noir' is not small letters"),
        (lambda shelf: shelf.take("absent.json"), "cannot read absent.json: no such file"),
    ],
)
def test_what_cannot_be_done_says_why(shelf: PresetShelf, act: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        act(shelf)  # type: ignore[operator]
    assert not shelf.folder.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "misora/preset/9"}, "this version reads 'misora/preset/1'"),
        ({"name": "../up"}, "preset.name='../up'"),
        ({"name": 3}, "preset.name is missing"),
        ({"text": {"plot": "x"}}, "preset.text.plot is not known"),
        ({"text": {"mood": 3}}, "preset.mood is not text"),
        ({"text": {"mood": "x" * 2001}}, "at most 2000 characters"),
        ({"text": "moody"}, "preset.text is not an object"),
        ({"grade": {"grain": 9}}, "grade.grain=9"),
        ({"references": ["%%%"]}, r"references\[0\] is not base64"),
        ({"references": [base64.b64encode(encode_image(PHOTO)).decode()]}, r"references\[0\] is not a WebP picture"),
        ({"references": "many"}, "preset.references is not a list"),
        ({"script": "rm"}, "preset.script is not known"),
    ],
)
def test_a_file_that_is_no_preset_is_refused_whole(shelf: PresetShelf, tmp_path: Path, change: dict[str, object], says: str) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(Preset("mine", mood="Calm.").to_dict() | change))
    with pytest.raises(InputError, match=says):
        shelf.take(tmp_path / "bad.json")
    assert not shelf.folder.exists()


@pytest.mark.parametrize(("content", "says"), [(b"\xff\xfe", "it is not text"), (b"{", "not JSON"), (b"[]", "not an object")])
def test_a_damaged_file_is_left_out_of_lists_and_named(shelf: PresetShelf, content: bytes, says: str) -> None:
    shelf.create(Preset("good"))
    (shelf.folder / "bad.json").write_bytes(content)
    assert shelf.all()[-1].name == "good"
    (reason,) = shelf.damaged()
    assert reason.startswith("bad.json: ") and says in reason


def test_a_picture_that_is_none_is_refused_on_the_way_in(shelf: PresetShelf, tmp_path: Path) -> None:
    fake = Preset("mine", references=(b"RIFF\0\0\0\0WEBPnonsense",))
    (tmp_path / "bad.json").write_text(fake.to_json())
    with pytest.raises(InputError, match="picture"):
        shelf.take(tmp_path / "bad.json")
