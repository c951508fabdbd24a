"""The project itself: pinned packages, Makefile targets, and what setup says when something is missing."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[0-9][A-Za-z0-9.+-]*)$")
CLOSED = "http://127.0.0.1:{port}/simple"


def pins(name: str) -> dict[str, str]:
    """Package -> version of a requirements file; every line must be a pin."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = {}
    for line in filter(None, lines):
        match = PIN.match(line)
        assert match, f"{name}: {line!r} is not of the form package==version"
        found[match["name"].lower().replace("_", "-")] = match["version"]
    return found


# ---------------------------------------------------------------------------------------------------- what is declared


def test_every_requirement_is_pinned_once():
    files = ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt", "requirements-onnx.txt")
    named = [name for file in files for name in pins(file)]
    assert len(named) == len(set(named))


def test_pyproject_reads_the_requirements_files():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    dynamic = project["tool"]["setuptools"]["dynamic"]
    assert set(project["project"]["dynamic"]) == {"version", "dependencies", "optional-dependencies"}
    assert dynamic["optional-dependencies"]["cluster"] == {"file": ["requirements-cluster.txt"]}
    assert dynamic["optional-dependencies"]["onnx"] == {"file": ["requirements-onnx.txt"]}
    assert dynamic["dependencies"] == {"file": ["requirements.txt"]}
    assert dynamic["optional-dependencies"]["dev"] == {"file": ["requirements-dev.txt"]}
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["project"]["scripts"] == {"dnag": "dnag.__main__:main"}


@pytest.mark.parametrize(("name", "version"), pins("requirements.txt").items())
def test_the_pinned_version_is_the_installed_one(name: str, version: str):
    assert metadata.version(name).partition("+")[0] == version


def test_code_imports_only_what_is_pinned():
    """A package that is there only because another one needs it may be gone with the next pin."""
    files = [*ROOT.glob("*.py"), *ROOT.glob("dnag/**/*.py"), *ROOT.glob("pages/*.py")]
    imported: dict[str, str] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(), str(file))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                modules = [node.module]
            else:
                continue
            for module in modules:
                imported.setdefault(module.partition(".")[0], str(file.relative_to(ROOT)))
    distributions = metadata.packages_distributions()
    allowed = pins("requirements.txt")
    missing = {
        module: file
        for module, file in imported.items()
        if module not in sys.stdlib_module_names
        and module not in ("dnag", "pages")
        and (module, file) != ("playwright", "dnag/bench_browser.py")  # only where asked for, and said where missing
        and (module, file) != ("setuptools", "setup.py")  # what builds the package, named in pyproject.toml
        and (module, file) != ("ray", "dnag/trials/cluster.py")  # only for --ray, which says so where it is missing
        and (module, file) != ("onnxruntime", "dnag/exports/onnx_graph.py")  # which says so where it is missing
        and not any(name.lower().replace("_", "-") in allowed for name in distributions.get(module, []))
    }
    assert not missing, f"imported but not pinned in requirements.txt: {missing}"


def test_the_tree_names_no_package_index_and_no_machine():
    # Put together here, or this file would name them itself.
    hosts = ["pypi" + ".org", "pytho" + "nhosted.org", "download.py" + "torch.org", "registry.npm" + "js"]
    places = ["/ho" + "me/", "/ro" + "ot/", "/wo" + "rk/"]
    suffixes = {".py", ".md", ".toml", ".txt", ".sh", ".css", ".js", ".json", ".yml", ".yaml", ".cfg", ""}
    hits = []
    for file in tracked_files():
        if file.suffix in suffixes and file.is_file() and file.stat().st_size < 1_000_000:
            text = file.read_text(errors="replace")
            hits += [f"{file.relative_to(ROOT)}: {word}" for word in hosts + places if word in text]
    assert hits == []


def tracked_files() -> list[Path]:
    """The files under version control."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_settings_of_the_app():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["runner"]["postScriptGC"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["server"]["address"] == "localhost"
    assert {"light", "dark"} <= settings["theme"].keys()
    assert "base" not in settings["theme"], "it would force one mode on every system"


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours #rrggbb."""

    def luminance(color: str) -> float:
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_theme_colours_keep_wcag_aa(mode: str):
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][mode]
    for ground in (theme["backgroundColor"], theme["sidebar"]["backgroundColor"]):
        assert contrast(theme["primaryColor"], ground) >= 4.5
        mixed = (
            "#"
            + "".join(  # captions: Streamlit draws them at 60 % of the text colour
                f"{round(0.6 * int(theme['textColor'][i : i + 2], 16) + 0.4 * int(ground[i : i + 2], 16)):02x}"
                for i in (1, 3, 5)
            )
        )
        assert contrast(mixed, ground) >= 4.5


