"""Who may ask, how often, and how much: every request passes the guard before anything else happens.

What is refused is said as ``application/problem+json`` (RFC 9457): what came, and what is allowed.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this computer for itself."""
SAFE = ("GET", "HEAD")
OPEN = "/health"  # a health check has no token, and is not counted
ADDRESSES = 4096  # clients remembered


@dataclass(frozen=True)
class Limits:
    """How much one request may ask for.

    Attributes:
        body_bytes: size of a request's body.
        samples: architectures that one run draws.
        architectures: architectures of one prediction.
        waiting: runs that may wait when another comes from here; the rest of the queue is the pages'.
        streams: clients that follow a run at the same time.
        features_bytes: size of the file of features of a dataset of a client's own.
        classes: of such a dataset.
        datasets: such datasets kept at a time.
        dataset_s: seconds after which one that nobody named is forgotten.
    """

    body_bytes: int = 256 * 1024
    samples: int = 4096
    architectures: int = 1000
    waiting: int = 16
    streams: int = 32
    features_bytes: int = 16 * 2**20
    classes: int = 1000
    datasets: int = 16
    dataset_s: int = 3600


@dataclass(frozen=True)
class Rate:
    """A token bucket per client: ``burst`` requests at once, then ``per_second``. One that starts work counts
    ``work_costs`` times.
    """

    burst: float = 60.0
    per_second: float = 5.0
    work_costs: float = 4.0


class Problem(Exception):  # noqa: N818 - an answer, not a fault
    """A refusal: the HTTP status, and a sentence that says what came and what is allowed."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})

    def response(self) -> Response:
        """The answer that says so."""
        title = HTTPStatus(self.status).phrase
        body = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        return Response(
            json.dumps(body), self.status, {**self.headers, "cache-control": "no-store"}, "application/problem+json"
        )


class Buckets:
    """Token buckets, one per client address; the least recently seen client is forgotten first."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic):
        self.rate, self._clock = rate, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> tokens, and when that was

    def take(self, client: str, cost: float) -> float:
        """Take ``cost`` tokens. Returns 0, or the seconds until there are so many: then none are taken."""
        now = self._clock()
        tokens, before = self._left.pop(client, (self.rate.burst, now))
        tokens = min(self.rate.burst, tokens + (now - before) * self.rate.per_second)
        missing = max(0.0, cost - tokens)
        self._left[client] = (tokens if missing else tokens - cost, now)
        if len(self._left) > ADDRESSES:
            self._left.popitem(last=False)
        return missing / self.rate.per_second


def _anywhere() -> frozenset[str]:
    return frozenset()


@dataclass
class Guard:
    """Decides whether a request may go on.

    Attributes:
        token: what ``Authorization: Bearer`` must say; empty: anybody who can connect may ask.
        hosts: names by which the server may be called, asked at every request; none: any. It keeps a page elsewhere
            from reaching this computer under a name of its own that points here (DNS rebinding).
    """

    token: str = ""
    hosts: Callable[[], frozenset[str]] = _anywhere
    rate: Rate = field(default_factory=Rate)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._buckets = Buckets(self.rate, self.clock)

    def check(self, request: Request, path: str) -> None:
        """:class:`Problem` if the request is refused."""
        self._check_host(request.headers)
        if path == OPEN:
            return
        self._check_rate(request)
        self._check_token(request.headers)
        if request.method not in SAFE:
            self._check_origin(request.headers)

    def _check_host(self, headers: Headers) -> None:
        allowed = self.hosts()
        named = headers.get("host", "")
        host = _parts(f"//{named}").hostname or named[:80]
        if allowed and host not in allowed:
            raise Problem(403, f"this server is not called {host!r}; allowed: {', '.join(sorted(allowed))}")

    def _check_rate(self, request: Request) -> None:
        cost = self.rate.work_costs if request.method == "POST" else 1.0
        wait = self._buckets.take(client_of(request), cost)
        if wait:
            allowed = f"{self.rate.burst:g} at once, then {self.rate.per_second:g} a second"
            headers = {"retry-after": str(math.ceil(wait))}
            raise Problem(429, f"too many requests; allowed: {allowed} (a POST counts {cost:g} times)", headers)

    def _check_token(self, headers: Headers) -> None:
        if not self.token:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not same:
            raise Problem(
                401,
                "no valid token came; allowed: the header Authorization: Bearer and the token of this server",
                {"www-authenticate": "Bearer"},
            )

    @staticmethod
    def _check_origin(headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None:
            return
        host = _parts(origin).netloc
        if not host or host != headers.get("host"):
            raise Problem(403, f"a page of {origin[:80]!r} asked; allowed: pages of this server, and no page at all")


def _parts(url: str) -> SplitResult:
    """The parts of a URL; none if it is none, such as ``http://[``."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def client_of(request: Request) -> str:
    """Whom a request counts for: the address it came from; of IPv6 the network, since one client has all of it."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


class Guarded:
    """An ASGI app behind a guard."""

    def __init__(self, app: ASGIApp, guard: Guard):
        self.app, self.guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            try:
                self.guard.check(Request(scope), path)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def body_of(request: Request, kind: str, most: int) -> bytes:
    """The request's body, if it is of this ``kind`` by its own account and has ``most`` bytes; read no further."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != kind:
        raise Problem(415, f"content type is {found[:80]!r}; allowed: {kind}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Problem(413, f"the body is longer than allowed: {most:,} bytes", {"connection": "close"})
    return bytes(body)
