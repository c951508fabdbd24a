"""The job manager, driven step by step: a fake clock, and work that waits for events instead of sleeping."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest

from dnag.ui.jobs import Cancelled, Job, JobManager, QueueFullError

PATIENCE = 20.0  # seconds until a hanging test gives up; nothing is measured


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Gate:
    """Work of ``steps`` steps that stops before each until the test lets it go on."""

    def __init__(self, steps: int = 3, result: object = "result") -> None:
        self.steps, self.result = steps, result
        self.started, self.cleaned = threading.Event(), threading.Event()
        self.go, self.at = threading.Semaphore(0), threading.Semaphore(0)
        self.runs = 0

    def __call__(self, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> object:
        self.runs += 1
        self.started.set()
        try:
            for step in range(1, self.steps + 1):
                assert self.go.acquire(timeout=PATIENCE)
                report(step, self.steps)
                self.at.release()
            return self.result
        finally:
            self.cleaned.set()

    def step(self) -> None:
        self.go.release()
        assert self.at.acquire(timeout=PATIENCE)

    def finish(self) -> None:
        for _ in range(self.steps):
            self.go.release()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(clock: Clock) -> Iterator[JobManager]:
    made: JobManager = JobManager(workers=1, keep=3, lapse_s=15, max_queued=2, clock=clock)
    yield made
    made.close()


def done(job: Job) -> object:
    assert job.finished.wait(PATIENCE)
    return job.result


def test_a_job_runs_and_reports(manager: JobManager, clock: Clock) -> None:
    gate = Gate(steps=4)
    job = manager.submit("key", gate)
    assert gate.started.wait(PATIENCE)
    assert job.state == "running"
    assert job.remaining_s(clock.now) is None
    clock.now += 2
    gate.step()
    assert (job.step, job.total) == (1, 4)
    assert job.elapsed_s(clock.now) == 2
    assert job.remaining_s(clock.now) == 6
    gate.finish()
    assert done(job) == "result"
    assert (job.state, job.step, job.elapsed_s(clock.now + 50)) == ("done", 4, 2)
    assert manager.get(job.id) is job


def test_equal_keys_share_one_job_running_or_finished(manager: JobManager) -> None:
    gate = Gate()
    first = manager.submit(("a", 1), gate, viewer="one")
    assert manager.submit(("a", 1), gate, viewer="two") is first
    gate.finish()
    done(first)
    assert manager.submit(("a", 1), gate, viewer="three") is first
    assert gate.runs == 1
    other = Gate()
    assert manager.submit(("a", 2), other) is not first
    other.finish()


def test_who_asked_is_known_whoever_looks(manager: JobManager) -> None:
    gate = Gate()
    job = manager.submit("key", gate, viewer="ann", makers={"ann"})
    manager.submit("key", gate, viewer="eve")
    manager.submit("key", gate, viewer="bob", makers={"bob", "bob's key"})
    assert job.makers == {"ann", "bob", "bob's key"}
    gate.finish()
    assert done(job) == "result"
    manager.disown(job.id, {"bob", "bob's key"})
    manager.disown("unknown", {"ann"})
    assert job.makers == {"ann"}


def test_the_queue_is_ordered_counted_and_limited(manager: JobManager) -> None:
    running, second, third = Gate(), Gate(), Gate()
    a = manager.submit("a", running)
    assert running.started.wait(PATIENCE)
    b, c = manager.submit("b", second), manager.submit("c", third)
    assert [manager.ahead(job) for job in (a, b, c)] == [0, 1, 2]
    assert (b.state, manager.queued()) == ("queued", 2)
    with pytest.raises(QueueFullError, match="2 runs are waiting; allowed: 2"):
        manager.submit("d", Gate())
    assert manager.submit("c", third) is c  # joining costs nothing
    running.finish()
    assert second.started.wait(PATIENCE)
    assert not third.started.is_set()
    assert manager.ahead(c) == 1
    second.finish()
    third.finish()
    done(c)


def test_cancel_a_running_job_raises_inside_it(manager: JobManager) -> None:
    gate = Gate()
    job = manager.submit("key", gate)
    gate.step()
    assert manager.cancel(job.id)
    gate.go.release()
    done(job)
    assert (job.state, job.result, job.error) == ("cancelled", None, None)
    assert gate.cleaned.is_set()
    assert not manager.cancel(job.id)
    again = Gate()
    assert manager.submit("key", again) is not job  # cancelled work is not a result to share
    again.finish()


def test_cancel_a_queued_job_never_starts_it(manager: JobManager) -> None:
    running, queued = Gate(), Gate()
    manager.submit("a", running)
    assert running.started.wait(PATIENCE)
    job = manager.submit("b", queued)
    assert manager.cancel(job.id)
    assert (job.state, manager.queued()) == ("cancelled", 0)
    running.finish()
    assert not queued.started.is_set()


def test_work_that_ends_early_by_itself_counts_as_cancelled(manager: JobManager) -> None:
    asked, entered = threading.Event(), threading.Event()

    def work(report, cancelled):
        entered.set()
        assert asked.wait(PATIENCE)
        return "half" if cancelled() else "whole"

    job = manager.submit("key", work)
    assert entered.wait(PATIENCE)
    manager.cancel(job.id)
    asked.set()
    assert done(job) is None
    assert job.state == "cancelled"


def test_a_shared_job_stops_only_when_all_viewers_left(manager: JobManager) -> None:
    gate = Gate()
    job = manager.submit("key", gate, viewer="one")
    manager.submit("key", gate, viewer="two")
    assert not manager.cancel(job.id, viewer="one")
    gate.step()
    assert job.active
    assert manager.cancel(job.id, viewer="two")
    gate.go.release()
    done(job)
    assert job.state == "cancelled"


def test_a_page_closed_a_moment_ago_does_not_outlive_a_cancel(manager: JobManager, clock: Clock) -> None:
    gate = Gate()
    job = manager.submit("key", gate, viewer="before the reload")
    gate.step()
    clock.now += 2
    manager.touch(job.id, viewer="after the reload")
    assert not manager.cancel(job.id, viewer="after the reload")
    clock.now += 2
    gate.go.release()
    done(job)
    assert job.state == "cancelled"
    assert not job.lapsed


def test_a_running_job_nobody_looks_at_lapses(manager: JobManager, clock: Clock) -> None:
    gate = Gate()
    job = manager.submit("key", gate)
    gate.step()
    clock.now += 15.5
    gate.go.release()
    done(job)
    assert job.state == "cancelled"
    assert job.lapsed


def test_looking_keeps_a_job_alive_and_one_viewer_is_enough(manager: JobManager, clock: Clock) -> None:
    gate = Gate()
    job = manager.submit("key", gate, viewer="one")
    manager.submit("key", gate, viewer="two")
    for _ in range(3):
        clock.now += 10
        assert manager.touch(job.id, viewer="two") is job
    assert job.last_seen == clock.now
    assert set(job.viewers) == {"two"}
    gate.finish()
    done(job)
    assert job.state == "done"


def test_a_viewer_who_stays_need_not_look(manager: JobManager, clock: Clock) -> None:
    gate = Gate()
    job = manager.submit("key", gate, viewer="page")
    assert manager.submit("key", gate, viewer="program", stays=True) is job
    assert gate.started.wait(PATIENCE)
    clock.now += 1e6
    manager.sweep()
    assert list(job.viewers) == ["program"] and not job.stop.is_set()
    assert manager.cancel(job.id, viewer="program")
    gate.go.release()
    done(job)
    assert job.state == "cancelled"


def test_a_caller_may_be_content_with_a_shorter_queue(manager: JobManager) -> None:
    running, second = Gate(), Gate()
    manager.submit("a", running)
    assert running.started.wait(PATIENCE)
    waiting = manager.submit("b", second, max_queued=1)
    with pytest.raises(QueueFullError, match="1 runs are waiting; allowed: 1"):
        manager.submit("c", Gate(), max_queued=1)
    assert manager.submit("b", second, max_queued=1) is waiting  # joining costs nothing
    running.finish()
    second.finish()
    done(waiting)


def test_what_ended_last_is_forgotten_last(manager: JobManager, clock: Clock) -> None:
    slow = Gate()
    job = manager.submit("slow", slow)
    assert slow.started.wait(PATIENCE)
    clock.now += 1
    manager.cancel(manager.submit("other", Gate()).id)
    for number in range(2):
        manager.cancel(manager.submit(number, Gate()).id)
    clock.now += 1
    slow.finish()
    assert done(job) == "result"
    assert manager.get(job.id) is job


def test_a_queued_job_nobody_looks_at_lapses(manager: JobManager, clock: Clock) -> None:
    running, queued = Gate(), Gate()
    first = manager.submit("a", running)
    assert running.started.wait(PATIENCE)
    second = manager.submit("b", queued)
    clock.now += 14
    manager.touch(first.id)
    clock.now += 14
    manager.sweep()
    assert second.state == "cancelled"
    assert first.state == "running"
    running.finish()
    done(first)


def test_a_failure_is_kept_and_the_worker_goes_on(manager: JobManager) -> None:
    def broken(report, cancelled):
        raise ValueError("scale is nan; allowed: a finite number")

    job = manager.submit("key", broken)
    done(job)
    assert job.state == "failed"
    assert isinstance(job.error, ValueError)
    assert "scale is nan" in str(job.error)
    assert "broken" in job.trace
    assert job.error.__traceback__ is None  # or the frames, and every tensor in them, would stay
    gate = Gate()
    gate.finish()
    assert done(manager.submit("key", gate)) == "result"


def test_only_keep_finished_jobs_are_remembered_the_last_seen_stay(manager: JobManager, clock: Clock) -> None:
    jobs = []
    for name in "abcde":
        gate = Gate(steps=1)
        gate.finish()
        jobs.append(manager.submit(name, gate))
        done(jobs[-1])
        clock.now += 1
        manager.touch(jobs[0].id)
    assert [job.key for job in manager.jobs()] == ["a", "d", "e"]
    assert manager.get(jobs[1].id) is None
    assert manager.touch(jobs[1].id) is None


def test_a_forgotten_result_is_freed(manager: JobManager) -> None:
    class Large:
        pass

    def work(report, cancelled):
        return Large()

    first = manager.submit(0, work)
    done(first)
    reference = weakref.ref(first.result)
    del first
    for key in range(1, 5):
        done(manager.submit(key, work))
    gc.collect()
    assert reference() is None


def test_many_threads_asking_at_once_start_one_job(manager: JobManager) -> None:
    gate, found, barrier = Gate(), [], threading.Barrier(8)

    def ask(name: str) -> None:
        barrier.wait(PATIENCE)
        found.append(manager.submit("key", gate, viewer=name))

    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    gate.finish()
    assert len(set(map(id, found))) == 1
    done(found[0])
    assert gate.runs == 1


def test_close_stops_everything(clock: Clock) -> None:
    manager: JobManager = JobManager(clock=clock)
    gate, waiting = Gate(), Gate()
    job, other = manager.submit("a", gate), manager.submit("b", waiting)
    assert gate.started.wait(PATIENCE)
    gate.finish()
    manager.close()
    assert other.state == "cancelled"
    assert job.finished.wait(PATIENCE)
    with pytest.raises(RuntimeError, match="closed"):
        manager.submit("c", Gate())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "workers is 0; allowed: 1 or more"),
        ({"keep": 0}, "keep is 0"),
        ({"max_queued": -1}, "max_queued is -1"),
        ({"lapse_s": 0}, "lapse_s is 0"),
    ],
)
def test_bad_settings_are_named(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JobManager(**settings)


def test_report_raises_cancelled_itself(manager: JobManager) -> None:
    seen, entered, asked = [], threading.Event(), threading.Event()

    def work(report, cancelled):
        entered.set()
        assert asked.wait(PATIENCE)
        try:
            report(1, 2)
        except Cancelled as error:
            seen.append(error)
            raise

    job = manager.submit("key", work)
    assert entered.wait(PATIENCE)
    manager.cancel(job.id)
    asked.set()
    done(job)
    assert len(seen) == 1


def test_who_waits_for_the_end_is_told_once_however_it_comes(manager: JobManager) -> None:
    ended: list[str] = []
    first, second = Gate(), Gate()
    running = manager.submit("a", first, ended=lambda: ended.append("a"))
    waiting = manager.submit("b", second, ended=lambda: ended.append("b"))
    assert first.started.wait(PATIENCE) and ended == []
    manager.cancel(waiting.id)
    assert ended == ["b"]
    manager.stop(running.id)
    first.finish()
    done(running)
    assert ended == ["b", "a"]


def test_stop_asks_nobody_else(manager: JobManager) -> None:
    gate = Gate()
    job = manager.submit("a", gate, viewer="one")
    manager.touch(job.id, viewer="two")
    assert gate.started.wait(PATIENCE)
    assert not manager.cancel(job.id, viewer="one")
    manager.stop(job.id)
    gate.finish()
    done(job)
    assert job.state == "cancelled" and not job.lapsed
    manager.stop(job.id)
    manager.stop("nothing")