# ------------------------------------------------------------------------------------------------------------ Makefile


def make(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs make; the surrounding make of `make test` is kept out of its environment."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=cwd, env=environment | variables, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        ("app", ["./scripts/setup.sh app", "./scripts/app.sh"]),
        ("test", ["./scripts/setup.sh dev", "./scripts/browser.sh", ".venv/bin/python -m pytest"]),
        ("lint", ["-m ruff check .", "-m ruff format --check .", "-m mypy"]),
        ("bench", ["./scripts/setup.sh app", ".venv/bin/python -m dnag bench"]),
        ("train", ["./scripts/setup.sh app", ".venv/bin/python -m dnag train all"]),
        ("clean", ["rm -rf .venv"]),
    ],
)
def test_makefile_target(target: str, commands: list[str]):
    printed = make("-n", target)
    assert printed.returncode == 0, printed.stderr
    for command in commands:
        assert command in printed.stdout


def test_make_alone_lists_the_targets():
    printed = make()
    assert printed.returncode == 0, printed.stderr
    for target in ("app", "test", "lint", "bench", "train", "clean"):
        assert re.search(rf"^  {target} ", printed.stdout, re.MULTILINE)


@pytest.mark.parametrize("script", ["scripts/setup.sh", "scripts/app.sh", "scripts/browser.sh", ".ci/run"])
def test_scripts_are_executable_and_parse(script: str):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


# --------------------------------------------------------------------------------------------------------------- setup


class Checkout:
    """A small copy of the project with requirements of its own, to try the setup script on."""

    def __init__(self, path: Path):
        self.path = path
        (path / "scripts").mkdir()
        for name in ("setup.sh", "app.sh"):
            shutil.copy(ROOT / "scripts" / name, path / "scripts" / name)
        shutil.copy(ROOT / "Makefile", path / "Makefile")
        self.require("tiny==1.0")
        (path / "requirements-dev.txt").write_text("")
        (path / "requirements-onnx.txt").write_text("")
        self.wheels = path / "wheels"
        self.wheels.mkdir()

    def require(self, *lines: str) -> None:
        (self.path / "requirements.txt").write_text("\n".join(lines) + "\n")

    def add_wheel(self, name: str, version: str) -> None:
        """A package with one empty module, as a file that pip can install."""
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(self.wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    def add_python(self, name: str, body: str) -> str:
        """A stand-in for an interpreter: a shell script; `exec "$REAL" "$@"` hands over to the real one."""
        file = self.path / name
        file.write_text(f'#!/bin/sh\nREAL="{sys.executable}"\n{body}\n')
        file.chmod(0o755)
        return str(file)

    def run(self, *arguments: str, online: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs the setup script; offline, its package index is a port of this machine that nothing listens on."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "MAKE"))}
        for key in ("PYTHON", "TORCH_INDEX", "VIRTUAL_ENV", "PYTHONPATH"):
            environment.pop(key, None)
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "NO_PROXY": "127.0.0.1"}
        environment["PYTHON"] = sys.executable
        if online:
            environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        else:
            environment["PIP_INDEX_URL"] = CLOSED.format(port=closed_port())
        environment |= variables
        command = ["bash", "scripts/setup.sh", *(arguments or ("app",))]
        return subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True)

    def fails(self, *arguments: str, online: bool = True, **variables: str) -> str:
        """Runs the script, expects it to fail, and returns its one line."""
        result = self.run(*arguments, online=online, **variables)
        assert result.returncode != 0
        assert result.stdout == ""
        lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, result.stderr
        others = [line for line in result.stderr.splitlines() if line not in lines]
        notices = ("Installing packages", "Making .venv anew", "No NVIDIA GPU")
        assert all(line.startswith(notices) for line in others), result.stderr
        return lines[0]

    def installed(self, module: str) -> bool:
        python = self.path / ".venv" / "bin" / "python"
        return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    return Checkout(tmp_path)


def test_setup_refuses_an_old_python(checkout: Checkout):
    old = checkout.add_python("python3.9", "echo 3.9.2")
    message = checkout.fails(PYTHON=old)
    assert "is Python 3.9.2" in message
    assert "3.11 or newer" in message
    assert not (checkout.path / ".venv").exists()


