# Everything that a contributor runs. Writes only below this folder, the user's cache and temp.
# Recipes name relative paths only, so that the clone may live under any name.

PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check --quiet --require-virtualenv
LOCKED = install --require-hashes --no-deps --requirement
# The build backend comes from the lock as well: nothing is fetched for the build.
EDITABLE = install --no-deps --no-build-isolation --editable .
# With bytecode kept whatever the environment says: the tests start some hundred interpreters.
PYTEST = PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest
COMPILE = build/lock/bin/pip-compile --quiet --no-config --generate-hashes --allow-unsafe --strip-extras \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.DEFAULT_GOAL = help
.PHONY: help demo demo-agent test quick test-slow clis bench lint check fmt lock clean tools

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/.demo-ready ## work two tasks in a sample repository, without a model
	@.venv/bin/jm demo

demo-agent: .venv/.demo-ready ## the same, the second task by the built-in agent over a simulated model
	@.venv/bin/python -m bench.demo_agent

test: .venv/.dev-ready ## run the tests, but for the slow ones
	@$(PYTEST)

quick: .venv/.dev-ready ## those that take no time: unit, contract and architecture
	@$(PYTEST) tests/unit tests/contract tests/architecture

test-slow: clis ## the slow ones: the real coding CLIs, which are installed first
	@$(PYTEST) -m slow

clis: .venv/.dev-ready ## install the real coding CLIs with npm (1 GB, in the cache)
	@.venv/bin/python -m tests.clis.binaries

bench: .venv/.dev-ready ## the suite under every profile, into docs/sprint-summary.*; BENCH="--limit 3" narrows it
	@.venv/bin/python -m bench.suite --jobs "$$(nproc)" --out docs $(BENCH)

lint: .venv/.dev-ready ## ruff, mypy --strict and the import contracts
	@echo "lint: ruff check"
	@.venv/bin/ruff check .
	@echo "lint: ruff format --check"
	@.venv/bin/ruff format --check .
	@echo "lint: mypy"
	@.venv/bin/mypy
	@echo "lint: import contracts"
	@.venv/bin/lint-imports

check: ## what CI runs: the tests, then lint
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory lint

fmt: .venv/.dev-ready ## format, and mend what lint can mend
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

lock: tools ## renew requirements/*.txt from pyproject.toml
	@test -x build/lock/bin/pip-compile || { echo "lock: installing pip-tools"; \
		"$(PYTHON)" -m venv build/lock && build/lock/bin/python -m pip install --quiet pip-tools; }
	@echo "lock: requirements/dev.txt"
	@$(COMPILE) --upgrade --extra dev --extra demo --output-file requirements/dev.txt \
		requirements/build.in pyproject.toml
	@echo "lock: requirements/demo.txt"
	@$(COMPILE) --constraint requirements/dev.txt --extra demo --output-file requirements/demo.txt \
		requirements/build.in pyproject.toml
	@echo "lock: requirements/run.txt"
	@$(COMPILE) --constraint requirements/dev.txt --output-file requirements/run.txt \
		requirements/build.in pyproject.toml

clean: ## remove what make made
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

tools:
	@command -v git >/dev/null || { echo "make: git is needed, and was not found" >&2; exit 1; }
	@command -v "$(PYTHON)" >/dev/null || { echo "make: $(PYTHON) is needed, and was not found" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: Python 3.11 or newer is needed; $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." >&2; \
		echo "make: name another one, such as: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: Python's venv module is needed (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }

.venv/.made: | tools
	@echo "setup: making .venv with $$("$(PYTHON)" -V)"
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv
	@touch .venv/.made

.venv/.demo-ready: requirements/demo.txt pyproject.toml | .venv/.made
	@echo "setup: installing what the demo needs (requirements/demo.txt)"
	@$(PIP) $(LOCKED) requirements/demo.txt
	@echo "setup: installing journeyman itself"
	@$(PIP) $(EDITABLE)
	@touch .venv/.demo-ready

.venv/.dev-ready: requirements/dev.txt pyproject.toml | .venv/.made
	@echo "setup: installing what tests and lint need (requirements/dev.txt)"
	@$(PIP) $(LOCKED) requirements/dev.txt
	@echo "setup: installing journeyman itself"
	@$(PIP) $(EDITABLE)
	@touch .venv/.dev-ready
