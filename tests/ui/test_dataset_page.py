"""The page "Your dataset" under AppTest: images in, what is said of them, and runs for them."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from dnag.datasets import BUILTIN, FeatureSet, ImageSet
from dnag.datasets.builtin import FOLDERS
from dnag.datasets.extractors.base import extractors
from dnag.datasets.features import DEFAULT
from dnag.run_settings import RunSettings
from dnag.spaces.base import custom_dataset
from dnag.transfer import transfers, what_is_missing
from dnag.ui import dataset_panel, known_datasets, loaders, state, text, workspace
from dnag.ui.workspace import Workspace
from tests.ui.driving import ROOT, archive, charts, end_session, finish, open_page, picture, upload

PAGE = ROOT / "pages" / "dataset.py"
SMALL: dict[str, Any] = {"samples": "12", "steps": "3"}

missing = extractors[DEFAULT].missing()
needs_extractor = pytest.mark.skipif(missing is not None, reason=missing or "")


@pytest.fixture(autouse=True)
def spaces_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Workspace]]:
    """Each test has a job manager, a workspace and a cache folder of its own; the models stay loaded."""
    made: list[Workspace] = []

    def make() -> Workspace:
        made.append(Workspace())
        return made[-1]

    monkeypatch.setattr(dataset_panel, "Workspace", make)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDERS, raising=False)
    loaders.manager.clear()
    end_session()
    yield made
    loaders.manager().close()
    loaders.manager.clear()
    end_session()


def encode(at: AppTest) -> AppTest:
    at.button(key="encode").click().run()
    return finish(at, dataset_panel.ENCODING)


def generate(at: AppTest) -> Any:
    at.button(key="generate").click().run()
    finish(at, state.JOB)
    assert not at.exception
    job = loaders.manager().get(at.session_state[state.JOB])
    assert job is not None
    return job.result


def words(at: AppTest) -> str:
    return "\n".join(e.value for kind in (at.markdown, at.warning, at.error, at.info, at.caption) for e in kind)


@pytest.mark.parametrize("path", [PAGE, ROOT / "app.py"], ids=["page alone", "through the router"])
def test_it_opens_and_waits_for_images(path: Path) -> None:
    at = open_page(path)
    if path != PAGE:
        at.switch_page("pages/dataset.py").run()
    assert not at.exception
    assert at.title[0].value == text.DATASET
    assert at.button(key="generate").disabled
    assert not [b for b in at.button if b.key == "encode"]
    assert text.IMAGES_PRIVATE in words(at)


def test_an_upload_shows_its_classes_and_what_is_unusual() -> None:
    at = upload(open_page(PAGE), archive(("a<b>", "dog")))
    assert not at.exception
    assert "2 classes, 16 images" in words(at)
    assert "fewer than 20 images" in words(at)
    shown = next(h for h in at.get("html") if "dnag-classes" in h.proto.body).proto.body
    assert "a&lt;b&gt;" in shown and "a<b>" not in shown
    assert shown.count("data:image/jpeg;base64,") == 2


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/0.png", bytes(50_000_000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no zip at all", "no data set; allowed"),
        (archive()[:-400], "no data set; allowed"),
        (archive(("only",)), "one class only"),
        (archive((), more={"a/0.png": b"no image", "b/0.png": b"neither"}), "cannot be read"),
        (archive((), more={"a/0.xyz": b"no image"}), "holds no image"),
        (archive(more={"../../evil.png": picture(0)}), "leads out of the folder"),
        (bomb(), "times its packed size"),
    ],
    ids=["no zip", "cut off", "one class", "no images", "other files", "traversal", "bomb"],
)
def test_a_bad_archive_gives_one_line_and_leaves_nothing(
    content: bytes, message: str, spaces_made: list[Workspace]
) -> None:
    at = upload(open_page(PAGE), content)
    assert not at.exception
    assert message in at.error[0].value
    assert "\n" not in at.error[0].value
    assert "Traceback" not in words(at)
    assert at.button(key="generate").disabled
    assert spaces_made[-1].source is None
    assert spaces_made[-1].folder is None


def first_file(made: list[Workspace]) -> Path:
    source = made[-1].source
    assert isinstance(source, ImageSet)
    return source.files[0][0]


def test_images_go_with_the_upload_that_follows_and_with_the_session(spaces_made: list[Workspace]) -> None:
    at = upload(open_page(PAGE), archive())
    first = first_file(spaces_made)
    assert first.is_file()
    folder = spaces_made[-1].folder
    assert folder is not None and folder.path in first.parents
    assert folder.path.stat().st_mode & 0o077 == 0  # nobody else on the server may look
    upload(at, archive(("x", "y")), "others.zip")
    second = first_file(spaces_made)
    assert second.is_file()
    assert not first.exists()
    end_session()
    assert not second.exists()


def test_the_archive_itself_is_not_kept_and_its_name_leads_nowhere(tmp_path: Path) -> None:
    source = workspace.read_upload("../../evil/.zip", archive(), tmp_path)
    assert source.counts == (8, 8, 8)
    assert not list(tmp_path.rglob("*.zip"))
    assert not (tmp_path.parent / "evil").exists()


@needs_extractor
def test_encode_and_generate() -> None:
    at = encode(upload(open_page(PAGE, **SMALL), archive()))
    assert "Encoded" in words(at)
    assert [e.label for e in at.expander if e.label == text.dataset_map.TITLE]
    result = generate(at)
    assert result.candidates
    assert len(at.metric) == 6
    if transfers("nasbench201", loaders.store()):
        assert result.settings.dataset == custom_dataset(3)
        assert text.NO_MEASURED_OWN in words(at)
    else:
        assert result.settings.dataset == RunSettings().dataset
        assert (what_is_missing("nasbench201", loaders.store()) or "?") in words(at)


@needs_extractor
def test_a_space_without_a_meta_predictor_says_so_and_runs() -> None:
    at = encode(upload(open_page(PAGE, space="mobilenetv3", **SMALL), archive()))
    missing = what_is_missing("mobilenetv3", loaders.store())
    if missing is None:
        pytest.skip("mobilenetv3 has a meta-predictor")
    assert missing in words(at)
    assert generate(at).settings.dataset == "imagenet1k"


@needs_extractor
def test_other_images_take_the_features_away() -> None:
    at = encode(upload(open_page(PAGE), archive()))
    assert not at.button(key="generate").disabled
    upload(at, archive(("x", "y")), "others.zip")
    assert at.button(key="generate").disabled
    assert at.button(key="encode")


def test_a_missing_extractor_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractors[DEFAULT], "missing", classmethod(lambda cls: "not installed: pip install it"))
    at = upload(open_page(PAGE), archive())
    at.button(key="encode").click().run()
    job = loaders.manager().get(at.session_state[dataset_panel.ENCODING])
    assert job is not None
    job.finished.wait(60)
    at.run()
    assert text.ENCODE_FAILED.format(error="not installed: pip install it") in words(at)


def test_a_built_in_data_set() -> None:
    name = next((name for name in ("digits", "mnist") if BUILTIN[name].find() is not None), None)
    if name is None:
        pytest.skip("no small data set is installed")
    at = open_page(PAGE)
    at.session_state[dataset_panel.KIND] = dataset_panel.BUILT_IN
    at.run()
    at.selectbox(key=dataset_panel.NAME).select(name).run()
    assert not at.exception
    assert "10 classes" in words(at)


def choose(at: AppTest, kind: str) -> AppTest:
    at.session_state[dataset_panel.KIND] = kind
    return at.run()


def lies(at: AppTest) -> list[str]:
    """Titles of the panel that says where a data set lies."""
    return [e.label for e in at.expander if e.label == text.dataset_map.TITLE]


def test_a_mix_of_imagenet_classes_leads_to_architectures() -> None:
    at = choose(open_page(PAGE, **SMALL), dataset_panel.MIX)
    assert at.button(key="generate").disabled and not lies(at)
    at.multiselect(key=known_datasets.CLASSES).set_value(["pizza"]).run()
    assert at.button(key="generate").disabled, "one class is nothing to tell apart"
    at.button(key="mix-draw").click().run()
    assert not at.exception
    drawn = at.multiselect(key=known_datasets.CLASSES).value
    assert len(drawn) == known_datasets.DRAWN == len(set(drawn))
    assert "20 ImageNet classes" in words(at) and lies(at)
    table = next(d for d in at.dataframe if text.dataset_map.COLUMN_CLASS in d.value).value
    assert list(table[text.dataset_map.COLUMN_CLASS]) == list(drawn)
    assert list(table["Nearest"]) == [f"{name} (1.00)" for name in drawn]
    assert len(charts(at)) == 1
    at.number_input(key=known_datasets.SEED).set_value(1).run()
    at.button(key="mix-draw").click().run()
    assert at.multiselect(key=known_datasets.CLASSES).value != drawn
    result = generate(at)
    assert result.settings.dataset == custom_dataset(20) and result.candidates
    at.multiselect(key=known_datasets.CLASSES).set_value([]).run()
    assert at.button(key="generate").disabled and not lies(at)


def test_a_known_data_set_by_its_features_and_how_to_get_others() -> None:
    at = choose(open_page(PAGE), dataset_panel.BUILT_IN)
    for name in ("cifar100", "pets", "aircraft"):
        if BUILTIN[name].find() is None:
            assert f"python -m dnag fetch {name}" in words(at)
    assert FOLDERS in words(at)
    if BUILTIN["cifar10"].find() is not None:
        pytest.skip("CIFAR-10 is installed")
    at.selectbox(key=dataset_panel.NAME).select("cifar10").run()
    assert not at.exception
    assert ": 10 classes, known by their features" in words(at)
    assert "CIFAR-10 (0.00)" in words(at), "it is nearest to itself"
    assert not at.button(key="generate").disabled


def test_features_that_lie_in_an_allowed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if BUILTIN["pets"].find() is not None:
        pytest.skip("the pets are installed")
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    path = tmp_path / "pets.features.safetensors"
    FeatureSet("pets", ("cat", "dog"), torch.rand(2, 3, 1280), DEFAULT, 128).save(path)
    at = choose(open_page(PAGE), dataset_panel.BUILT_IN)
    at.selectbox(key=dataset_panel.NAME).select("pets").run()
    assert "**pets**: 2 classes" in words(at) and lies(at)
    FeatureSet("pets", ("cat", "dog"), torch.rand(2, 3, 512), "resnet18", 32).save(path)
    end_session()
    at = choose(open_page(PAGE), dataset_panel.BUILT_IN)
    at.selectbox(key=dataset_panel.NAME).select("pets").run()
    assert "features of resnet18; the map of classes reads: efficientnet_lite0" in words(at)
    assert not charts(at)
    path.write_bytes(b"no features")
    end_session()
    at = choose(open_page(PAGE), dataset_panel.BUILT_IN)
    at.selectbox(key=dataset_panel.NAME).select("pets").run()
    assert "damaged or no safetensors file" in at.error[0].value


def test_without_the_map_the_page_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders, "class_map", lambda: None)
    at = open_page(PAGE)
    assert not at.exception
    assert known_datasets.CLASSES not in {widget.key for widget in at.multiselect}


def test_a_folder_of_the_server_only_where_it_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("allowed", "secret"):
        with zipfile.ZipFile(io.BytesIO(archive())) as packed:
            packed.extractall(tmp_path / name / "animals")
    assert dataset_panel.PATH not in {widget.key for widget in open_page(PAGE).text_input}
    monkeypatch.setenv(FOLDERS, os.pathsep.join([str(tmp_path / "allowed"), "", str(tmp_path / "none")]))
    at = open_page(PAGE)
    at.session_state[dataset_panel.KIND] = dataset_panel.FOLDER
    at.run()
    at.text_input(key=dataset_panel.PATH).input(str(tmp_path / "allowed" / "animals")).run()
    assert "3 classes, 24 images" in words(at)
    (tmp_path / "allowed" / "link").symlink_to(tmp_path / "secret")
    for bad in ("secret/animals", "allowed/../secret/animals", "allowed/link/animals", "allowed/nothing", "\0"):
        at.text_input(key=dataset_panel.PATH).input(f"{tmp_path}/{bad}").run()
        assert "no folder that may be read here" in at.error[0].value


@needs_extractor
def test_the_pages_look_at_runs_of_their_own() -> None:
    at = open_page(ROOT / "app.py", **SMALL)
    at.button(key="generate").click().run()
    finish(at, state.JOB)
    first = at.session_state[state.JOB]
    at.switch_page("pages/dataset.py").run()
    assert not at.exception
    assert not at.metric
    assert text.DATASET_LINK_GONE not in words(at)
    at.switch_page("pages/generate.py").run()
    assert at.session_state[state.JOB] == first
    assert at.metric
