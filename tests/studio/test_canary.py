"""No request of anybody's makes the server call a forbidden address: a canary listens there, and nobody ever connects."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from misora.studio.egress import Egress
from studios import SMALL, Rig

NAMES = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0.0.0.0",
    "localhost", "localhost.", "LOCALHOST", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "１２７.0.0.1", "127。0。0。1",
    "inside.example", "turns.example", "both.example", "①②⑦.⓪.⓪.①",
)  # fmt: skip
SHAPES = ("http://{}:{}/", "https://{}:{}/a?b=c#d", "HTTP://{}:{}\\@example.com/", "http://example.com@{}:{}/")
URLS = tuple(shape for name in NAMES for shape in (one.replace("{}", name, 1) for one in SHAPES))
PLAYLISTS = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
    "ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.mp4\n",
    "<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1:{port}/a.png'/></svg>",
    "http://127.0.0.1:{port}/a.mp4",
)


@dataclass
class Canary:
    """Listens on every address of this machine's own."""

    port: int
    listeners: list[socket.socket]

    def visitors(self) -> int:
        """How many have connected since the last time."""
        found = 0
        for listener in self.listeners:
            try:
                while True:
                    listener.accept()[0].close()
                    found += 1
            except BlockingIOError:
                continue
        return found


@pytest.fixture
def canary() -> Iterator[Canary]:
    with ExitStack() as stack:
        first = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        port = first.getsockname()[1]
        listeners = [first]
        if socket.has_ipv6:
            listeners.append(stack.enter_context(socket.create_server(("::1", port), family=socket.AF_INET6, backlog=512)))
        for listener in listeners:
            listener.setblocking(False)
        yield Canary(port, listeners)


class Turning:
    """A resolver whose names are inside, or become so at the second look, or are both at once; addresses are what they are."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self, host: str, port: int) -> list[str]:
        if host == "inside.example":
            return ["127.0.0.1"]
        if host == "both.example":
            return ["93.184.216.34", "127.0.0.1"]
        if host == "turns.example":
            self.looks += 1
            return ["127.0.0.1"] if self.looks > 1 else ["127.0.0.1", "93.184.216.34"]
        try:
            found = [ipaddress.ip_address(host)]
        except ValueError:
            found = [ipaddress.ip_address(str(one[4][0])) for one in socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)]
        return [str(one) for one in found]


def test_no_sink_calls_home(rig: Rig, canary: Canary) -> None:
    rig.app.state.studio = replace(rig.studio, egress=Egress(resolver=Turning()))
    assert len(URLS) >= 120
    for shape in URLS:
        url = shape.replace("{}", str(canary.port))
        hook = {"name": "hook", "url": url, "event_types": ["video.completed"]}
        for answer in (
            rig.client.post("/v1/webhook_endpoints", json=hook),
            rig.client.post("/v1/videos", json=SMALL | {"prompt": "a dog runs", "input_reference": {"image_url": url}}),
        ):
            assert 400 <= answer.status_code < 500, (url, answer.status_code, answer.text)
    assert canary.visitors() == 0


@pytest.mark.parametrize("name", ["a.mp4", "a.m3u8", "a.png", "a.svg"])
@pytest.mark.parametrize("playlist", PLAYLISTS, ids=["m3u8", "ffconcat", "svg", "plain"])
def test_no_file_makes_the_decoder_call(rig: Rig, canary: Canary, name: str, playlist: str) -> None:
    data = playlist.format(port=canary.port).encode()
    answer = rig.client.post("/v1/files", files={"file": (name, data)})
    assert answer.status_code in (400, 415), answer.text
    assert canary.visitors() == 0


def test_the_canary_would_notice(canary: Canary) -> None:
    with socket.create_connection(("127.0.0.1", canary.port)):
        assert canary.visitors() == 1
