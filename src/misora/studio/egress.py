"""The one way out: every request to an address that a user named, webhooks and pictures by URL, goes through here.

A name is resolved once, every address it has is checked, and the connection goes to a checked address, so that a name which answers
differently the second time gains nothing. Redirects are followed by hand and checked the same. There is one deadline for the whole.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from misora.base.errors import InputError, MisoraError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

MAX_URL = 2048
MAX_REDIRECTS = 3
PIECE_BYTES = 1 << 16
TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10", "::/96")))
"""IPv6 ranges behind which a private IPv4 address may hide, or that mean a site of one's own."""


class Unreachable(MisoraError):
    """The other side does not answer, answers with an error, or takes too long."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of ``host``."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Egress:
    """What may be reached and for how long.

    Args:
        allowed: Private networks that the operator lets users name, say of a webhook receiver in the same house.
        seconds: For everything from the first look-up to the last byte.
        resolver: Stands in for the system's in tests.
    """

    allowed: tuple[Network, ...] = ()
    seconds: float = 10.0
    resolver: Resolver = field(default=resolve)

    def fetch(self, url: str, into: BinaryIO, *, max_bytes: int, param: str) -> None:
        """Writes what ``url`` holds to ``into``.

        Raises:
            InputError: The URL may not be reached, or holds more than ``max_bytes``; the field is ``param``.
            Unreachable: It does not answer in time, or not with 200.
        """
        deadline = time.monotonic() + self.seconds
        for _ in range(MAX_REDIRECTS + 1):
            with closing(self._connect(url, deadline, param)) as connection:
                answer = ask(connection, "GET", target_of(urlsplit(url)), None, {"Host": urlsplit(url).netloc, "Accept": "image/*,video/*"})
                if answer.status in (301, 302, 303, 307, 308) and answer.headers.get("location"):
                    url = urljoin(url, answer.headers["location"])
                    continue
                if answer.status != 200:
                    raise Unreachable(f"{param} answers {answer.status}, not 200")
                copy(answer, into, connection, deadline, max_bytes, param)
                return
        raise Unreachable(f"{param} leads to more than {MAX_REDIRECTS} redirects")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Sends ``body`` and returns the status; the answer's own body is not read and a redirect is not followed."""
        deadline = time.monotonic() + self.seconds
        with closing(self._connect(url, deadline, "url")) as connection:
            return ask(connection, "POST", target_of(urlsplit(url)), body, {"Host": urlsplit(url).netloc, **headers}).status

    def check(self, url: str, param: str) -> None:
        """Raises InputError unless ``url`` may be reached, as far as that can be said now."""
        self._addresses(check_url(url, param), param)

    def _connect(self, url: str, deadline: float, param: str) -> Pinned:
        parts = check_url(url, param)
        address = self._addresses(parts, param)[0]
        return Pinned(parts, address, deadline)

    def _addresses(self, parts: SplitResult, param: str) -> list[str]:
        """The addresses of a URL's host; all must be allowed, for which one is dialled is chance."""
        host = parts.hostname or ""
        try:
            found = list(self.resolver(host, port_of(parts)))
        except (OSError, UnicodeError) as error:
            raise InputError(f"{param}: the name {host[:80]!r} is not known; check the address", field=param) from error
        for text in found:
            if not is_allowed(ipaddress.ip_address(text.partition("%")[0]), self.allowed):
                raise InputError(f"{param}: {host[:80]!r} is not a public address, and only those are reached from here", field=param)
        if not found:
            raise InputError(f"{param}: the name {host[:80]!r} has no address", field=param)
        return found


class Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the host's name resolves to by now; certificates are checked against the name."""

    def __init__(self, parts: SplitResult, address: str, deadline: float) -> None:
        super().__init__(parts.hostname or "", port_of(parts))
        self.address = address
        self.secure = parts.scheme == "https"
        self.deadline = deadline

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), remaining(self.deadline))
        if self.secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        # http.client lets go of ``sock`` when the other side will close, while the body is still to be read.
        self.dialled = self.sock


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """``("10.0.0.0/8",)`` as networks; raises InputError."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise InputError(f"not a network: {error}; write it as 10.0.0.0/8", field="allow_network") from error


def check_url(url: str, param: str) -> SplitResult:
    """The parts of a URL that is plain enough to be reached; raises InputError."""
    try:
        parts = urlsplit(url)
        port_of(parts)
    except ValueError as error:
        raise InputError(f"{param} is not a URL: {error}", field=param) from error
    if len(url) > MAX_URL or any(character <= " " or character == "\x7f" for character in url):
        raise InputError(f"{param} is longer than {MAX_URL} characters or holds blanks; send a plain URL", field=param)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{param}={url[:80]!r} is not an http or https URL", field=param)
    if parts.username is not None or parts.password is not None:
        raise InputError(f"{param} holds a user name or password, which is not sent; leave it out", field=param)
    return parts


def is_allowed(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether ``address`` is public, also seen through the ways in which IPv6 wraps IPv4, or in a network of ``allowed``."""
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(one is not None for one in inner) or any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def target_of(parts: SplitResult) -> str:
    """Path and query as the request line has them."""
    path = parts.path or "/"
    return (f"{path}?{parts.query}" if parts.query else path).encode("ascii", "ignore").decode("ascii")


def remaining(deadline: float) -> float:
    """Seconds until ``deadline``; raises Unreachable when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise Unreachable("the address took too long to answer")
    return left


def ask(
    connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """Sends one request and reads the head of its answer."""
    try:
        connection.request(method, target, body, {"User-Agent": "misora", "Connection": "close", "Accept-Encoding": "identity", **headers})
        return connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"the address does not answer: {type(error).__name__}") from error


def copy(answer: http.client.HTTPResponse, into: BinaryIO, connection: Pinned, deadline: float, max_bytes: int, param: str) -> None:
    """The body in pieces, within time and size."""
    taken = 0
    try:
        while piece := answer.read1(PIECE_BYTES):
            taken += len(piece)
            if taken > max_bytes:
                raise InputError(f"{param} holds more than {max_bytes >> 20} MiB, the most that is taken", field=param)
            into.write(piece)
            connection.dialled.settimeout(remaining(deadline))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{param} stopped half way: {type(error).__name__}") from error
