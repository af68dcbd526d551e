"""The programs of docs/api.md run: as they stand, but for the address, and for a size that is made in no time."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from misora.studio.signatures import signed_headers
from studios import Rig

openai = pytest.importorskip("openai")
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBwYWdl"


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def changed(code: str, *changes: tuple[str, str]) -> str:
    """``code`` with each change made once; a snippet that no longer has the place fails here."""
    for old, new in changes:
        assert code.count(old) == 1, old
        code = code.replace(old, new)
    return code


def test_no_snippet_is_left_out() -> None:
    assert len(snippets("python")) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_first_program(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rig.client.event_hooks = {"response": [lambda _: rig.work()]}
    code = changed(
        snippets("python")[0],
        ('api_key="unused without accounts"', 'api_key="unused", http_client=http_client'),
        ('seconds="4", size="832x480"', 'seconds="0.5", size="64x64"'),
    )
    scope: dict[str, Any] = {"http_client": rig.client}
    exec(compile(code, "docs/api.md", "exec", dont_inherit=True), scope)
    assert scope["video"].status == "completed" and b"ftyp" in (tmp_path / "dog.mp4").read_bytes()[:12]


def test_the_receiver_of_webhooks() -> None:
    scope: dict[str, Any] = {"__name__": "receiver"}
    code = changed(snippets("python")[1], ('webhook_secret="whsec_..."', f"webhook_secret={SECRET!r}"))
    exec(compile(code, "docs/api.md", "exec", dont_inherit=True), scope)
    app = scope["app"]
    assert isinstance(app, FastAPI)
    event = {"id": "evt_1", "object": "event", "created_at": 1, "type": "video.failed", "data": {"id": "video_1"}}
    body = json.dumps(event).encode()
    good = signed_headers([SECRET], "evt_1", time.time(), body)
    with TestClient(app, raise_server_exceptions=False) as receiver:
        assert receiver.post("/hook", content=body, headers=good).status_code == 200
        assert receiver.post("/hook", content=body + b" ", headers=good).status_code == 500
    scope["client"].close()
