"""Calling the command line as a user does."""

from __future__ import annotations

import pytest

from dnag.cli import main


def out_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a good call prints."""
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line a bad call gives."""
    try:
        code: object = main([*arguments])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    assert code == 2 and captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, captured.err
    return lines[0]
