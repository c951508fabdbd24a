"""The gallery: finished runs are there, can be named, opened, deleted, taken away and brought back."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dnag.bundle import ModelStore
from dnag.drawing.thumbnail import thumbnail
from dnag.run_archive import NamedRun, RunArchiveError, export_zip
from dnag.run_result import RunResult
from dnag.run_settings import RunSettings
from dnag.run_store import RunStore
from dnag.runs import run
from dnag.ui import gallery, gallery_panel, loaders, state, text

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = RunSettings(samples=8, steps=4, seed=5, device="cpu", under="macs_m=100")


@pytest.fixture(scope="module")
def result() -> RunResult:
    return run(SETTINGS, store=ModelStore(), keep_frames=4, compare=True)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The runs that the page shows."""
    made = RunStore()
    monkeypatch.setattr(gallery, "runs", lambda: made)
    monkeypatch.setattr(gallery, "owner", lambda: "session")
    return made


def open_page() -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=60).run()


def test_an_empty_gallery_says_what_to_do(store: RunStore) -> None:
    at = open_page()
    assert not at.exception and at.subheader[0].value == text.gallery.EMPTY_TITLE


def test_runs_are_listed(store: RunStore, result: RunResult) -> None:
    store.add("session", "one", result, created=1.0)
    store.add("session", "two", result, name="mine", created=2.0)
    store.add("somebody", "three", result)
    at = open_page()
    shown: Any = at.dataframe[0].value
    assert not at.exception and list(shown["name"]) == ["mine", "run 1"]
    assert list(shown["best"]) == [result.candidates[0].predicted_accuracy_pct] * 2
    assert set(shown["picture"]) == {thumbnail("nasbench201", result.candidates[0].ops)}
    assert at.text_input(key="name").disabled and at.button(key="open").disabled and at.button(key="compare").disabled


def test_what_buttons_do(store: RunStore, result: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add("session", "one", result)
    monkeypatch.setattr(gallery.st, "session_state", {"name-one": " first "})
    gallery_panel._rename("name-one", "one")
    (kept,) = store.runs("session")
    assert kept.name == "first"
    with zipfile.ZipFile(io.BytesIO(gallery_panel._export(store, "session", loaders.store(), [kept]))) as archive:
        assert "run-001/candidates.csv" in archive.namelist()
    gallery_panel._delete(["one"])
    assert store.runs("session") == []


class Upload(io.BytesIO):
    """What Streamlit gives for an uploaded file."""


def test_import_is_all_or_nothing(store: RunStore, result: RunResult) -> None:
    good = export_zip([NamedRun("a", 1.0, result), NamedRun("b", 2.0, result)])
    gallery_panel._import(Upload(good))
    assert [found.name for found in store.runs("session")] == ["b", "a"]
    gallery_panel._import(Upload(good[:-100]))
    gallery_panel._import(Upload(b"nothing"))
    assert len(store.runs("session")) == 2


def test_a_kept_run_comes_back_without_being_taken_for_anybody_elses(store: RunStore, result: RunResult) -> None:
    store.add("session", "kept", result)
    (job_id,) = gallery.recall(["kept", "gone"])
    job = loaders.manager().get(job_id)
    assert job_id == "kept"  # so that links to it stay good
    assert job is not None and job.result is not None and job.state == "done" and job.key != SETTINGS
    assert job.result.to_json() == result.to_json()
    assert gallery.recall(["kept"]) == [job_id]


def test_a_finished_run_is_kept_once_and_opens_with_its_settings(store: RunStore) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "generate.py"), default_timeout=60)
    for name, value in (("samples", "8"), ("steps", "4"), ("seed", "5")):
        at.query_params[name] = value
    at.run().button(key="generate").click().run()
    job = loaders.manager().get(at.session_state["_job"])
    assert job is not None and job.finished.wait(60)
    at.run()
    (kept,) = store.runs("session")
    assert kept.settings["seed"] == 5 and kept.id == at.session_state["_job"]
    at.run()
    assert len(store.runs("session")) == 1


def test_a_link_finds_a_kept_run_that_is_not_in_memory_any_more(store: RunStore, result: RunResult) -> None:
    store.add("session", "linked", result)
    at = AppTest.from_file(str(ROOT / "pages" / "generate.py"), default_timeout=60)
    at.query_params["job"] = "linked"
    at.run()
    assert not at.exception and at.session_state["_job"] == "linked"
    assert text.LINK_RERUN not in [info.value for info in at.info]
    assert list(at.dataframe[0].value["architecture"]) == [c.architecture for c in result.candidates]


def linked(job: str) -> AppTest:
    """The page Generate of a new session, by a link to a run of ``SETTINGS``."""
    at = AppTest.from_file(str(ROOT / "pages" / "generate.py"), default_timeout=60)
    for name, value in (("samples", "8"), ("steps", "4"), ("seed", "5"), ("job", job)):
        at.query_params[name] = value
    return at.run()


def press_generate(at: AppTest) -> str:
    at.button(key="generate").click().run()
    job = loaders.manager().get(at.session_state["_job"])
    assert job is not None and job.finished.wait(60)
    at.run()
    return job.id


