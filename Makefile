# Everything a person or CI does with Tower. Each target sets up what it needs inside .venv; none needs root.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev

.PHONY: help run test check bench faults attack browser docs pictures lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tower needs Python 3.11 or newer; $(PYTHON) is older."; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: install it (Debian: python3-venv)."; exit 2; }
	@$(PY) -m pip install --quiet uv

$(READY): requirements.lock | $(VENV)/bin/uv
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@touch $@

$(DEV): requirements-dev.lock $(READY)
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements-dev.lock
	@touch $@

run: $(READY)  ## start the demo: a company in a box, and the hub beside it
	@$(PY) app.py demo

test: $(DEV)  ## every test but the long runs; a sample of the pages in the browser, if there is one
	@$(PY) -m pytest -q -n auto --maxprocesses 4 --dist loadfile

check: $(DEV)  ## format, lint, types, import rules
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: $(DEV)  ## speed and memory, as ratios of one run
	@$(PY) -m tests.bench

faults: $(DEV)  ## kill -9 at every failpoint, restores, and other bad days
	@$(PY) -m pytest -q -m faults tests

attack: $(DEV)  ## forged, stale, oversized and malformed requests against a running hub
	@$(PY) -m pytest -q tests/attack

browser: $(DEV)  ## the pages in Debian's Chromium
	@$(PY) -m pytest -q -m browser tests/browser

docs: $(DEV)  ## write the generated reference pages anew
	@$(PY) -m docs.generate

pictures: $(DEV)  ## take the pictures of the product anew
	@$(PY) -m docs.pictures

lock: | $(VENV)/bin/uv  ## pin every package by hash; no address of a registry is written
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements.in -o requirements.lock
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements-dev.in -o requirements-dev.lock

clean:  ## remove the environment and everything a run left behind
	@rm -rf $(VENV) .tower