def test_setup_refuses_when_only_old_pythons_are_found(checkout: Checkout):
    folder = checkout.path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "cat", "cksum", "uname", "grep", "sed", "touch", "rm", "mv", "head", "flock"):
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    for name in ("python3", "python"):
        shutil.move(checkout.add_python(name, "echo 3.10.12"), folder / name)
    message = checkout.fails(PYTHON="", PATH=str(folder))
    assert "python3 is Python 3.10.12" in message
    assert "3.11 or newer" in message
    for name in ("python3", "python"):
        (folder / name).unlink()
    assert "no Python was found" in checkout.fails(PYTHON="", PATH=str(folder))


def test_setup_names_a_python_that_does_not_run(checkout: Checkout):
    assert "cannot run PYTHON=no-such-python" in checkout.fails(PYTHON="no-such-python")


def test_setup_says_when_the_venv_module_is_missing(checkout: Checkout):
    bare = checkout.add_python("bare", 'case "$*" in *ensurepip*) exit 1;; esac\nexec "$REAL" "$@"')
    message = checkout.fails(PYTHON=bare)
    assert "has no venv module" in message
    assert f"python3.{sys.version_info.minor}-venv" in message


def test_setup_refuses_a_torch_index_that_is_no_url(checkout: Checkout):
    message = checkout.fails(TORCH_INDEX="cpu")
    assert "TORCH_INDEX" in message
    assert "'cpu'" in message


def test_setup_refuses_an_unknown_set(checkout: Checkout):
    assert "use app or dev" in checkout.fails("everything")


@pytest.mark.slow
def test_setup_survives_a_lost_network_and_a_half_made_venv(checkout: Checkout):
    checkout.add_wheel("tiny", "1.0")
    (checkout.path / ".venv").mkdir()  # as a run leaves it that was killed at once

    message = checkout.fails(online=False)
    assert "no connection to the package index" in message
    assert "Connection refused" in message

    again = checkout.run()
    assert again.returncode == 0, again.stderr
    assert checkout.installed("tiny")

    # Done is done: neither a network nor a word is needed now.
    done = checkout.run(online=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    # What the index does not have is named.
    checkout.require("tiny==1.0", "absent==2.0")
    assert "does not know absent==2.0, or cannot be reached" in checkout.fails()
    checkout.require("tiny==2.0")
    assert "has no tiny==2.0 for Python 3." in checkout.fails()

    # Changed requirements are installed; the tools' set includes the app's.
    checkout.add_wheel("tiny", "1.1")
    checkout.add_wheel("tool", "3.0")
    checkout.require("tiny==1.1")
    (checkout.path / "requirements-dev.txt").write_text("tool==3.0\n")
    assert checkout.run("dev").returncode == 0
    assert checkout.installed("tool")
    assert checkout.run("app", online=False).stderr == ""

    # Killed while pip was writing: made anew.
    (checkout.path / ".venv" / ".dnag-busy").touch()
    renewed = checkout.run("app")
    assert renewed.returncode == 0, renewed.stderr
    assert "Making .venv anew: an installation in it was cut short." in renewed.stderr
    assert not checkout.installed("tool")


@pytest.mark.slow
def test_setup_takes_torch_from_the_named_index(checkout: Checkout):
    checkout.require("torch==9.9", "tiny==1.0")
    checkout.add_wheel("tiny", "1.0")
    index = checkout.path / "index" / "torch"
    checkout.add_wheel("torch", "9.9+cpu")
    index.mkdir(parents=True)
    shutil.move(checkout.wheels / "torch-9.9+cpu-py3-none-any.whl", index)
    (index / "index.html").write_text('<a href="torch-9.9%2Bcpu-py3-none-any.whl">torch-9.9+cpu-py3-none-any.whl</a>')
    url = index.parent.as_uri()

    offline: dict[str, Any] = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": CLOSED.format(port=closed_port())}
    message = checkout.fails(TORCH_INDEX=offline["PIP_INDEX_URL"], **offline)
    assert "while taking torch==9.9 from" in message

    done = checkout.run(TORCH_INDEX=url, **offline)
    assert done.returncode == 0, done.stderr
    assert checkout.installed("torch")
    assert checkout.run(online=False).stderr == "", "the index is needed once only"

    elsewhere = checkout.path / "elsewhere"
    shutil.copytree(index.parent, elsewhere)
    changed = checkout.run(TORCH_INDEX=elsewhere.as_uri(), **offline)
    assert changed.returncode == 0, changed.stderr
    assert "Making .venv anew: its torch is from another package index." in changed.stderr


def test_app_says_when_its_port_is_taken_or_wrong(checkout: Checkout):
    python = checkout.path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)

    def start(**variables: str) -> str:
        command = ["bash", "scripts/app.sh"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
        result = subprocess.run(command, cwd=checkout.path, env=environment, capture_output=True, text=True)
        assert result.returncode == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} is in use already" in start(PORT=port, HOST="127.0.0.1")
    assert "port is 'abc'; allowed: a number from 1 to 65535" in start(PORT="abc")
    assert "port is '70000'; allowed: a number from 1 to 65535" in start(PORT="70000")
    assert "host 'no.such.host.invalid' is not a name or address of this computer" in start(HOST="no.such.host.invalid")
    assert "DNAG_API is 'yes'; allowed: 1, or 0 or nothing for the pages alone" in start(
        PORT=str(closed_port()), DNAG_API="yes"
    )


