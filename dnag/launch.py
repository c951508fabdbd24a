"""``python -m dnag app``: the pages, and beside them the API where it is asked for, on one port of one process."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
from collections.abc import Mapping, Sequence

from dnag.parsing import Parser
from dnag.places import HOME

API = "DNAG_API"
PAGES_ALONE, WITH_API = "app.py", "asgi.py"
EVERYWHERE = ("0.0.0.0", "::")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of the command."""
    command.add_argument("--port", default="8501", metavar="N", help="where to listen. Default: 8501.")
    command.add_argument(
        "--host",
        default="localhost",
        metavar="NAME",
        help="who may connect: localhost for this computer alone, 0.0.0.0 for every network. Default: localhost.",
    )
    command.add_argument("--api", action="store_true", help=f"also serve the API, as {API}=1 does: see docs/api.md")
    command.add_argument("streamlit", nargs="*", metavar="-- OPTION", help="options of `streamlit run`")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command by itself; returns the exit code."""
    parser = Parser(prog="dnag app", description="Open the app.")
    add_arguments(parser)
    try:
        return start(parser.parse_args(argv))
    except ValueError as error:
        print(f"dnag: {error}", file=sys.stderr)
        return 2


def start(arguments: argparse.Namespace) -> int:
    """Serve until stopped; ``ValueError`` for an address that nobody can listen on."""
    port = check_address(arguments.host, arguments.port)
    script = HOME / (WITH_API if arguments.api or wants_api(os.environ) else PAGES_ALONE)
    shown = "localhost" if arguments.host in EVERYWHERE else arguments.host
    print(f"Starting the app on http://{shown}:{port} (Ctrl+C stops it) ...", flush=True)
    options = ["--server.port", str(port), "--server.address", arguments.host]
    options += ["--server.headless", str(not on_desktop(os.environ)).lower(), "--logger.hideWelcomeMessage", "true"]

    from streamlit.web import cli

    command = ["run", str(script), *options, *arguments.streamlit]
    try:
        return int(cli.main(command, prog_name="streamlit", standalone_mode=False) or 0)
    except (cli.click.exceptions.Abort, KeyboardInterrupt):  # Ctrl+C, which uvicorn passes on where the API is served
        return 0


def wants_api(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for the API; ``ValueError`` for a value that says neither yes nor no."""
    value = environment.get(API, "")
    if value not in ("", "0", "1"):
        raise ValueError(f"{API} is {value!r}; allowed: 1, or 0 or nothing for the pages alone")
    return value == "1"


def on_desktop(environment: Mapping[str, str]) -> bool:
    """Is there a screen on which a browser can open?"""
    if environment.get("CI"):
        return False
    return sys.platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def check_address(host: str, port: str) -> int:
    """The port as a number; ``ValueError`` if nothing can listen there. Streamlit would say so late, in a traceback."""
    if not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(f"port is {port!r}; allowed: a number from 1 to 65535")
    number = int(port)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name != "nt":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (socket.gaierror, UnicodeError):
        raise ValueError(
            f"host {host!r} is not a name or address of this computer; allowed: localhost, or 0.0.0.0 for every network"
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            another = number % 65535 + 1
            raise ValueError(
                f"port {number} is in use already; choose another: --port {another}, or PORT={another} make app"
            ) from None
        raise ValueError(f"cannot listen on {host}, port {number}: {error.strerror}") from None
    return number
