"""What docs/api.md and docs/operating.md show is what the server says and holds to."""

from __future__ import annotations

import json
import re
from pathlib import Path

from misora.studio import connections, middleware
from misora.studio.service import MIB, Options
from studios import Rig

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_error_that_is_shown_is_the_error_that_is_sent(rig: Rig) -> None:
    [shown] = re.findall(r"```json\n(.+?)```", (DOCS / "api.md").read_text(encoding="utf-8"), re.DOTALL)
    assert rig.client.post("/v1/videos", json={"prompt": "a dog runs", "seconds": "99"}).json() == json.loads(shown)


def test_the_bounds_in_the_manual_are_those_of_the_server() -> None:
    options, pace = Options(), f"{middleware.BODY_SECONDS:.0f}, and one for each {middleware.MIN_BYTES_PER_SECOND >> 10} KiB that came"
    bounds = {
        "requests in work": str(options.max_at_once),
        "event streams and waiting stills": str(options.max_streams),
        "connections": str(connections.MAX_CONNECTIONS),
        "bytes of a body": f"{options.max_body_bytes // MIB} MiB",
        "seconds for a request's head": f"{connections.HEAD_SECONDS:.0f}",
        "seconds for a body": pace,
        "seconds in which a client reads nothing of its answer": f"{connections.STALL_SECONDS:.0f}",
    }
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    assert [f"| {what} | {bound} |" for what, bound in bounds.items() if f"\n| {what} | {bound} |" not in text] == []
