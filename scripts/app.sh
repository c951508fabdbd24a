#!/usr/bin/env bash
# Starts the app; on a desktop the browser opens by itself. Arguments are passed on to `streamlit run`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec .venv/bin/python -m dnag app --port "${PORT:-8501}" --host "${HOST:-localhost}" -- "$@"
