"""The routes of the API. Each handler reads a request, calls the core or the job manager, and writes the answer.

What needs PyTorch runs in a few threads of its own: the event loop also serves the pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from dnag import __version__
from dnag.api import schema
from dnag.api.limits import Guard, Guarded, Limits, Problem, body_of
from dnag.api.own_datasets import OwnDatasets
from dnag.api.schema import BINARY, JSON_TYPE, Endpoint, Health, JobState
from dnag.ui import loaders
from dnag.ui.jobs import Job, QueueFullError

T = TypeVar("T")
PREFIX = "/api/v1"
THREADS = 4  # for work that takes more than a moment
POLL_S = 0.1
QUIET_S = 15.0  # after so long a stream says that it is still there
SWEEP_S = 60.0  # so often datasets that nobody names any more are looked for
RETRY_S = "10"  # when the queue is full


class Api:
    """The endpoints, with what they share."""

    def __init__(self, guard: Guard | None = None, limits: Limits | None = None):
        self.guard, self.limits = guard or Guard(), limits or Limits()
        self.datasets = OwnDatasets(self.limits)
        self._threads = ThreadPoolExecutor(THREADS, "dnag-api")
        self.streams = 0
        self.closing = False
        self.endpoints = (
            Endpoint("GET", "/health", self.health, "Does the server answer?", "Health"),
            Endpoint("GET", "/openapi.json", self.openapi, "This description.", "OpenAPI"),
            Endpoint("GET", "/spaces", self.spaces, "Search spaces, their datasets and benchmarks.", "Spaces"),
            Endpoint("GET", "/checkpoints", self.checkpoints, "The installed models.", "Checkpoints"),
            Endpoint(
                "POST",
                "/datasets",
                self.own_dataset,
                "Features of a dataset of your own, made by `dnag encode`. Answers with an id to name as `dataset`.",
                "OwnDataset",
                status=201,
                body="Features",
                media=BINARY,
                refusals=(413, 415, 422),
            ),
            Endpoint(
                "POST",
                "/generate",
                self.generate,
                "Start a run, or join one of the same settings. Answers with an id to ask for it by.",
                "Job",
                status=202,
                body="Settings",
                refusals=(400, 413, 415, 422, 503),
            ),
            Endpoint(
                "GET",
                "/jobs/{id}",
                self.job,
                "A run as it stands; as server-sent events, its progress and then its result.",
                "Job",
                streams=True,
                refusals=(404, 503),
            ),
            Endpoint(
                "DELETE",
                "/jobs/{id}",
                self.cancel,
                "Want a run no more. It stops unless somebody else wants it.",
                "Job",
                refusals=(403, 404),
            ),
            Endpoint(
                "POST",
                "/predict",
                self.predict,
                "Predicted accuracy and costs of given architectures, and measured accuracy where installed.",
                "Prediction",
                body="Architectures",
                refusals=(400, 413, 415, 422),
            ),
        )

    def routes(self) -> list[Mount]:
        """The endpoints as routes for ``st.App`` or any other Starlette application: behind the guard, and with every
        error as a problem document.
        """
        app = Starlette(
            routes=[Route(e.path, e.handler, methods=[e.method]) for e in self.endpoints],
            middleware=[Middleware(Guarded, guard=self.guard)],
            exception_handlers={Problem: _problem, HTTPException: self._http_problem, Exception: _failure},
        )
        app.router.redirect_slashes = False
        return [Mount(PREFIX, app=app)]

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Forget datasets in time, and end the streams when the server is told to stop: it would wait for them, and
        they for their runs.
        """

        def stop(number: int, frame: Any) -> None:
            self.closing = True
            handler = before[number]
            if callable(handler):
                handler(number, frame)

        before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, stop)
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)
            self.datasets.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await asyncio.get_running_loop().run_in_executor(self._threads, self.datasets.sweep)

    # --- what is there ------------------------------------------------------------------------------------------------

    async def health(self, request: Request) -> Response:
        states = [job.state for job in loaders.manager().jobs()]
        return JSONResponse(vars(Health("ok", __version__, states.count("running"), states.count("queued"))))

    async def openapi(self, request: Request) -> Response:
        prefix = request.scope.get("root_path", "")
        return await self._apart(lambda: JSONResponse(schema.openapi(self.endpoints, prefix, self.limits)))

    async def spaces(self, request: Request) -> Response:
        return await self._apart(lambda: JSONResponse(_spaces()))

    async def checkpoints(self, request: Request) -> Response:
        return await self._apart(lambda: JSONResponse(_checkpoints()))

    # --- work ---------------------------------------------------------------------------------------------------------

    async def own_dataset(self, request: Request) -> Response:
        body = await body_of(request, BINARY, self.limits.features_bytes)
        return await self._apart(lambda: JSONResponse(vars(self.datasets.add(body)), 201))

    async def generate(self, request: Request) -> Response:
        data = schema.read_object(await body_of(request, JSON_TYPE, self.limits.body_bytes))
        inputs = await self._apart(lambda: schema.run_inputs(self.limits))
        read = functools.partial(schema.read_settings, inputs=inputs)
        settings = await self._apart(lambda: self.datasets.settings(data, read))
        ticket = uuid.uuid4().hex[:8]
        try:
            # The page's own key and work, so that both get the same run. It goes on even if nobody asks for it again.
            work = functools.partial(loaders.run, settings)
            job = loaders.manager().submit(settings, work, viewer=ticket, stays=True, max_queued=self.limits.waiting)
        except QueueFullError as error:
            raise Problem(503, str(error), {"retry-after": RETRY_S}) from None
        headers = {"location": f"{request.scope.get('root_path', '')}/jobs/{_name(job, ticket)}"}
        return await self._apart(lambda: JSONResponse(vars(state_of(job, ticket)), 202, headers))

    async def job(self, request: Request) -> Response:
        job, ticket = await self._apart(lambda: _find(request))
        if "text/event-stream" not in request.headers.get("accept", ""):
            return await self._apart(lambda: JSONResponse(vars(state_of(job, ticket))))
        if self.streams >= self.limits.streams:
            raise Problem(
                503, f"{self.streams} streams are open; allowed: {self.limits.streams}", {"retry-after": RETRY_S}
            )
        return StreamingResponse(
            self._events(job, ticket), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def _events(self, job: Job[Any], ticket: str) -> AsyncIterator[str]:
        """``progress`` events while there is something to wait for, then one named after the state it ended in."""
        self.streams += 1
        try:
            told: tuple[object, ...] = ()
            silent = 0.0
            while (now := state_of(job, ticket, result=False)).state in ("queued", "running"):
                if self.closing:
                    return
                news = (now.state, now.step, now.ahead)
                if news != told:
                    yield _event("progress", now)
                elif silent >= QUIET_S:
                    yield ": still here\n\n"
                silent = silent + POLL_S if news == told and silent < QUIET_S else 0.0
                told = news
                await asyncio.sleep(POLL_S)
            yield await self._apart(lambda: _event(now.state, state_of(job, ticket)))
        finally:
            self.streams -= 1

    async def cancel(self, request: Request) -> Response:
        job, ticket = await self._apart(lambda: _find(request))
        if not ticket:
            raise Problem(403, f"{job.id} is a run's own id; allowed: the id that POST gave to whoever wants the run")
        if ticket in job.viewers:  # once is enough
            loaders.manager().cancel(job.id, viewer=ticket)
        return await self._apart(lambda: JSONResponse(vars(state_of(job, ticket))))

    async def predict(self, request: Request) -> Response:
        data = schema.read_object(await body_of(request, JSON_TYPE, self.limits.body_bytes))
        return await self._apart(lambda: JSONResponse(_predicted(data, self.limits, self.datasets)))

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _apart(self, work: Callable[[], T]) -> T:
        """Do ``work`` in another thread, where PyTorch is imported first if nobody needed it before."""

        def warmed() -> T:
            loaders.warm_up()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._threads, warmed)

    async def _http_problem(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if error.status_code == 405:
            methods = ", ".join(
                sorted(e.method for e in self.endpoints if Route(e.path, e.handler).path_regex.match(path))
            )
            return Problem(405, f"method is {request.method}; {path} allows: {methods}", {"allow": methods}).response()
        if error.status_code == 404:
            known = ", ".join(sorted({endpoint.path for endpoint in self.endpoints}))
            return Problem(404, f"nothing at {path[:80]!r}; allowed: {known}").response()
        return Problem(error.status_code, error.detail).response()


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _failure(request: Request, error: Exception) -> Response:
    return Problem(500, f"the server failed ({type(error).__name__}); its log says more").response()


def _spaces() -> dict[str, Any]:
    from dnag.info_commands import info

    return {
        name: {key: value for key, value in about.items() if key != "checkpoints"}
        for name, about in info()["spaces"].items()
    }


def _checkpoints() -> dict[str, Any]:
    from dnag.info_commands import info

    return {
        stem: {"space": name, **checkpoint}
        for name, about in info()["spaces"].items()
        for stem, checkpoint in about["checkpoints"].items()
    }


def _find(request: Request) -> tuple[Job[Any], str]:
    """The run that an id names, and the ticket in it; 404 for jobs of other kinds too."""
    from dnag.run_settings import RunSettings

    name, _, ticket = request.path_params["id"].partition("-")
    job = loaders.manager().get(name)
    if job is None or not isinstance(job.key, RunSettings):
        raise Problem(404, f"no run {request.path_params['id'][:40]!r}; finished runs are kept for a while only")
    if not job.active:
        loaders.manager().touch(name)  # a result that is asked for is forgotten later
    return job, ticket


def _name(job: Job[Any], ticket: str) -> str:
    return f"{job.id}-{ticket}" if ticket else job.id


def state_of(job: Job[Any], ticket: str, *, result: bool = True) -> JobState:
    """A run as its client sees it. ``result``: with what it gave, if it is done."""
    state = job.state  # first: the manager writes it last
    if job.active and job.stop.is_set():
        state = "cancelled"  # whatever it still gives is thrown away
    remaining = job.remaining_s()
    return JobState(
        id=_name(job, ticket),
        state=state,
        step=job.step,
        total=job.total,
        ahead=loaders.manager().ahead(job),
        elapsed_s=round(job.elapsed_s(), 3),
        remaining_s=None if remaining is None else round(remaining, 3),
        error=None if job.error is None else _said(job.error),
        result=job.result.to_dict() if result and state == "done" and job.result is not None else None,
    )


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _event(name: str, state: JobState) -> str:
    return f"event: {name}\ndata: {json.dumps(vars(state))}\n\n"


def _predicted(data: dict[str, Any], limits: Limits, own: OwnDatasets) -> dict[str, Any]:
    from dnag.architectures import read_architectures
    from dnag.runs import predict
    from dnag.spaces.base import spaces

    texts = data.pop("architectures", None)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Problem(422, "architectures must be a list of texts, one architecture each")
    if not 1 <= len(texts) <= limits.architectures:
        raise Problem(422, f"{len(texts):,} architectures came; allowed: 1 to {limits.architectures:,}")
    read = functools.partial(schema.read_settings, inputs=schema.prediction_inputs())
    settings = own.settings(data, read)
    try:
        archs = read_architectures(spaces[settings.space](), texts, "architectures")
        return predict(settings, archs, store=loaders.store())
    except ValueError as error:
        raise Problem(422, str(error)) from None
