# Everything runs in .venv, which the first target that needs it makes: only python3 (3.11 or newer), venv and make are assumed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
# Tests wait for daemons and databases half of their time, so there are two for each core.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")

.PHONY: demo test check bench lock wheel deb clean help

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

demo: $(STAMP) ## a whole rehearsal on this machine: simulated API, daemon, verifying receiver
	$(BIN)/poller demo $(ARGS)

test: $(STAMP) ## the test suite, in parallel
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(STAMP) ## ruff, mypy strict and the architecture test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

bench: $(STAMP) ## figures, each a ratio against a baseline of the same run
	$(BIN)/python -m tests.bench $(ARGS)

lock: ## renew .ci/constraints.txt from pyproject.toml (versions and hashes, no addresses)
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install -q uv
	.venv-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		--all-extras --group dev pyproject.toml -o .ci/constraints.txt
	rm -rf .venv-lock

wheel: ## a wheel of this version, in dist/
	$(PYTHON) -m venv .venv-wheel && .venv-wheel/bin/pip wheel -q --disable-pip-version-check --no-deps -w dist .
	rm -rf .venv-wheel

deb: ## a Debian package for this release of Debian, in dist/
	.ci/deb/build

$(STAMP): .ci/constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .ci/constraints.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean: ## remove what the targets above made
	rm -rf .venv .venv-lock .venv-wheel dist .mypy_cache .ruff_cache .hypothesis
