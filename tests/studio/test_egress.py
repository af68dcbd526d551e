"""The one way out reaches public addresses only, whatever the URL looks like and wherever it leads."""

from __future__ import annotations

import io
import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from misora.base.errors import InputError
from misora.studio.egress import Egress, Unreachable, is_allowed

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001:0:7f00:1::", "fc00::1",
    "fd00::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"]
SHAPES = ["http://{}/", "https://{}:8443/a?b=c", "http://{}.", "HTTP://{}/x#y"]
PLAIN = [
    "ftp://x/", "file:///etc/passwd", "gopher://x/", "//x/", "x", "", "http://", "http:///x", "http://a:b@x/", "http://a@x/",
    "http://x:99999/", "http://x/\r\nHost: y", "http://x/ y", "http://[::1/", "http://x" + "a" * 3000, "unix:/run/x", "data:,x",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_reached_in_any_url(address: str) -> None:
    assert not is_allowed(ipaddress.ip_address(address))
    egress = Egress(resolver=lambda host, port: [address])
    for shape in SHAPES:
        with pytest.raises(InputError, match="not a public address"):
            egress.check(shape.format("name.example"), "url")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    Egress(resolver=lambda host, port: [address]).check("https://name.example/", "url")


@pytest.mark.parametrize("url", PLAIN)
def test_urls_that_are_not_plain_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        Egress(resolver=lambda host, port: ["8.8.8.8"]).check(url, "url")


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(InputError):
        Egress(resolver=lambda host, port: ["8.8.8.8", "127.0.0.1"]).check("http://name.example/", "url")


class Answers(BaseHTTPRequestHandler):
    """A small server with one answer a path."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://inside.example/")
            self.end_headers()
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        else:
            body = b"x" * 1000
            self.send_response(200 if self.path == "/ok" else 500)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def egress() -> Egress:
    """Knows one name at home, and another that is further inside; only the first is allowed."""
    homes = {"home.example": "127.0.0.1", "inside.example": "127.0.0.2"}
    return Egress((ipaddress.ip_network("127.0.0.1/32"),), 5.0, lambda host, port: [homes[host]])


def test_a_file_is_fetched_within_its_bound(egress: Egress, port: int) -> None:
    into = io.BytesIO()
    egress.fetch(f"http://home.example:{port}/ok", into, max_bytes=1000, param="url")
    assert into.getvalue() == b"x" * 1000
    with pytest.raises(InputError, match="the most that is taken"):
        egress.fetch(f"http://home.example:{port}/ok", io.BytesIO(), max_bytes=999, param="url")


def test_a_redirect_is_checked_like_the_first_address(egress: Egress, port: int) -> None:
    with pytest.raises(InputError, match="not a public address"):
        egress.fetch(f"http://home.example:{port}/away", io.BytesIO(), max_bytes=1000, param="url")
    with pytest.raises(Unreachable, match="redirects"):
        egress.fetch(f"http://home.example:{port}/round", io.BytesIO(), max_bytes=1000, param="url")


def test_an_error_and_a_deadline_are_told(egress: Egress, port: int) -> None:
    with pytest.raises(Unreachable, match="500"):
        egress.fetch(f"http://home.example:{port}/fault", io.BytesIO(), max_bytes=1000, param="url")
    late = Egress(egress.allowed, 0.0, egress.resolver)
    with pytest.raises(Unreachable, match="too long"):
        late.fetch(f"http://home.example:{port}/ok", io.BytesIO(), max_bytes=1000, param="url")
