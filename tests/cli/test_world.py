from __future__ import annotations

import random
from pathlib import Path

import pytest

from misora.base.errors import InputError
from misora.cli.filming import draw, draw_scenes
from misora.cli.main import run
from misora.cli.staging import scene_for
from misora.media.probe import probe
from misora.world.assets import save_atlas, toy_sprites
from misora.world.cast import load_cast
from misora.world.casting import Casting

CASTING = Casting(tuple(load_cast()), aspect=16 / 9)


@pytest.fixture
def toy_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_atlas(tmp_path / "stage", toy_sprites(tuple(load_cast())))
    monkeypatch.setenv("MISORA_ASSETS", str(tmp_path / "stage"))
    return tmp_path


def test_list_prints_both_languages_and_the_variety(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["world", "list", "--captions", "50"]) == 0
    out = capsys.readouterr().out
    for word in ("48 characters", "dog", "小狗", "8 places", "beach", "海滩", "11 actions", "快速移动", "50 captions drawn"):
        assert word in out


@pytest.mark.parametrize(
    ("prompt", "character", "action", "place"),
    [
        ("a dog runs to the left on the beach", "dog", "run", "beach"),
        ("一只小猫在雪地里跳跃", "cat", "jump", "snow"),
        ("夜晚的城市", None, None, "city"),
    ],
)
def test_a_scene_shows_what_was_asked(prompt: str, character: str | None, action: str | None, place: str) -> None:
    scene = scene_for(prompt, CASTING, random.Random(0))
    assert scene.place == place
    if character is not None:
        assert (scene.players[0].character, scene.players[0].action) == (character, action)
    if "left" in prompt:
        assert scene.players[0].direction == "left"


def test_a_scene_of_nothing_known_is_refused() -> None:
    with pytest.raises(InputError, match="names nothing of the stage"):
        scene_for("quarterly taxes", CASTING, random.Random(0))


def test_the_same_seed_draws_the_same_scenes() -> None:
    one, other = (list(draw_scenes(None, 3, 5, 1.0, 128, 1.0)) for _ in range(2))
    assert one == other


def test_render_writes_clips_and_a_sheet(toy_stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = toy_stage / "clips"
    assert (
        run(["world", "render", "a dog walks on the beach", "--count", "2", "--size", "64x64", "--seconds", "0.2", "--out", str(out)]) == 0
    )
    assert capsys.readouterr().out.strip() == str(out / "sheet.png")
    assert sorted(path.name for path in out.iterdir()) == ["clip-01.mp4", "clip-02.mp4", "sheet.png"]
    assert "dog" in probe(out / "clip-01.mp4").metadata["title"]


def test_rendering_without_sprites_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISORA_ASSETS", str(tmp_path / "none"))
    assert run(["world", "render", "--out", str(tmp_path / "out")]) == 2
    assert "misora world build" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.fixture
def full_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_atlas(tmp_path / "stage" / "full", toy_sprites(tuple(load_cast("full"))))
    monkeypatch.setenv("MISORA_ASSETS", str(tmp_path / "stage"))
    return tmp_path


def test_the_full_tier_is_listed_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["world", "list", "--captions", "20", "--tier", "full"]) == 0
    out = capsys.readouterr().out
    for word in (
        "282 characters",
        "20 places",
        "4 times",
        "5 weathers",
        "14 camera moves",
        "糖果",
        "20 captions drawn",
        "distinct programs",
    ):
        assert word in out


def test_films_of_the_full_tier_are_rendered(full_stage: Path) -> None:
    out = full_stage / "clips"
    command = ["world", "render", "--tier", "full", "--count", "2", "--size", "96x64", "--seconds", "0.5", "--fps", "8", "--out", str(out)]
    assert run(command) == 0
    assert sorted(path.name for path in out.iterdir()) == ["clip-01.mp4", "clip-02.mp4", "sheet.png"]
    assert '"shots"' in probe(out / "clip-01.mp4").metadata["comment"]


def test_a_prompt_for_the_full_tier_is_refused() -> None:
    with pytest.raises(InputError, match="staged in the small tier"):
        list(draw("full", "a dog runs", 1, 0, 1.5, 64, 1.0))


def test_a_gallery_without_its_atlas_says_how_to_build_it(toy_stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["world", "gallery", "--out", str(toy_stage / "page")]) == 2
    assert "misora world build --tier full" in capsys.readouterr().err
