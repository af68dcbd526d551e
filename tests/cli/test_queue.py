"""The verbs of the queue, together, on the tiny weights: accounts, keys, jobs, a worker, the audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from misora.cli.main import run
from misora.media.decode import read_video


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_weights_in_use: None) -> Path:
    monkeypatch.setenv("MISORA_DATABASE", f"sqlite:///{tmp_path}/misora.db")
    monkeypatch.setenv("MISORA_VAULT", str(tmp_path / "vault"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == code
    captured = capsys.readouterr()
    return captured.out.strip() if code == 0 else captured.err.strip()


def test_a_job_is_queued_made_and_saved(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["a dog runs", "--seconds", "0.25", "--size", "64x64", "--steps", "1", "--seed", "3"]
    job_id = printed(capsys, "jobs", "add", *small, "--key", "once")
    assert printed(capsys, "jobs", "add", *small, "--key", "once") == job_id
    assert "queued" in printed(capsys, "jobs", "list")
    assert "has no file yet" in printed(capsys, "jobs", "save", job_id, code=2)
    printed(capsys, "worker", "--until-idle")
    shown = json.loads(printed(capsys, "jobs", "show", job_id))
    assert shown["state"] == "completed" and set(shown["files"]) == {"video", "thumbnail", "spritesheet"}
    assert printed(capsys, "jobs", "save", job_id, "--out", "dog.mp4") == "dog.mp4"
    assert read_video(place / "dog.mp4").frames.shape == (6, 64, 64, 3)
    assert printed(capsys, "audit") == "everything holds"


def test_pause_resume_cancel_delete(capsys: pytest.CaptureFixture[str]) -> None:
    job_id = printed(capsys, "jobs", "add", "a dog runs", "--seconds", "1")
    assert [printed(capsys, "jobs", verb, job_id) for verb in ("pause", "resume", "cancel")] == ["paused", "queued", "cancelled"]
    printed(capsys, "jobs", "delete", job_id)
    assert "there is no job" in printed(capsys, "jobs", "show", job_id, code=2)


def test_what_is_not_allowed_is_not_queued(capsys: pytest.CaptureFixture[str]) -> None:
    assert "not allowed" in printed(capsys, "jobs", "add", "a beheading", code=2)


def test_accounts_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    account_id = printed(capsys, "accounts", "add", "ada", "--plan", "plus", "--adult")
    assert "choose one of" in printed(capsys, "accounts", "add", "bob", "--plan", "gold", code=2)
    printed(capsys, "accounts", "plan", "ada", "pro")
    assert "50 credits" in printed(capsys, "accounts", "grant", account_id, "50", "--reference", "gift")
    assert "nothing was changed" in printed(capsys, "accounts", "grant", "ada", "50", "--reference", "gift")
    assert "extra: 50" in printed(capsys, "accounts", "list")
    key = printed(capsys, "keys", "add", "ada", "--label", "laptop", "--days", "30")
    assert key.startswith("msk_") and "live" in printed(capsys, "keys", "list") and key not in printed(capsys, "keys", "list")
    printed(capsys, "keys", "revoke", key.split("_")[1])
    assert "revoked" in printed(capsys, "keys", "list")
    printed(capsys, "accounts", "ban", "ada")
    assert "banned" in printed(capsys, "accounts", "list")
    assert "there is no account 'eve'" in printed(capsys, "keys", "add", "eve", code=2)


def test_the_audit_is_one_when_something_does_not_hold(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "jobs", "add", "a dog runs", "--seconds", "0.25", "--size", "64x64", "--steps", "1")
    printed(capsys, "worker", "--until-idle")
    for file in (place / "vault").glob("??/*"):
        file.unlink()
    capsys.readouterr()
    assert run(["audit", "--quick", "--json"]) == 1
    assert {finding["invariant"] for finding in json.loads(capsys.readouterr().out)} == {"I7"}
