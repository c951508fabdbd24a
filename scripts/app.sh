#!/usr/bin/env bash
# Starts the app; on a desktop the browser opens by itself. Arguments are passed on to `streamlit run`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

port=${PORT:-8501}
host=${HOST:-localhost}
headless=true
if [[ -z ${CI:-} && (-n ${DISPLAY:-}${WAYLAND_DISPLAY:-} || $(uname -s) == Darwin) ]]; then
    headless=false
fi

# Streamlit would answer a bad address with a traceback, and only after its imports.
.venv/bin/python - "$host" "$port" <<'PY'
import errno
import os
import socket
import sys

host, port = sys.argv[1:]
if not (port.isdecimal() and 1 <= int(port) <= 65535):
    sys.exit(f"error: PORT must be a number from 1 to 65535, and is {port!r}")
try:
    family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
except socket.gaierror:
    sys.exit(f"error: HOST={host} is not a name or address of this computer: use localhost, or 0.0.0.0 for every network")
except OSError as error:
    if error.errno == errno.EADDRINUSE:
        sys.exit(f"error: port {port} is in use already: choose another, as in PORT={int(port) % 65535 + 1} make app")
    sys.exit(f"error: cannot listen on {host}, port {port}: {error.strerror}")
PY

shown=$host
[[ $host == 0.0.0.0 || $host == :: ]] && shown=localhost
echo "Starting the app on http://$shown:$port (Ctrl+C stops it) ..."
exec .venv/bin/python -m streamlit run app.py \
    --server.port "$port" --server.address "$host" --server.headless "$headless" \
    --logger.hideWelcomeMessage true "$@"
