"""``python -m dnag app``: which script it starts and how, and that an installed package has all that it needs."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.web import cli

from dnag import launch
from tests.test_project import closed_port, tracked_files

ROOT = Path(__file__).resolve().parents[1]
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
START_S = 120.0


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What Streamlit is asked to run."""
    calls: list[list[str]] = []
    monkeypatch.setattr(cli, "main", lambda arguments, **_: calls.append(arguments))
    for name in (launch.API, "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CI", "true")
    return calls


def options(command: list[str]) -> dict[str, str]:
    return dict(zip(command[2::2], command[3::2], strict=True))


def test_it_starts_the_pages(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    port = str(closed_port())
    assert launch.main(["--port", port, "--", "--server.maxUploadSize", "5"]) == 0
    (command,) = started
    assert command[:2] == ["run", str(ROOT / "app.py")]
    assert options(command) == {
        "--server.port": port,
        "--server.address": "localhost",
        "--server.headless": "true",
        "--logger.hideWelcomeMessage": "true",
        "--server.maxUploadSize": "5",
    }
    assert capsys.readouterr().out == f"Starting the app on http://localhost:{port} (Ctrl+C stops it) ...\n"


def test_the_api_is_asked_for(started: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    port = str(closed_port())
    assert launch.main(["--port", port, "--api"]) == 0
    monkeypatch.setenv(launch.API, "1")
    assert launch.main(["--port", port]) == 0
    monkeypatch.setenv(launch.API, "0")
    assert launch.main(["--port", port]) == 0
    assert [Path(command[1]).name for command in started] == ["asgi.py", "asgi.py", "app.py"]


@pytest.mark.parametrize("stopped", [cli.click.exceptions.Abort, KeyboardInterrupt])
def test_ctrl_c_is_no_failure(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, stopped: type[BaseException]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise stopped

    monkeypatch.setattr(cli, "main", interrupted)
    assert launch.main(["--port", str(closed_port()), "--api"]) == 0


def test_a_browser_opens_where_there_is_a_screen() -> None:
    assert launch.on_desktop({"DISPLAY": ":0"})
    assert launch.on_desktop({"WAYLAND_DISPLAY": "wayland-0"})
    assert not launch.on_desktop({"DISPLAY": ":0", "CI": "true"})
    assert launch.on_desktop({}) == (sys.platform == "darwin")


def test_a_bad_address_is_one_line(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert launch.main(["--host", "127.0.0.1", "--port", str(port)]) == 2
    another = port % 65535 + 1
    said = f"dnag: port {port} is in use already; choose another: --port {another}, or PORT={another} make app\n"
    assert capsys.readouterr().err == said
    assert launch.main(["--port", "0"]) == 2
    assert capsys.readouterr().err == "dnag: port is '0'; allowed: a number from 1 to 65535\n"
    assert started == []


def test_it_does_not_wait_for_pytorch() -> None:
    code = "import sys; from dnag.__main__ import main; main(['app', '--port', 'x']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0


# --- installed --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has the package as a wheel installs it, and no checkout."""
    folder = tmp_path_factory.mktemp("installed")
    for file in tracked_files():
        (copy := folder / "tree" / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", "wheels", "./tree"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(wheel, cwd=folder, env=environment, check=True)
    (made,) = (folder / "wheels").iterdir()
    subprocess.run([*pip, "install", "--no-deps", "--target", "site", made], cwd=folder, env=environment, check=True)
    return environment | {"PYTHONPATH": str(folder / "site")}


@contextlib.contextmanager
def running(environment: dict[str, str], folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = closed_port()
    command = [sys.executable, "-m", "dnag", "app", "--api", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        began = time.monotonic()
        while True:
            with contextlib.suppress(OSError):
                ask(port, "GET", "/api/v1/health")
                break
            assert server.poll() is None and time.monotonic() - began < START_S, (folder / "log").read_text()
            time.sleep(0.05)
        yield port, server
    finally:
        server.kill()
        server.wait()


def ask(port: int, method: str, path: str, data: Any = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("localhost", port, timeout=START_S)
    body = None if data is None else json.dumps(data)
    connection.request(method, path, body, {"Content-Type": "application/json", **headers})
    return connection.getresponse()


@pytest.mark.slow
def test_the_installed_package_serves_pages_and_api_from_anywhere(installed: dict[str, str], tmp_path: Path) -> None:
    with running(installed, tmp_path) as (port, server):
        page = ask(port, "GET", "/generate")
        assert page.status == 200 and "text/html" in page.headers["content-type"]
        predicted = json.load(ask(port, "POST", "/api/v1/predict", {"architectures": [BEST]}))
        assert predicted["candidates"][0]["predicted_accuracy_pct"] == pytest.approx(94.2, abs=0.5)
        assert ask(port, "GET", "/api/v1/health", Host="evil.example").status == 403

        # A server that is told to stop does not wait for a run that somebody follows.
        job = json.load(ask(port, "POST", "/api/v1/generate", {"samples": 4096, "steps": 2000}))["id"]
        stream = ask(port, "GET", f"/api/v1/jobs/{job}", Accept="text/event-stream")
        assert stream.readline() == b"event: progress\n"
        server.send_signal(signal.SIGTERM)
        assert b"event: done" not in stream.read()
        assert server.wait(START_S) is not None


@pytest.mark.slow
def test_the_installed_package_brings_its_settings_and_files(installed: dict[str, str], tmp_path: Path) -> None:
    code = """
import json
from streamlit import config
from dnag.checkpoint import installed
from dnag.places import HOME
config._main_script_path = str(HOME / "app.py")
names = ("runner.postScriptGC", "server.maxUploadSize", "theme.light.primaryColor")
files = [str(file.relative_to(HOME)) for file in HOME.rglob("*") if file.suffix in (".py", ".svg")]
print(json.dumps([HOME.name, [config.get_option(name) for name in names], sorted(installed()), files]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=installed, capture_output=True, check=True)
    home, settings, checkpoints, files = json.loads(done.stdout.splitlines()[-1])
    assert home == "_app"
    assert settings == [False, 20, "#4338ca"]
    assert checkpoints == sorted(file.stem for file in (ROOT / "checkpoints").glob("*.safetensors"))
    pages = {f"pages/{file.name}" for file in (ROOT / "pages").glob("*.py")}
    assert {"app.py", "asgi.py", *pages} == {file for file in files if file.endswith(".py")}
    assert "assets/icon.svg" in files
