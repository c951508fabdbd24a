"""What every format must fulfil, and what each of them promises; the names come from the registry."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from dnag.exports import Exporter, ExportError, Subject, archive, exporters, file_name, subject_of
from dnag.exports.base import GROUPS
from dnag.exports.bibtex import METHOD
from dnag.exports.gif import MOST_FRAMES, probabilities
from dnag.exports.html_page import embedded
from dnag.playback import slot_ops
from dnag.runs import RunSettings, run
from dnag.spaces.base import spaces
from tests.exports.conftest import FRAMES, trajectory_of

SVG = "{http://www.w3.org/2000/svg}"


def text_of(name: str, subject: Subject) -> str:
    return exporters[name]().export(subject).decode()


def labels(subject: Subject) -> list[str]:
    """The words of every operation that is drawn."""
    nodes = [slot.node for slot in subject.space.drawing.slots if subject.arch.ops[slot.node] >= 0]
    return [subject.space.op_styles[subject.arch.ops[node]].label for node in nodes]


# ---------------------------------------------------------------------- every format


@pytest.fixture(params=list(exporters))
def exporter(request: pytest.FixtureRequest) -> Exporter:
    return exporters[request.param]()


def test_a_format_says_what_it_is(exporter):
    assert exporter.label and exporter.about.endswith(".") and exporter.group in GROUPS
    assert re.fullmatch(r"\.[a-z]+", exporter.suffix) and re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", exporter.media_type)


def test_the_same_subject_gives_the_same_file(exporter, subject):
    if (missing := exporter.missing(subject)) is not None:
        pytest.skip(missing)
    content = exporter.export(subject)
    assert len(content) > 100 and content == exporter.export(subject)
    stem, _, suffix = file_name(subject, exporter).partition(".")
    assert stem.isidentifier() and f".{suffix}" == exporter.suffix


def test_files_of_two_formats_never_share_a_name():
    suffixes = [exporter.suffix for exporter in exporters.values()]
    assert len(suffixes) == len(set(suffixes))


def test_an_unknown_format_lists_the_others():
    with pytest.raises(ValueError, match=r"unknown format 'pdf'; allowed: bibtex, dot, gif"):
        exporters["pdf"]


def test_the_archive_holds_all_that_can_be_made(subject_of):
    subject = subject_of("nasbench201", trajectory=None)
    with zipfile.ZipFile(io.BytesIO(archive(subject))) as packed:
        names = {name.rpartition(".")[2] for name in packed.namelist()}
        assert packed.read(f"{subject.stem}/{subject.stem}.svg") == exporters["svg"]().export(subject)
    assert {"py", "json", "svg", "png", "dot", "bib"} <= names
    assert not {"gif", "html"} & names
    with zipfile.ZipFile(io.BytesIO(archive(subject, ["bibtex"]))) as packed:
        assert len(packed.namelist()) == 1
    with pytest.raises(ExportError, match="gif shows how an architecture was denoised, and no trajectory"):
        archive(subject, ["gif"])


def test_the_subject_of_a_run_is_its_candidate():
    result = run(RunSettings(samples=6, steps=3), keep_frames=3)
    subject = subject_of(result, 1)
    assert subject.text == result.candidates[1].architecture and subject.stem == "nasbench201_cifar10_rank2"
    assert subject.trajectory is not None and subject.trajectory["steps"] == [0, 1, 2, 3]
    assert (subject.num_classes, subject.resolution) == (10, 32)
    assert subject.facts["predicted_accuracy_pct"] == result.candidates[1].predicted_accuracy_pct


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": -1}, "number of classes is -1; allowed: 1 to 100,000"),
        ({"num_classes": 2.5}, "number of classes is 2.5"),
        ({"resolution": 10**6}, "resolution is 1000000; allowed: 1 to 4,096"),
        ({"resolution": "32"}, "resolution is '32'"),
        ({"width": 1.2}, r"width is 1\.2; allowed: 1"),
        ({"dataset": "mnist"}, "unknown dataset 'mnist' for nasbench201; allowed: cifar10"),
    ],
)
def test_a_subject_that_makes_no_sense_is_refused(subject_of, changes, message):
    with pytest.raises(ValueError, match=message):
        subject_of("nasbench201", **changes)


def test_a_subject_without_a_rank_is_called_by_its_text(subject_of):
    one, other = (subject_of("nasbench201", facts={}, arch=arch) for arch in two_cells())
    assert re.fullmatch(r"nasbench201_cifar10_[0-9a-f]{6}", one.stem) and one.stem != other.stem


def two_cells():
    return spaces["nasbench201"]().sample(2, torch.Generator().manual_seed(0))


# ---------------------------------------------------------------------- data and words


def test_json_is_read_back(subject):
    data = json.loads(text_of("json", subject))
    assert subject.space.parse(data["architecture"]) == subject.arch
    assert data["operations"] == [None if op < 0 else subject.space.op_names[op] for op in subject.arch.ops]
    assert data["rank"] == 2 and data["num_classes"] == 7
    cost = subject.space.cost(subject.arch, resolution=32)
    assert data["macs_m"] == pytest.approx(cost.macs_m, abs=1e-6)


def test_the_citation_names_the_method_the_space_and_the_software(subject):
    text = text_of("bibtex", subject)
    assert text.startswith(METHOD) and subject.space.citation in text and "@software{dnag," in text
    for entry in re.split(r"\n\n(?=@)", text.strip()):
        assert entry.count("{") == entry.count("}") and re.match(r"@\w+\{\w+,\n", entry)
        assert {"title", "author", "year"} <= set(re.findall(r"^  (\w+) *= ", entry, re.MULTILINE))


def test_the_citation_is_that_of_the_readme(pytestconfig):
    assert METHOD in (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")


# ---------------------------------------------------------------------- pictures


def test_svg_is_well_formed_and_says_every_operation(subject):
    root = ElementTree.fromstring(text_of("svg", subject))
    assert root.tag == f"{SVG}svg" and root.findtext(f"{SVG}desc") == subject.text
    words = [element.text for element in root.iter(f"{SVG}text")]
    for label in labels(subject):
        assert words.count(label) == labels(subject).count(label)
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    for box in root.iter(f"{SVG}rect"):
        if "x" in box.attrib:
            x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
            assert left <= x and top <= y and x + w <= width and y + h <= height


def test_png_is_the_same_picture_at_twice_the_size(subject):
    root = ElementTree.fromstring(text_of("svg", subject))
    image = Image.open(io.BytesIO(exporters["png"]().export(subject))).convert("RGB")
    assert image.size == tuple(int(np.ceil(2 * float(root.attrib[name]))) for name in ("width", "height"))
    colors = {subject.space.op_styles[op].color for op in subject.arch.ops if op >= 0} - {"#111827", "#4338ca"}
    pixels = {tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3)}
    assert {tuple(bytes.fromhex(color[1:])) for color in colors} <= pixels
    assert len(pixels) > 50  # smooth edges


def test_dot_has_a_node_or_an_edge_for_every_operation(subject):
    text = text_of("dot", subject)
    assert re.fullmatch(r"digraph \w+ \{\n.*\n\}\n", text, re.DOTALL) and text.count("{") == text.count("}")
    lines = [line.strip() for line in text.splitlines()]
    edges = [line for line in lines if re.match(r"\w+ -> \w+", line)]
    nodes = {line.split()[0] for line in lines if re.match(r"[sv]\d+ \[", line)}
    for edge in edges:
        assert set(re.findall(r"\b[sv]\d+\b", edge)) <= nodes
    labelled = edges if subject.space.drawing.vertices else [line for line in lines if re.match(r"s\d+ \[", line)]
    found = [re.search(r'label=("[^"]*"|\w+)', line) for line in labelled]
    assert sorted(match[1].strip('"') for match in found if match) == sorted(labels(subject))


def test_dot_goes_round_layers_that_are_absent(subject_of):
    space = spaces["mobilenetv3"]()
    short = space.parse("_".join(["2-3-3", "2-5-4", "0-0-0", "0-0-0"] * 5))
    edges = re.findall(r"s(\d+) -> s(\d+)", text_of("dot", subject_of("mobilenetv3", arch=short)))
    assert edges == [("0", "1"), ("1", "4"), ("4", "5"), ("5", "8"), ("8", "9"), ("9", "12"), ("12", "13"),
                     ("13", "16"), ("16", "17")]  # fmt: skip


# ---------------------------------------------------------------------- films


def test_gif_has_a_picture_for_every_frame_and_ends_slowly(subject):
    film = Image.open(io.BytesIO(exporters["gif"]().export(subject)))
    assert film.n_frames == FRAMES and film.info["loop"] == 0  # type: ignore[attr-defined]
    durations = []
    for frame in range(FRAMES):
        film.seek(frame)
        durations.append(film.info["duration"])
    assert durations[-1] == 2000 and set(durations[:-1]) == {200}  # five frames a second


def test_gif_of_a_long_run_keeps_to_a_length(subject_of):
    space = spaces["nasbench201"]()
    arch = two_cells()[0]
    subject = subject_of("nasbench201", arch=arch, trajectory=trajectory_of(space, arch, 3 * MOST_FRAMES))
    film = Image.open(io.BytesIO(exporters["gif"]().export(subject)))
    assert film.n_frames == MOST_FRAMES  # type: ignore[attr-defined]


def test_probabilities_come_out_as_they_went_in(subject):
    found = probabilities(subject.space, subject.trajectory)
    nodes = [slot.node for slot in subject.space.drawing.slots]
    assert found.shape == (FRAMES, subject.space.num_nodes, subject.space.num_ops)
    assert torch.equal(found[-1, nodes], subject.space.encode([subject.arch])[0][nodes])
    assert float(found[:, nodes].sum(-1).max()) <= 1 + 1e-6
    assert bool((found[0, nodes][:, slot_ops(subject.space)] > 0).all())


class Elements(HTMLParser):
    """What a page consists of: each element's attributes, and the text of scripts by their type."""

    def __init__(self, page: str):
        super().__init__()
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: dict[str, str] = {}
        self._type: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        self._type = dict(attrs).get("type") if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self._type is not None:
            self.scripts[self._type] = self.scripts.get(self._type, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._type = None


def test_html_asks_nothing_of_any_other_place(subject):
    page = text_of("html", subject)
    assert re.findall(r"https?://[^\s\"'`]*", page) == ["http://www.w3.org/2000/svg"]  # the name of a language
    elements = Elements(page)
    assert not {name for name, _ in elements.attributes} & {"src", "href"}
    assert not re.search(r"@import|url\((?!#)", page.replace("url(#${id}", "url(#"))
    assert ("http-equiv", "Content-Security-Policy") in elements.attributes
    data = json.loads(elements.scripts["application/json"])
    assert data["final"] == subject.text and data["autoplay"] is True and data["frames"] == FRAMES
    assert elements.scripts["module"].rstrip().endswith(");")


def test_nothing_in_the_data_ends_the_script():
    text = "</script><!-- <script> \u2028 '\"\\"
    assert "<" not in embedded({"a": text}) and json.loads(embedded({"a": text})) == {"a": text}


def test_html_speaks_the_language_of_who_saves_it(subject):
    assert '<html lang="en">' in text_of("html", subject)
    words = {"title": "1위 후보", "value_label": "예측값", "labels": {"play": "재생"}}
    page = text_of("html", dataclasses.replace(subject, language="ko", words=words))
    assert '<html lang="ko">' in page and f"<title>{subject.space.label}: 1위 후보</title>" in page
    data = json.loads(Elements(page).scripts["application/json"])
    assert data["labels"]["play"] == "재생" and data["labels"]["pause"] == "Pause" and data["value_label"] == "예측값"
    film = exporters["gif"]()  # its letters may be Latin only
    assert film.export(dataclasses.replace(subject, language="ko", words=words)) == film.export(subject)


def test_the_title_is_text_and_no_markup(subject_of: Callable[..., Subject]):
    page = text_of("html", subject_of("nasbench201"))
    assert "<title>NAS-Bench-201: Denoising &lt;b&gt;</title>" in page and "Denoising <b>" not in page
