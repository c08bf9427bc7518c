# What a developer does here, and CI. A fresh machine needs Python 3.11 or newer and make.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header
IMAGES := intake scoring ranking notifier web cli

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup check lint types imports test demo bench docs format lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## make .venv, with merit and all that the checks need; again is free
	@:

check: lint types imports test ## all that CI runs

lint: setup ## ruff: every rule, and the format
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types: setup ## pyright, strict
	@command -v node >/dev/null || { echo 'make types: pyright needs Node.js; install it (Debian: apt-get install nodejs npm)' >&2; exit 1; }
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --level warning

imports: setup ## import-linter: the rooms keep apart, the pure parts stay pure
	@$(BIN)/lint-imports --no-logo

test: setup ## every test that this machine can run; ARGS="-k word" picks
	@$(BIN)/pytest $(ARGS)

demo: setup ## the board, with the sample year playing on it; ARGS="--speed 10"
	@$(BIN)/merit demo $(ARGS)

bench: setup ## the figures, each beside its peer
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/bench.txt
	@$(BIN)/python -m benchmarks $(ARGS)

docs: setup ## write the generated reference pages anew
	@$(BIN)/python -m docs.generate

format: setup ## let ruff mend what it can
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

lock: setup ## resolve all dependencies anew, with hashes; ARGS="--upgrade" takes newer ones
	$(LOCK) $(ARGS) pyproject.toml --extra all --group dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --extra all --group dev --group bench --constraint requirements/dev.txt --no-annotate --output-file requirements/bench.txt
	@set -e; for image in $(IMAGES); do set -x; \
	$(LOCK) pyproject.toml --extra $$image --constraint requirements/dev.txt --no-annotate --output-file requirements/$$image.txt; \
	{ set +x; } 2>/dev/null; done

clean: ## remove what the targets above made, .venv too
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache .merit dist
	find cli services shared web tests benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

# uv installs from the lock what pip would in minutes; where there is no uv, pip does.
.venv/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'make setup: Python 3.11 or newer is needed; name one: make setup PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'make setup: this Python cannot make environments; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv .venv
	@echo 'make setup: installs what the lock names into .venv, which takes a minute' >&2
	@sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt >.venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .venv/uv.txt || echo 'make setup: no uv here, so pip installs, which takes longer' >&2
	@if test -x $(BIN)/uv; then \
	  $(BIN)/uv pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements/dev.txt && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@$(BIN)/python -m compileall -qq cli services shared web || true
	@touch $@
