"""``python -m dnag compare``."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.commands import out_of, refused

QUICK = ["--samples", "16", "--steps", "4", "--device", "cpu"]


def test_a_table_a_csv_and_all_of_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "--vary", "guidance_scale", "--values", "0,2", *QUICK]
    table = out_of(capsys, *asked)
    assert "guidance_scale varied" in table
    assert [line.split()[0] for line in table.splitlines()[2:]] == ["column", "A", "B"]
    rows = list(csv.DictReader(io.StringIO(out_of(capsys, *asked, "--format", "csv"))))
    assert [(row["column"], float(row["guidance_scale"])) for row in rows] == [("A", 0), ("B", 2)]
    data = json.loads(out_of(capsys, *asked, "--format", "json", "--top", "3"))
    assert (data["differs"], data["top"]) == (["guidance_scale"], 3)
    assert [run["guidance_scale"] for run in data["runs"]] == [0, 2]
    assert [row["validity"] for row in data["table"]] == [run["raw_valid"] / 16 for run in data["runs"]]
    assert sum(candidate["count"] for candidate in data["runs"][0]["candidates"]) == data["runs"][0]["raw_valid"]


def test_a_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    table = out_of(capsys, "compare", "--sweep", "0,4", *QUICK)
    assert [line.split()[0] for line in table.splitlines()[3:]] == [
        "calibrated", "calibrated", "first_order", "first_order", "exact", "exact",
    ]  # fmt: skip
    rows = json.loads(out_of(capsys, "compare", "--sweep", "0,4", *QUICK, "--format", "json"))
    assert len(rows) > 40
    assert rows[-1]["guidance"] == "exact" and rows[-1]["guidance_scale"] == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "compare needs one of: --vary NAME --values A,B; --sweep [SCALES]"),
        (("--vary", "steps", "--values", "5,9", "--sweep"), "compare needs one of"),
        (("--vary", "steps", "--values", "5"), "allowed: 2 to 4 different ones"),
        (("--vary", "steps", "--values", "5,9", "--top", "0"), "top is 0; allowed: 1 or more"),
        (("--sweep", "0,x"), "sweep is '0,x'; allowed: numbers separated by commas"),
        (("--sweep", "3"), "allowed: 2 or more different ones"),
    ],
)
def test_bad_arguments(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(capsys, "compare", *arguments)
