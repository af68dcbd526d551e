"""The share of ``make test`` in every row, and mistakes planted to know that the draws would notice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from misora.store import vault as vault_module
from misora.store.vault import LocalVault
from soak import __main__ as soak
from soak import power
from soak.ground import Ground
from soak.record import Record
from soak.rows import ROWS, Row


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    ground = Ground.in_memory()
    yield ground
    ground.close()


@pytest.mark.parametrize("row", [row for row in ROWS if row.test], ids=lambda row: row.name)
def test_nothing_is_found(row: Row, ground: Ground) -> None:
    for seed in range(row.test):
        row.draw(seed, ground)


def is_unsound(ground: Ground) -> bool:
    """Whether sixty images of a tape notice something."""
    with ground.place(checksums=False) as place:
        before = {"misora.db": (place / "misora.db").read_bytes()}
        tape = power.record(place)
    for seed in range(60):
        try:
            power.check_image(tape, before, seed, ground)
        except Exception:
            return True
    return False


def test_a_power_cut_would_show_a_database_that_does_not_sync(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power.TapedFile, "xSync", lambda *_: None)
    assert is_unsound(ground)


@pytest.mark.parametrize("forgotten", ["file", "folder"])
def test_a_power_cut_would_show_a_vault_that_does_not_sync(ground: Ground, forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = power.TapedSystem.fsync

    def fsync(self: power.TapedSystem, descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}") != (forgotten == "folder"):
            right(self, descriptor)

    monkeypatch.setattr(power.TapedSystem, "fsync", fsync)
    assert is_unsound(ground)


def test_a_folder_whose_name_was_not_synced_would_show(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(_: LocalVault, folder: Path) -> None:
        if not folder.is_dir():
            vault_module.os.mkdir(folder)

    monkeypatch.setattr(LocalVault, "_make_folder", make)
    assert is_unsound(ground)


def test_a_soak_goes_on_where_it_was_stopped_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--tier", "night", "--rows", "2c", "--folder", str(tmp_path), "--minutes"]
    assert soak.main([*call, "0"]) == 0
    assert "| 2c flip a byte | 0 | 1000 | none | 0 | 0 | a flipped byte |" in capsys.readouterr().out
    assert soak.main([*call, "0.002"]) == 0
    first = Record(tmp_path / "night.jsonl").done(next(row for row in ROWS if row.name == "2c flip a byte"))
    assert soak.main([*call, "0.002"]) == 0
    record = Record(tmp_path / "night.jsonl")
    seeds = [one.seed for one in record.drawn["2c flip a byte"]]
    assert seeds == list(range(len(seeds))) and len(seeds) > first > 0
    drawn = sum(len(draws) for draws in record.drawn.values())
    assert f"0 findings in {drawn} draws" in (tmp_path / "night.md").read_text(encoding="utf-8")


def test_a_soak_tells_what_it_found_and_ends_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose(seed: int, ground: Ground) -> None:
        assert seed != 2, "a job is gone"

    def leave_out(seed: int, ground: Ground) -> None:
        pytest.skip("no server")

    monkeypatch.setattr(soak, "ROWS", (Row("x", lose, "a try", 1, 4, 9), Row("y", leave_out, "a try", 1, 4, 9)))
    assert soak.main(["--folder", str(tmp_path), "--minutes", "1"]) == 1
    said = capsys.readouterr().out
    assert "| x lose | 4 | 4 | 0 to 3 | 1 |" in said and "- `x lose` seed 2: AssertionError: a job is gone" in said
    assert "`y leave out` was left out: no server" in said
    assert soak.main(["--rows", "nothing"]) == 2
    with pytest.raises(AssertionError):
        soak.main(["--rows", "x", "--seed", "2"])


@pytest.mark.parametrize("row", [row for row in ROWS if row.number != "1"], ids=lambda row: row.name)
def test_the_manual_says_how_often_each_row_is_drawn(row: Row) -> None:
    """Row 1 counts kills, of which a draw has several."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith(f"| {row.number} |")]
    assert any(f" {row.night:,}" in line and f" {row.release:,} |" in line for line in lines), lines
