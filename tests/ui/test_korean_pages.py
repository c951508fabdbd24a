"""Pages in Korean say in Korean what they cannot do, whoever found it out."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from dnag.ui import gallery_panel, overview, text
from tests.ui import driving

ENGLISH = re.compile(r"(?<![\w/'=-])[a-z]{2,} [a-z]{2,}")
"""Two words of English; names of choices and files stand alone."""


@pytest.fixture(autouse=True)
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the link: AppTest puts choices back into words outside of any session."""
    monkeypatch.setattr(text, "language", lambda: "ko")


def open_page(name: str, **parameters: str) -> AppTest:
    at = driving.open_page(driving.ROOT / "pages" / f"{name}.py", **parameters)
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    assert not at.exception
    found = driving.shown(at.error)
    assert found
    assert ENGLISH.findall(found) == []
    return found


def test_a_bad_link() -> None:
    shown = said(open_page("generate", steps="0", seed="x", sampler="nope", guidance_scale="99", under="macs_m=-1"))
    assert "링크가 없는 값을 요청하여" in shown
    assert "스텝 수: '0'; 허용: 1~2,000" in shown
    assert re.search("시드: 'x'; 허용: 0~[0-9,]+ 범위의 정수", shown)
    assert "샘플러: 'nope'; 허용: dpm_solver," in shown
    assert "허용: 이름=수(0보다 큰 수)" in shown


def test_a_bad_architecture() -> None:
    at = open_page("explore")
    at.text_input(key="arch").set_value("|nor_conv_3x3~0|+|oops~0|none~1|+|none~0|none~1|none~2|").run()
    assert "알 수 없는 연산: 'oops'; 허용: none, skip_connect" in said(at)
    at.text_input(key="arch").set_value("hello").run()
    assert "'hello': NAS-Bench-201 셀이 아닙니다; 허용: " in said(at)
    at = open_page("explore", space="mobilenetv3")
    at.text_input(key="arch").set_value('{"ks": [3]}').run()
    assert "'e'이(가) 없습니다. 있는 것: ks" in said(at) or "ks: 값 1개; 허용: 20" in said(at)


def test_bad_values_of_a_comparison() -> None:
    at = open_page("compare", vary="guidance_scale", values="1,1")
    assert "가이던스 스케일 값: 1,1; 허용: 서로 다른 값 2~4개" in said(at)
    at.text_input(key="values-guidance_scale").set_value("1, much").run()
    assert "가이던스 스케일 값: 'much'; 허용: 0~" in said(at)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive", "데이터셋이 아닙니다; 허용: 이미지 폴더 또는 그 zip 파일"),
        (driving.archive(("cat",)), "클래스가 하나뿐이라 구별할 것이 없습니다; 허용: 2 이상"),
        (driving.archive((), more={"a/0.png": b"no", "b/0.png": b"no"}), "이미지 2장 가운데 2장을 읽을 수 없습니다"),
        (driving.archive(more={"../out/0.png": b""}), "항목이 폴더 밖을 가리킵니다"),
    ],
)
def test_a_bad_upload(content: bytes, words: str) -> None:
    at = driving.upload(open_page("dataset"), content)
    assert words in said(at)
    driving.end_session()


def test_what_is_unusual_about_an_upload() -> None:
    at = driving.upload(open_page("dataset"), driving.archive(more={"loose.png": driving.picture(1), "a.txt": b"hi"}))
    warnings = driving.shown(at.warning)
    assert "클래스 폴더 밖에 있어 제외: 이미지 1장" in warnings
    assert "이미지가 20장보다 적어 여러 번 씁니다: cat, dog, emu" in warnings
    driving.end_session()


def test_a_bad_import() -> None:
    at = open_page("gallery")
    at.file_uploader(key=gallery_panel.UPLOAD).set_value(("x.zip", b"no archive", "application/zip")).run()
    at.button(key="import").click().run()
    assert "runs.zip: 손상되었거나 압축 파일이 아닙니다: " in driving.shown(at.error)


def test_what_is_missing() -> None:
    shown = "\n".join(overview.missing())
    assert "설치된 측정값이 없습니다" in shown
    assert "no measured value" not in shown
