# Two commands do everything: `make demo` and `make test`. PYTHON names another interpreter (3.11 to 3.13).
# Paths are relative throughout, so the folder's name may hold a space.
PYTHON ?= python3
# Test processes side by side, and further options for pytest: make test JOBS=4 PYTEST_ARGS="-k gram".
JOBS ?= 2
PYTEST_ARGS ?=
# `make lock` installs this uv into a folder of its own, unless UV names another.
UV_VERSION := 0.13.9
UV ?= .venv-lock/bin/uv

.PHONY: help setup demo test slow slurm lint format docs lock clean

help:
	@echo "make demo    set up, stylise photographs with the real VGG16, evaluate, write runs/quickstart/report.html"
	@echo "make test    set up, run the tests (the slow ones: make slow; on a Slurm of one node: make slurm)"
	@echo "make lint    set up, check style and types (make format mends the style)"
	@echo "make docs    set up, write the tables of docs/reference.md from what is registered"
	@echo "make lock    resolve requirements.lock anew"
	@echo "make clean   delete the environment and what tools left behind; runs/ stays"
	@echo "Another interpreter: make test PYTHON=python3.13"

setup:
	@PYTHON="$(PYTHON)" sh .ci/setup

demo: setup
	.venv/bin/python -m styleresearch compare --config=configs/quickstart.py --workdir=runs/quickstart

test: setup
	.venv/bin/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

slow: setup
	.venv/bin/python -m pytest -n $(JOBS) -m slow $(PYTEST_ARGS)

slurm: setup
	.venv/bin/python -m pytest -m slurm tests/slurm $(PYTEST_ARGS)

lint: setup
	.venv/bin/python -m ruff check
	.venv/bin/python -m ruff format --check
	.venv/bin/python -m pyright --warnings

format: setup
	.venv/bin/python -m ruff check --fix
	.venv/bin/python -m ruff format

docs: setup
	.venv/bin/python docs/tables.py

# --no-config: the lock depends on pyproject.toml alone, not on how this machine is configured.
lock:
	@test -x "$(UV)" || command -v "$(UV)" >/dev/null || \
	    { "$(PYTHON)" -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet uv==$(UV_VERSION); }
	"$(UV)" pip compile pyproject.toml --no-config --upgrade --universal --python-version 3.11 --generate-hashes \
	    --extra all --group test --group lint --group build --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean:
	rm -rf .venv .venv-lock .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -not -path './runs/*' -prune -exec rm -rf {} +
