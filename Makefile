# Everything a developer or CI runs. Each target does its own set-up; nothing but Python 3.11+ and make is needed.
#   PYTHON=python3.12   which Python the environment is made with (default: the newest of 3.13, 3.12, 3.11 that works)
#   ARGS="-k paging"    more arguments for test, torture, bench and run

VENV   ?= .venv
PYTHON ?=
ARGS   ?=
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench torture lighthouse fmt lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

setup:  ## make .venv with the locked packages; nothing to do when nothing changed
	@PYTHON='$(PYTHON)' VENV='$(VENV)' sh tools/setup.sh

run: setup  ## a demo on this machine, with example data
	$(BIN)/tocsin demo $(ARGS)

test: setup  ## the tests, without the slow torture ones
	@sh tools/debian.sh
	@sh tools/browser.sh
	$(BIN)/python -m pytest --durations=15 --no-header -n 2 --dist loadgroup $(ARGS)

check: setup  ## lint, format, types, import contracts, links in the documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_docs.py

bench: setup  ## the benchmarks
	$(BIN)/python bench/run.py $(ARGS)

torture: setup  ## the slow tests: kill -9, load, long simulations
	@sh tools/debian.sh
	@sh tools/browser.sh all
	$(BIN)/python -m pytest --no-header -m torture $(ARGS)

lighthouse: setup  ## what Lighthouse says of Now, the room and the status page
	@sh tools/debian.sh
	@sh tools/browser.sh all
	$(BIN)/python -m pytest --no-header -m torture -s tests/browser/test_lighthouse.py $(ARGS)

fmt: setup  ## format, and repair what ruff can repair
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: setup  ## write requirements/*.txt again (UPGRADE=1: newest versions)
	UPGRADE='$(UPGRADE)' sh tools/lock.sh

clean:  ## remove the environment, caches and builds
	rm -rf .venv .venv-lock .venv-browser dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
