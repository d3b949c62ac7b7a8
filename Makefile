PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PROGRAM := $(VENV)/.program
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check format lint types layers unit faults e2e bench readme clean

help: ## List what can be made
	@awk -F':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Install into .venv, which everything else does by itself

$(PROGRAM): pyproject.toml
	@echo 'Installing into $(VENV), about a minute…'
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --editable . --group demo
	@touch $@

$(STAMP): $(PROGRAM)
	@echo 'Adding what tests and checks need…'
	$(PIP) --group dev
	@touch $@

demo: $(PROGRAM) ## Bootstrap the guide's two nodes in the sandbox
	@$(BIN)/python -m spidercli sandbox run sh examples/guide/demo.sh $(BIN)/spidercli

test: $(STAMP) ## Run all tests
	$(BIN)/python -m pytest -q --numprocesses 2

check: format lint types layers unit ## Formatting, lint, types, layers and tests

format: $(STAMP)
	$(BIN)/ruff format --check .

lint: $(STAMP)
	$(BIN)/ruff check --output-format concise .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/python -m pytest -q --numprocesses 2

faults: $(STAMP) ## Let everything go wrong at every call of a run; takes minutes
	$(BIN)/python -m pytest -q --numprocesses 2 -m faults tests/faults

e2e: $(STAMP) ## Run the tests against a real control plane; Go builds its programs once (CONTRIBUTING.md: other clusters)
	$(BIN)/python -m tests.e2e.controlplane build
	$(BIN)/python -m pytest -q tests/e2e
	$(BIN)/python -m tests.e2e.controlplane bare $(BIN)/python -m pytest -q tests/contract/kube

bench: $(STAMP) ## Measure speed and memory at scale; print the tables of bench/README.md
	$(BIN)/python -m bench.scale

readme: $(STAMP) ## Rewrite the README's transcripts
	$(BIN)/python -m tests.readme.blocks

clean: ## Remove what was installed and cached here
	rm -rf $(VENV) .venv-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
