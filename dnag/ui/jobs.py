"""Long work away from the page: a queue, a few worker threads, and results kept for whoever asks again.

Streamlit runs a page's script again at every click and drops what was under way, and calling it from another thread is
not supported. So nothing in this file knows Streamlit: a page submits a function, keeps the job's id in its link, and
reads the job whenever it is drawn.

Three properties make this safe for many viewers at once. Equal keys share one job, running or finished, so that two
people who open one link cost one run. A viewer who no longer looks (a closed tab) is forgotten after ``lapse_s``, and a
job nobody looks at is cancelled, so that it does not block the queue. And only a bounded number of jobs is remembered.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Literal, TypeVar

R = TypeVar("R")
State = Literal["queued", "running", "done", "cancelled", "failed"]
Work = Callable[[Callable[[int, int], None], Callable[[], bool]], R]

#: A viewer who gives no name of its own: pages that do not tell their viewers apart share it.
ANYONE = ""


class Cancelled(Exception):  # noqa: N818 - an outcome, not a fault
    """Raised inside the work when its job is no longer wanted, so that ``finally`` blocks free what it holds."""


class QueueFullError(RuntimeError):
    """More work waits than the manager accepts."""


@dataclasses.dataclass(eq=False)
class Job(Generic[R]):
    """One piece of work and what is known about it. Read freely; only the manager writes.

    ``makers``: who asked for it, by whatever names they go; who only looks is not among them. ``unwanted``: somebody
    cancelled it; ``lapsed``: it was stopped because everybody had left without a word.
    """

    id: str
    key: Hashable
    state: State = "queued"
    step: int = 0
    total: int = 0
    lapsed: bool = False
    unwanted: bool = False
    result: R | None = None
    error: BaseException | None = None
    trace: str = ""
    queued_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    last_seen: float = 0.0
    viewers: dict[str, float] = dataclasses.field(default_factory=dict)
    makers: set[str] = dataclasses.field(default_factory=set)
    ended: Callable[[], None] | None = dataclasses.field(default=None, repr=False)
    stop: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False)
    finished: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False)

    @property
    def active(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in ("queued", "running")

    def elapsed_s(self, now: float | None = None) -> float:
        """Seconds of work so far (0 while queued); of the whole work once it ended."""
        if self.started_at is None:
            return 0.0
        return (self.ended_at or (time.monotonic() if now is None else now)) - self.started_at

    def remaining_s(self, now: float | None = None) -> float | None:
        """Seconds still to go, if the steps cost the same; None before the first step."""
        if self.state != "running" or self.step <= 0 or self.total <= 0:
            return None
        return self.elapsed_s(now) * (self.total - self.step) / self.step


class JobManager(Generic[R]):
    """Runs jobs one after another on each of ``workers`` threads.

    Args:
        workers: jobs that run at the same time; one per device is right for sampling.
        keep: finished jobs remembered with their results, the least recently seen forgotten first.
        lapse_s: a viewer who did not look for so long has left; a job without viewers is cancelled.
        absent_s: the same once somebody cancelled the job: then only those who really look can keep it alive, not, for
            instance, the page that the same person closed by reloading it a moment ago.
        max_queued: jobs that may wait; :meth:`submit` raises :class:`QueueFullError` beyond.
        clock: seconds, monotonic; replaced in tests.
    """

    def __init__(
        self,
        workers: int = 1,
        keep: int = 50,
        lapse_s: float = 15.0,
        max_queued: int = 32,
        *,
        absent_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, value, low in (("workers", workers, 1), ("keep", keep, 1), ("max_queued", max_queued, 0)):
            if value < low:
                raise ValueError(f"{name} is {value}; allowed: {low} or more")
        if not lapse_s > 0:
            raise ValueError(f"lapse_s is {lapse_s}; allowed: more than 0")
        self._keep, self._lapse_s, self._absent_s = keep, lapse_s, min(absent_s, lapse_s)
        self._max_queued, self._clock = max_queued, clock
        self._lock = threading.Condition(threading.RLock())
        self._jobs: dict[str, Job[R]] = {}  # by id; insertion order is submission order
        self._by_key: dict[Hashable, Job[R]] = {}
        self._queue: list[tuple[Job[R], Work[R]]] = []
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"dnag-worker-{n}", daemon=True) for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    # --- what pages call ----------------------------------------------------------------------------------------------

    def submit(
        self,
        key: Hashable,
        work: Work[R],
        *,
        viewer: str = ANYONE,
        makers: Iterable[str] = (),
        stays: bool = False,
        max_queued: int | None = None,
        ended: Callable[[], None] | None = None,
    ) -> Job[R]:
        """Queue ``work(report, cancelled)``, or join the job that already has this key.

        ``makers`` are noted as those who asked for it, also of a job that is joined, until :meth:`disown`.
        A viewer who ``stays`` need not look: the job goes on for it until :meth:`cancel`, or its end. ``max_queued``:
        fewer jobs that may wait than the manager allows, for this one to be accepted.

        ``report(step, total)`` records progress and raises :class:`Cancelled` once the job is no longer wanted;
        ``cancelled()`` tells so without raising. A job that failed or was cancelled is not joined but run again.
        ``ended`` is called once a new job has ended, even if it never began; it must not raise.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the job manager is closed")
            self._sweep()
            job = self._by_key.get(key)
            if job is not None and job.state in ("queued", "running", "done") and not job.stop.is_set():
                self._see(job, viewer, stays)
                job.makers.update(makers)
                return job
            allowed = self._max_queued if max_queued is None else min(max_queued, self._max_queued)
            if len(self._queue) >= allowed:
                raise QueueFullError(f"{len(self._queue)} runs are waiting; allowed: {allowed}. Try again shortly.")
            job = Job(id=uuid.uuid4().hex[:12], key=key, queued_at=self._clock(), ended=ended)
            self._see(job, viewer, stays)
            job.makers.update(makers)
            self._jobs[job.id] = self._by_key[key] = job
            self._queue.append((job, work))
            self._forget()
            self._lock.notify()
            return job

    def adopt(self, key: Hashable, result: R, name: str = "") -> Job[R]:
        """A finished job for a result that came from elsewhere, as if it had been run here; one for each key. Its id is
        ``name``, so that links to it stay good, unless that is taken.
        """
        with self._lock:
            job = self._by_key.get(key)
            if job is None or job.result is None:
                now = self._clock()
                free = name and name not in self._jobs
                job = Job(id=name if free else uuid.uuid4().hex[:12], key=key, state="done", result=result)
                job.queued_at = job.last_seen = now
                job.started_at = job.ended_at = now
                job.finished.set()
                self._jobs[job.id] = self._by_key[key] = job
                self._forget()
            return job

    def get(self, job_id: str) -> Job[R] | None:
        """The job, or None if it is not (or no longer) known. Does not count as looking: see :meth:`touch`."""
        with self._lock:
            return self._jobs.get(job_id)

    def touch(self, job_id: str, *, viewer: str = ANYONE) -> Job[R] | None:
        """Say that ``viewer`` still looks at the job; each poll of a page does. Returns the job."""
        with self._lock:
            self._sweep()
            job = self._jobs.get(job_id)
            if job is not None:
                self._see(job, viewer)
            return job

    def ahead(self, job: Job[R]) -> int:
        """How many jobs have to end before this one starts, counting those that run now; 0 once it started."""
        with self._lock:
            if job.state != "queued":
                return 0
            waiting = 0
            for other, _ in self._queue:
                if other is job:
                    break
                waiting += 1
            running = sum(other.state == "running" for other in self._jobs.values())
            return waiting + running

    def cancel(self, job_id: str, *, viewer: str = ANYONE) -> bool:
        """``viewer`` no longer wants the job; it stops if nobody else does. Returns whether it is being stopped."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or not job.active:
                return False
            job.viewers.pop(viewer, None)
            job.unwanted = True
            self._sweep()
            return job.stop.is_set()

    def stop(self, job_id: str) -> None:
        """Stop the job, whoever else looks at it."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.active:
                job.unwanted = True
                self._stop(job)

    def disown(self, job_id: str, makers: Iterable[str]) -> None:
        """These no longer asked for the job; it goes on, and stays, for others."""
        with self._lock:
            if (job := self._jobs.get(job_id)) is not None:
                job.makers.difference_update(makers)

    def jobs(self) -> list[Job[R]]:
        """All jobs remembered, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def queued(self) -> int:
        """How many jobs wait."""
        with self._lock:
            return len(self._queue)

    def close(self) -> None:
        """Stop everything and end the threads; the manager accepts nothing afterwards."""
        with self._lock:
            self._closed = True
            for job in list(self._jobs.values()):
                if job.active:
                    self._stop(job)
            self._lock.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def sweep(self) -> None:
        """Cancel jobs that nobody looked at for ``lapse_s``; also done at every other call and by idle workers."""
        with self._lock:
            self._sweep()

    # --- inside; the lock is held -------------------------------------------------------------------------------------

    def _see(self, job: Job[R], viewer: str, stays: bool = False) -> None:
        job.last_seen = self._clock()
        job.viewers[viewer] = math.inf if stays else job.last_seen

    def _stop(self, job: Job[R]) -> None:
        job.stop.set()
        if job.state == "queued":
            self._queue = [item for item in self._queue if item[0] is not job]
            self._end(job, "cancelled")

    def _end(self, job: Job[R], state: State) -> None:
        job.state = state
        job.ended_at = job.last_seen = self._clock()  # a result is news: it is not the first to be forgotten
        job.viewers.clear()
        if state in ("cancelled", "failed") and self._by_key.get(job.key) is job:
            del self._by_key[job.key]
        if job.ended is not None:
            job.ended()
            job.ended = None
        job.finished.set()
        self._forget()

    def _sweep(self) -> None:
        now = self._clock()
        for job in list(self._jobs.values()):
            if not job.active or job.stop.is_set():
                continue
            patience = self._absent_s if job.unwanted else self._lapse_s
            job.viewers = {name: seen for name, seen in job.viewers.items() if now - seen <= patience}
            if not job.viewers:
                job.lapsed = not job.unwanted
                self._stop(job)

    def _forget(self) -> None:
        ended = sorted((job for job in self._jobs.values() if not job.active), key=lambda job: job.last_seen)
        for job in ended[: max(0, len(ended) - self._keep)]:
            del self._jobs[job.id]
            if self._by_key.get(job.key) is job:
                del self._by_key[job.key]

    # --- the worker's side --------------------------------------------------------------------------------------------

    def _unwanted(self, job: Job[R]) -> bool:
        with self._lock:
            self._sweep()
        return job.stop.is_set()

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._sweep()
                while not self._queue and not self._closed:
                    self._lock.wait()
                    self._sweep()
                if self._closed:
                    return
                job, work = self._queue.pop(0)
                job.state = "running"
                job.started_at = self._clock()
            self._run(job, work)
            del job, work  # or an idle thread would keep the last result alive

    def _run(self, job: Job[R], work: Work[R]) -> None:
        def report(step: int, total: int) -> None:
            if self._unwanted(job):
                raise Cancelled
            job.step, job.total = step, total

        try:
            result = work(report, lambda: self._unwanted(job))
            with self._lock:
                # Work may also end early by itself when told that it is cancelled: what it returns then is incomplete.
                stopped = job.stop.is_set()
                job.result = None if stopped else result
                self._end(job, "cancelled" if stopped else "done")
        except BaseException as error:  # a worker must outlive whatever its work raises
            # Whatever work raises once it was told to stop is its way of stopping.
            if isinstance(error, Cancelled) or job.stop.is_set():
                with self._lock:
                    self._end(job, "cancelled")
                return
            trace = traceback.format_exc()
            # The frames of a traceback hold every tensor of the run; the text says what a reader needs.
            error.__traceback__ = error.__context__ = error.__cause__ = None
            with self._lock:
                job.error, job.trace = error, trace
                self._end(job, "failed")
