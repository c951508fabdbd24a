"""The API on a port of the loopback interface, and a client of the standard library."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from dnag.api import Api, Guard, Limits, Rate
from dnag.ui import loaders
from tests.fresh import fresh_manager

__all__ = ["fresh_manager"]

PATIENCE = 60.0  # seconds until a hanging test gives up; nothing is measured
SMALL: dict[str, Any] = {"samples": 12, "steps": 3, "device": "cpu"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one server; every request on a connection of its own."""

    def __init__(self, port: int):
        self.port = port

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        with contextlib.closing(self.open(method, path, body, **headers)) as connection:
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())

    def open(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/v1{path}", body, sent)
        return connection

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, data: Any, **headers: str) -> Answer:
        return self.ask("POST", path, json.dumps(data).encode(), **{"content_type": "application/json", **headers})

    def refused(self, answer: Answer, status: int) -> str:
        """The sentence of a problem document."""
        assert answer.status == status, answer.body
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == status
        return answer.json["detail"]

    def events(self, job: str) -> list[tuple[str, Any]]:
        """Every event of a run, until the server ends the stream."""
        answer = self.get(f"/jobs/{job}", accept="text/event-stream")
        assert answer.headers["content-type"].startswith("text/event-stream")
        blocks = [block for block in answer.body.decode().split("\n\n") if block and not block.startswith(":")]
        pairs = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
        return [(pair["event"], json.loads(pair["data"])) for pair in pairs]

    def run(self, settings: dict[str, Any]) -> Any:
        """The finished job of a run."""
        job = self.post("/generate", settings).json["id"]
        name, state = self.events(job)[-1]
        assert name == "done", state
        return state


@contextlib.contextmanager
def serving(api: Api) -> Iterator[Client]:
    """A server for ``api`` in a thread of this process."""
    config = uvicorn.Config(Starlette(routes=api.routes()), "127.0.0.1", 0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    try:
        yield Client(server.servers[0].sockets[0].getsockname()[1])
    finally:
        api.closing = server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture
def serve() -> Iterator[Callable[..., Client]]:
    """``serve(guard, limits)``: a client of an API of its own."""
    with contextlib.ExitStack() as stack:

        def start(guard: Guard | None = None, limits: Limits | None = None) -> Client:
            unhurried = Guard(rate=Rate(burst=10_000))
            return stack.enter_context(serving(Api(guard or unhurried, limits)))

        yield start


@pytest.fixture
def client(serve: Callable[..., Client]) -> Client:
    return serve()


class Gate:
    """Stands in for a run: it waits at every step until it is let on."""

    def __init__(self, steps: int = 3) -> None:
        self.steps, self.runs = steps, 0
        self.go = threading.Semaphore(0)

    def __call__(self, settings: Any, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> None:
        self.runs += 1
        for step in range(1, self.steps + 1):
            while not self.go.acquire(timeout=0.05):
                report(step - 1, self.steps)
            report(step, self.steps)

    def finish(self) -> None:
        for _ in range(self.steps):
            self.go.release()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    found = Gate()
    monkeypatch.setattr(loaders, "run", found)
    yield found
    found.finish()