def test_somebody_elses_run_is_kept_when_asked_for(store: RunStore, result: RunResult) -> None:
    job = loaders.manager().adopt("somebody's", result)
    at = linked(job.id)
    assert not at.exception and at.session_state["_job"] == job.id
    assert store.runs("session") == []
    at.button(key="keep").click().run()
    assert [run.id for run in store.runs("session")] == [job.id]
    assert [toast.value for toast in at.toast] == [text.KEPT]
    assert "keep" not in [button.key for button in at.button]
    assert "keep" not in [button.key for button in linked(job.id).button], "it is there already"


def test_what_could_not_be_kept_can_be_kept_later(
    store: RunStore, result: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = loaders.manager().adopt("somebody's", result)
    at = linked(job.id)
    with monkeypatch.context() as full:

        def refuse(*_: Any) -> None:
            raise RunArchiveError("runs.sqlite has format 9; this version reads format 2")

        full.setattr(store, "add", refuse)
        at.button(key="keep").click().run()
    assert not at.exception and store.runs("session") == []
    (toast,) = at.toast
    assert "format 9" in toast.value
    at.button(key="keep").click().run()
    assert [run.id for run in store.runs("session")] == [job.id]


def test_a_run_that_a_link_made_again_is_kept_when_asked_for(store: RunStore) -> None:
    at = linked("forgotten")
    job = loaders.manager().get(at.session_state["_job"])
    assert job is not None and job.finished.wait(60)
    at.run()
    assert text.LINK_RERUN in [info.value for info in at.info]
    assert store.runs("session") == [] and at.button(key="keep")
    assert press_generate(at) == job.id  # the very same run, asked for now
    assert [run.id for run in store.runs("session")] == [job.id]


def test_what_is_deleted_does_not_come_back_by_its_link(store: RunStore, result: RunResult) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "generate.py"), default_timeout=60)
    for name, value in (("samples", "8"), ("steps", "4"), ("seed", "5")):
        at.query_params[name] = value
    job = press_generate(at.run())

    def delete(session: dict[str, Any]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gallery.st, "session_state", session)
            gallery_panel._delete([job])

    session = {"_job": None, "_shown": job, "generate_job": job, state.VIEWER: at.session_state[state.VIEWER]}
    delete(session)
    assert session["_shown"] is None and session["generate_job"] is None
    assert loaders.manager().get(job) is not None, "whoever else looks at it does not lose it"
    at = linked(job)
    assert text.LINK_DELETED in [info.value for info in at.info]
    assert at.session_state["_job"] is None and len(at.dataframe) == 0
    assert store.runs("session") == []
    assert press_generate(at) == job  # asked for anew
    assert [run.id for run in store.runs("session")] == [job]
    assert text.LINK_DELETED not in [info.value for info in at.info]


def test_a_run_that_ended_while_another_page_was_open_is_kept(store: RunStore, result: RunResult) -> None:
    job, other = (loaders.manager().adopt(key, result) for key in ("elsewhere", "somebody else's"))
    job.makers.add("me")
    at = AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=60)
    at.session_state[state.VIEWER] = "me"
    at.session_state["generate_job"], at.session_state["dataset_job"] = job.id, other.id
    at.run()
    assert [run.id for run in store.runs("session")] == [job.id]


def test_a_store_does_not_know_the_key_of_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery.st, "session_state", {gallery.KEY: "a" * 32})
    whose = gallery.owner()
    assert len(whose) == 64 and "a" * 32 not in whose
    assert gallery.owner() == whose, "it stays"
    monkeypatch.setattr(gallery.st, "session_state", {})
    assert gallery.owner() == gallery.owner() != whose


def test_what_is_in_memory_is_forgotten_by_a_thread_without_a_session(result: RunResult) -> None:
    gallery._store(None).add("gone", "one", result)
    gallery._store(None).add("here", "two", result)
    thread = threading.Thread(target=gallery._forget, args=("gone",))
    thread.start()
    thread.join()
    assert gallery._store(None).runs("gone") == []
    assert [run.id for run in gallery._store(None).runs("here")] == ["two"]


def test_what_a_browser_says_is_no_key_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery.st, "session_state", {})
    for cookie in ("", "a" * 31, "A" * 32, "a" * 32 + "\n", "../" * 11):
        monkeypatch.setattr(gallery.st, "context", SimpleNamespace(cookies={gallery.COOKIE: cookie}))
        assert gallery.owner() == hashlib.sha256(gallery.st.session_state[gallery.KEY].encode()).hexdigest()
    monkeypatch.setattr(gallery.st, "context", SimpleNamespace(cookies={gallery.COOKIE: "b" * 32}))
    assert gallery.owner() == hashlib.sha256(b"b" * 32).hexdigest()


def test_a_file_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(gallery.VARIABLE, str(tmp_path / "missing" / "runs.sqlite"))
    monkeypatch.setattr(gallery, "owner", lambda: "0" * 32)
    at = open_page()
    assert not at.exception and "runs cannot be kept in runs.sqlite" in at.error[0].value
