"""Taking a candidate home from the results, on a small real run."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from dnag.exports import exporters
from dnag.exports.onnx_graph import Onnx
from dnag.runs import RunSettings, run
from dnag.ui import exports_panel, text

PAGE = """
import streamlit as st

from dnag.runs import RunSettings, run
from dnag.ui import exports_panel

result = st.cache_resource(lambda: run(RunSettings(samples=6, steps=3), keep_frames=3))()
exports_panel.take_home(result, 1)
"""


def buttons() -> dict[str, Any]:
    at = AppTest.from_string(PAGE, default_timeout=120).run()
    assert not at.exception
    return {button.proto.label: button.proto for button in at.get("download_button")}


def test_every_format_has_a_button_and_the_words_name_the_candidate() -> None:
    at = AppTest.from_string(PAGE, default_timeout=120).run()
    assert [caption.value for caption in at.caption] == [text.exports.TAKE_HOME_HELP.format(rank=2)]
    assert set(buttons()) == {exporter.label for exporter in exporters.values()} | {text.exports.ALL}


def test_a_format_that_cannot_be_made_says_what_is_missing(monkeypatch) -> None:
    monkeypatch.setattr(Onnx, "missing", lambda self, subject: "ONNX needs a package")
    found = buttons()
    assert found["ONNX"].disabled and found["ONNX"].help == "ONNX needs a package"
    record = found[exporters["json"].label]
    assert not record.disabled and record.help == exporters["json"].about


def test_a_page_that_is_saved_speaks_the_language_of_the_page_it_is_saved_from(monkeypatch) -> None:
    result = run(RunSettings(samples=6, steps=3), keep_frames=3)
    page = exporters["html"]()
    english = page.export(exports_panel.subject_in_words(result, 0)).decode()
    assert '<html lang="en">' in english and "Denoising of candidate 1" in english
    monkeypatch.setattr(text, "language", lambda: "ko")
    subject = exports_panel.subject_in_words(result, 0)
    monkeypatch.undo()  # files are made where nobody's language is known
    korean = page.export(subject).decode()
    assert '<html lang="ko">' in korean and "1위 후보의 노이즈 제거 과정</title>" in korean
    assert '"3×3 합성곱"' in korean and '"재생"' in korean and "Denoising of" not in korean
