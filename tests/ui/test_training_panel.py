"""Candidates trained for real on the pages, under AppTest: on made images, for an epoch, inside the test's process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dnag.datasets import DatasetError, ImageDataset, ImageSet, Split
from dnag.datasets.builtin import FOLDERS
from dnag.datasets.extractors.base import extractors
from dnag.datasets.features import DEFAULT
from dnag.progress import Cancelled
from dnag.spaces.base import spaces
from dnag.trials import runner
from dnag.trials.recipe import Recipe, preset, presets_of
from dnag.ui import dataset_panel, loaders, state, text, training_panel
from dnag.ui.folders import SharedFolder
from dnag.ui.jobs import Job, JobManager
from dnag.ui.training import Chosen, Desk, Images, Training
from tests.ui.driving import ROOT, archive, end, end_session, finish, open_page, upload

GENERATE, DATASET = ROOT / "pages" / "generate.py", ROOT / "pages" / "dataset.py"
SMALL: dict[str, Any] = {"samples": "12", "steps": "3"}
CELLS = (
    "|nor_conv_1x1~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
)
TINY = Recipe(epochs=3, batch_size=8, width=0.0625, cells=1)

missing = extractors[DEFAULT].missing()
needs_extractor = pytest.mark.skipif(missing is not None, reason=missing or "")


def made(size: int = 8) -> ImageDataset:
    """Three classes of noise, each with a tint of its own."""
    generator = np.random.default_rng(0)

    def part(count: int) -> Split:
        labels = np.arange(count, dtype=np.int64) % 3
        images = generator.integers(0, 120, (count, size, size, 3)).astype(np.uint8)
        images[np.arange(count), :, :, labels] += 90
        return Split(images, labels)

    return ImageDataset("tints", ("red", "green", "blue"), part(24), part(9))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Job managers, caches and a session of the test's own; no data set is installed."""

    def clear() -> None:
        end_session()
        for manager in (loaders.manager, loaders.trainings):
            manager().close()
            manager.clear()

    monkeypatch.setattr(training_panel, "BACKGROUND", False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDERS, raising=False)
    clear()
    yield
    clear()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Images that stand for CIFAR-10, in a folder that the app may read."""
    images, path = made(), tmp_path / "sets" / "cifar10.npz"
    path.parent.mkdir()
    train, test = images.train, images.test
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    monkeypatch.setenv(FOLDERS, str(path.parent))
    return path


def generated(page: Path = GENERATE, **parameters: Any) -> AppTest:
    at = open_page(page, **SMALL | parameters)
    at.button(key="generate").click().run()
    return finish(at, state.JOB)


def run_of(at: AppTest) -> Job[Any]:
    job = loaders.manager().get(at.session_state[state.JOB])
    assert job is not None
    return job


def training_of(at: AppTest) -> Job[None]:
    job = loaders.trainings().get(at.session_state[state.TRAINING])
    assert job is not None
    return job


def choose(at: AppTest, name: str, of: str, value: Any) -> AppTest:
    (at.multiselect if name == "candidates" else at.number_input)(key=f"train-{name}-{of}").set_value(value)
    return at.run()


def trained(at: AppTest) -> AppTest:
    at.button(key="train").click().run()
    return finish(at, state.TRAINING, loaders.trainings())


def wait_for(gate: threading.Event) -> None:
    assert gate.wait(60)


def words(at: AppTest) -> str:
    return "\n".join(e.value for kind in (at.markdown, at.warning, at.error, at.info, at.caption) for e in kind)


def buttons(at: AppTest) -> set[str | None]:
    return {button.key for button in at.button}


def started(job: Job[Any]) -> None:
    """Wait until the first epoch is done."""
    for _ in range(4000):
        if job.step or not job.active:
            break
        job.finished.wait(0.05)
    assert job.active and job.step


def test_without_images_it_says_what_is_missing() -> None:
    at = generated(dataset="cifar100")
    assert "images of CIFAR-100, which are not on this machine" in words(at)
    assert "python -m dnag fetch cifar100" in words(at)
    assert "train" not in buttons(at)
    at = generated(dataset="imagenet16-120")
    assert "`imagenet16-120.npz`" in words(at) and FOLDERS in words(at)


def test_the_best_three_are_trained_and_compared(installed: Path) -> None:
    at = generated()
    assert not at.exception
    at = choose(choose(at, "epochs", "quick", 1), "seeds", "quick", 2)
    assert text.training.PLAN.format(trainings=6, epochs=1, about=preset("quick").help) in words(at)
    at = trained(at)
    assert not at.exception
    assert not at.error
    table = at.dataframe[-1].value
    result: Any = run_of(at).result
    assert sorted(table["candidate"]) == ["#1", "#2", "#3"]
    predicted = {c.architecture: c.predicted_accuracy_pct for c in result.candidates[:3]}
    assert dict(zip(table["architecture"], table["predicted"], strict=True)) == pytest.approx(predicted)
    assert table["trained"].is_monotonic_decreasing and table["trained"].between(0, 100).all()
    assert (table["interval"] >= 0).all() and set(table["done"]) == {"2 of 2"}
    training: Any = training_of(at).key
    assert [(curve.name, len(curve.points)) for curve in training.curves()] == [
        (name, 1) for name in ("#1", "#2", "#3") for _ in range(2)
    ]
    rho = training.summary().rank_correlation
    assert (text.training.SPEARMAN_FEW if rho is None else f"**{rho:.2f}** over 3 candidates") in words(at)
    saved = json.loads(training.to_json())
    assert saved["rank_correlation"] == rho and saved["recipe"]["epochs"] == 1 and len(saved["curves"]) == 6
    assert training.to_csv().count("\n") == 4
    given = at.query_params["training"]
    assert (given[0] if isinstance(given, list) else given) == training_of(at).id


def test_what_was_trained_before_is_not_trained_again(installed: Path) -> None:
    at = choose(generated(), "epochs", "quick", 1)
    at = trained(choose(at, "candidates", run_of(at).id, [0]))
    assert training_of(at).total == 1
    at = trained(choose(at, "candidates", run_of(at).id, [0, 1]))
    assert training_of(at).total == 1
    assert sorted(at.dataframe[-1].value["candidate"]) == ["#1", "#2"]


def test_nothing_is_trained_before_candidates_are_chosen(installed: Path) -> None:
    at = generated()
    at = choose(at, "candidates", run_of(at).id, [])
    assert at.button(key="train").disabled
    assert text.training.CANDIDATES_NONE in words(at)
    assert at.session_state[state.TRAINING] is None


def test_recipes_are_those_of_the_space() -> None:
    assert list(presets_of("nasbench201")) == ["quick", "paper"]
    assert list(presets_of("mobilenetv3")) == ["quick", "ofa"]


def test_cancel_and_go_on(installed: Path) -> None:
    at = choose(generated(), "epochs", "quick", 500)
    at.button(key="train").click().run()
    started(training_of(at))
    at.run()
    assert at.button(key="train").disabled
    at.button(key="cancel-training").click().run()
    first = end(at, state.TRAINING, loaders.trainings())
    assert first.state == "cancelled" and first.total == 1500
    assert text.training.CANCELLED.format(step=first.step, total=1500) in words(at)
    at.button(key="resume-training").click().run()
    started(training_of(at))
    second = training_of(at)
    done = 1500 - second.total
    assert second is not first and done in (first.step, first.step + 1), "an epoch may end while it is being stopped"
    loaders.trainings().stop(second.id)
    end(at, state.TRAINING, loaders.trainings())


def test_images_that_cannot_be_read_are_said(installed: Path) -> None:
    at = generated()
    np.savez(installed, nothing=np.zeros(3))
    at.button(key="train").click().run()
    assert end(at, state.TRAINING, loaders.trainings()).state == "failed"
    assert "cifar10.npz has no x_train" in at.error[0].value
    assert "Traceback" not in words(at)
    assert not at.button(key="train").disabled


def test_a_training_that_fails_is_said_of_its_candidate(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **settings: Any) -> None:
        raise FloatingPointError("loss is nan in epoch 1")

    monkeypatch.setattr(runner, "train_candidate", fail)
    at = generated()
    at = trained(choose(at, "candidates", run_of(at).id, [1]))
    error = "FloatingPointError: loss is nan in epoch 1"
    assert [e.value for e in at.error] == [text.training.FAILED_TRIAL.format(name="#2", error=error)]
    assert text.training.SPEARMAN_FEW in words(at)


def test_it_goes_on_while_another_page_is_looked_at_and_ends_with_the_session(installed: Path) -> None:
    at = open_page(ROOT / "app.py", **SMALL).switch_page("pages/generate.py").run()
    at.button(key="generate").click().run()
    at = choose(finish(at, state.JOB), "epochs", "quick", 500)
    at.button(key="train").click().run()
    job = training_of(at)
    started(job)
    training: Any = job.key
    at.switch_page("pages/dataset.py").run()
    assert "cancel-training" not in buttons(at)
    at.switch_page("pages/generate.py").run()
    assert not at.exception
    assert job.active and "cancel-training" in buttons(at)
    end_session()
    assert job.finished.wait(60)
    assert job.state == "cancelled"
    assert not training.folder.path.exists()


def test_a_link_to_a_training_that_is_gone() -> None:
    at = open_page(GENERATE, training="nothing")
    assert text.training.GONE in [e.value for e in at.error]
    assert "training" not in at.query_params


@needs_extractor
def test_ones_own_images_stay_until_the_training_ends() -> None:
    gate = threading.Event()
    loaders.trainings().submit("before", lambda report, cancelled: wait_for(gate))
    at = upload(open_page(DATASET, **SMALL), archive())
    at.button(key="encode").click().run()
    at = finish(at, dataset_panel.ENCODING)
    at.button(key="generate").click().run()
    at = choose(finish(at, state.JOB), "epochs", "quick", 1)
    at.button(key="train").click().run()
    job = training_of(at)
    assert text.training.QUEUED.format(ahead=1) in [bar.proto.text for bar in at.get("progress")]
    training: Any = job.key
    source = training.images.read.args[0]
    assert isinstance(source, ImageSet)
    upload(at, archive(("x", "y")), "others.zip")
    assert text.training.IMAGES_GONE in words(at)
    assert source.root.is_dir()
    gate.set()
    finish(at, state.TRAINING, loaders.trainings())
    assert at.dataframe[-1].value["trained"].notna().all()
    assert not source.root.exists()


# ---------------------------------------------------------------------- without a page


def plan(folder: SharedFolder, images: Images, recipe: Recipe = TINY) -> Training:
    candidates = tuple(Chosen(cell, f"#{rank}", 90.0 - rank) for rank, cell in enumerate(CELLS, start=1))
    return Training("nasbench201", candidates, "quick", recipe, (777,), "cpu", images, folder)


@pytest.fixture
def jobs() -> Iterator[JobManager[None]]:
    manager: JobManager[None] = JobManager()
    yield manager
    manager.close()


def test_what_was_broken_off_ends_as_if_it_had_not_been() -> None:
    images = Images("tints", lambda size: made())
    broken, whole = plan(SharedFolder("trials"), images), plan(SharedFolder("trials"), images)
    whole.work(lambda step, total: None, lambda: False, background=False)
    seen: list[int] = []
    with pytest.raises(Cancelled):
        broken.work(lambda step, total: seen.append(step), lambda: len(seen) > 2, background=False)
    summary = broken.summary()
    assert summary is not None and summary.statuses["cancelled"] == 2
    broken.work(lambda step, total: seen.append(total), lambda: False, background=False)
    assert seen[3] < 6
    assert broken.curves() == whole.curves()
    assert broken.summary() == whole.summary()


def test_a_desk_lets_go_of_everything(jobs: JobManager[None]) -> None:
    """Two sessions look at one training: it goes on until both have ended, and then its files and images are gone."""
    gate, folder = threading.Event(), SharedFolder("images")

    def read(size: int) -> ImageDataset:
        wait_for(gate)
        return made()

    first, second = Desk(jobs, "a", background=False), Desk(jobs, "b", background=False)
    training = plan(first.folder, Images("tints", read, folder))
    job = first.start(training)
    folder.release()
    assert second.watch(job.id) is job and second.watch("nothing") is None
    first.close()
    assert not job.stop.is_set() and folder.path.is_dir() and training.folder.path.is_dir()
    second.close()
    assert job.stop.is_set()
    gate.set()
    assert job.finished.wait(60)
    assert not folder.path.exists() and not training.folder.path.exists()
    third = Desk(jobs, "c", background=False)
    assert third.watch(job.id) is None
    with pytest.raises(DatasetError, match="the images of tints are not here any more"):
        third.start(plan(third.folder, training.images))
    third.close()


def test_a_network_of_the_other_space_at_the_size_of_its_recipe() -> None:
    space = spaces["mobilenetv3"]()
    cell = space.format(space.parse("_".join(["2-3-3", "2-3-3", "0-0-0", "0-0-0"] * 5)))
    sizes: list[int] = []

    def read(size: int) -> ImageDataset:
        sizes.append(size)
        return made(size)

    recipe = Recipe(epochs=1, batch_size=12, width=0.125, image_size=16)
    training = Training(
        space.name, (Chosen(cell, "#1", None),), "quick", recipe, (777,), "cpu", Images("tints", read),
        SharedFolder("trials"),
    )  # fmt: skip
    training.work(lambda step, total: None, lambda: False, background=False)
    summary = training.summary()
    assert summary is not None and summary.statuses["done"] == 1 and summary.rows[0].predicted_pct is None
    assert sizes == [16]