# ------------------------------------------------------------------------------------------------- skipping of browsers


def test_browser_tests_say_why_they_are_skipped(monkeypatch: pytest.MonkeyPatch):
    spec = importlib.util.spec_from_file_location("browser_conftest", ROOT / "tests" / "browser" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    conftest = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, conftest)
    spec.loader.exec_module(conftest)
    monkeypatch.setenv("DNAG_CHROMIUM", "none")
    assert "DNAG_CHROMIUM=none" in conftest.reason_to_skip()
    monkeypatch.setenv("DNAG_CHROMIUM", "/no/such/browser")
    assert "/no/such/browser is not an executable file" in conftest.reason_to_skip()
    monkeypatch.delenv("DNAG_CHROMIUM")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "/no/such/folder")
    assert "no Chromium found" in conftest.reason_to_skip()


# ------------------------------------------------------------------------------------------------------- documentation

CHECK_EXAMPLES = """
import re, sys
import torch
text = open("CONTRIBUTING.md", encoding="utf-8").read()
blocks = re.findall(r"```python\\n(# dnag/(\\S+)\\.py\\n.*?)```", text, re.DOTALL)
for source, path in blocks:
    exec(compile(source, path, "exec"), {"__name__": "dnag." + path.replace("/", ".")})
from dnag.samplers import samplers
from dnag.sdes import sdes
from dnag.spaces import spaces
from dnag.tensors import Noise

generator = torch.Generator().manual_seed(0)
sde = sdes["cosine"]()
t = torch.linspace(0.05, 0.95, 9, dtype=torch.float64, requires_grad=True)
alpha, sigma = sde.marginal(t)
f, g = sde.coefficients(t)
slope = torch.autograd.grad(alpha.sum(), t, retain_graph=True)[0]
growth = torch.autograd.grad((sigma**2).sum(), t)[0]
assert torch.allclose(f, slope / alpha) and torch.allclose(g**2, growth - 2 * f * sigma**2)

def score(x, t):
    alpha, sigma = (value[:, None] for value in sde.marginal(t))
    return -(x - alpha * 0.7) / (alpha**2 * 0.3**2 + sigma**2)

x = samplers["ddim"](num_steps=50).sample(sde, score, Noise.from_generator(generator, (2000, 1)))
assert abs(x.mean() - 0.7) < 0.03 and abs(x.std() - 0.3) < 0.03

space = spaces["chain"]()
archs = space.sample(50, generator)
assert space.decode(space.encode(archs)) == archs
assert [space.parse(space.format(arch)) for arch in archs] == archs
assert space.size == 81 and space.cost(archs[0]).params_m > 0

from dnag.exports import Subject, exporters
subject = Subject(space, archs[0])
assert exporters["text"]().export(subject).decode() == space.format(archs[0]) + chr(10)
for exporter in exporters.values():  # a format serves a space that nobody thought of, or says what it lacks
    assert exporter().missing(subject) or exporter().export(subject)
print(*(path for _, path in blocks))
"""


def test_the_examples_of_the_contributing_guide_work():
    """In a process of their own, so that the toys do not join the registries of the other tests."""
    done = subprocess.run([sys.executable, "-c", CHECK_EXAMPLES], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"sdes/cosine", "samplers/ddim", "spaces/chain", "exports/text"} <= set(done.stdout.split())
