# One command each; everything is set up on the first run. `make` alone prints this list.
#
#   PYTHON=python3.12       the interpreter that .venv is made with (3.11 or newer)
#   TORCH_INDEX=URL         take torch from another package index, see README.md
#   PORT=8501 HOST=localhost  where the app listens
#   ARGS="..."              passed on to the command behind app, test, bench or train

PY := .venv/bin/python
export PORT ?= 8501
export HOST ?= localhost
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help app test lint format bench train screenshots setup clean

help: ## print this list
	@echo "usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile

app: ## open the app on http://localhost:8501 (PORT=8080 make app for another port)
	@./scripts/setup.sh app
	@./scripts/app.sh $(ARGS)

test: ## run every test, on all cores (ARGS='-m "not slow and not browser"' for the quick ones)
	@./scripts/setup.sh dev
	@./scripts/browser.sh
	$(PY) -m pytest -n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder $(ARGS)

lint: ## check style and types
	@./scripts/setup.sh dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: ## rewrite the code in the project's style
	@./scripts/setup.sh dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: ## measure time, memory and cold start
	@./scripts/setup.sh app
	$(PY) -m dnag bench $(ARGS)

train: ## train every shipped checkpoint anew (ARGS='--measured FILE' names the accuracies to learn from)
	@./scripts/setup.sh app
	$(PY) -m dnag train all $(ARGS)

screenshots: ## take the pictures of the README and the tour from the running app
	@./scripts/setup.sh dev
	@./scripts/browser.sh
	$(PY) scripts/screenshots.py

setup: ## only make .venv and install everything
	@./scripts/setup.sh dev

clean: ## remove .venv and all caches
	rm -rf .venv .venv.lock .pytest_cache .ruff_cache .mypy_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
