# Two commands: `make serve` runs Chatkeep over docs/, `make test` checks everything.
# Both need Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEVELOP := $(VENV)/.develop
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: serve test lint types unit bench format clean

serve: $(INSTALLED)
	@$(BIN)/chatkeep serve docs/

test: lint types unit

lint: $(DEVELOP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEVELOP)
	$(BIN)/mypy

unit: $(DEVELOP)
	$(BIN)/pytest

bench: $(DEVELOP)
	$(BIN)/python -m benchmarks $(ARGS)

format: $(DEVELOP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chatkeep needs Python 3.11 or newer: make PYTHON=...")'
	@echo "Installing Chatkeep into $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e .
	@touch $@

$(DEVELOP): $(INSTALLED)
	@echo "Installing what the tests need into $(VENV) (once)"
	@$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
