"""``misora webhooks``: an address is registered, shown without its secret, given another secret and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from misora.cli.main import run

HOOK = ("done", "http://127.0.0.1:9/hook")
HERE = ("--allow-network", "127.0.0.0/8")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISORA_DATABASE", f"sqlite:///{tmp_path}/misora.db")
    monkeypatch.setenv("MISORA_VAULT", str(tmp_path / "vault"))


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(["webhooks", *arguments]) == code
    captured = capsys.readouterr()
    return captured.out.strip() if code == 0 else captured.err.strip()


def test_from_registration_to_removal(capsys: pytest.CaptureFixture[str]) -> None:
    secret = said(capsys, "add", *HOOK, "--event", "video.failed", *HERE)
    assert secret.startswith("whsec_")
    listed = said(capsys, "list").splitlines()
    assert len(listed) == 2 and listed[1].split()[1:] == ["done", "video.failed", HOOK[1]]
    endpoint = listed[1].split()[0]
    assert said(capsys, "rotate", endpoint, "--keep-old").startswith("whsec_") and secret not in said(capsys, "list")
    assert said(capsys, "deliveries", endpoint).splitlines()[1:] == []
    said(capsys, "remove", endpoint)
    assert len(said(capsys, "list").splitlines()) == 1
    assert "there is no webhook endpoint" in said(capsys, "remove", endpoint, code=2)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (HOOK, "127.0.0.1"),
        (("done", "ftp://example.com/"), "not an http or https URL"),
        ((*HOOK, *HERE, "--event", "video.started"), "event_types"),
        ((*HOOK, *HERE, "--account", "eve"), "there is no account 'eve'"),
    ],
)
def test_what_cannot_be_registered(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str) -> None:
    assert why in said(capsys, "add", *arguments, code=2)
