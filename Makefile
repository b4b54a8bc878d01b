# Every command of the project. `make help` lists them; nothing but Python 3.11+, pip and make is needed.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export UV_PYTHON_DOWNLOADS := never
export PYTHONDONTWRITEBYTECODE :=
UV := PYTHONPATH=.uv python3 -m uv
BIN := .venv/bin

.PHONY: help setup demo test test-deep check format lint types contracts simulate bench docs lock clean
SEEDS ?= 1000
SCALE ?= quick

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: .venv/ready ## make .venv with everything pinned and `.venv/bin/dialer`

# uv is put beside the project, because a bare machine may lack venv and refuse a plain pip install.
.venv/ready: requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 2; }
	@test -d .uv/uv || python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .uv uv
	@$(UV) venv --quiet --allow-existing --python "$$(command -v python3)" .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch .venv/ready

demo: setup ## run a whole campaign against the shipped simulator, in about a minute
	@$(BIN)/dialer demo

test: setup ## all tests but the long ones, about six and a half minutes on two cores
	@$(BIN)/python -m pytest -m "not deep" -n 3 --dist worksteal

test-deep: setup ## the long tests: more examples, more seeds, more crashes
	@HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n 2 --dist worksteal

check: setup lint types contracts test ## format, lint, types, import contracts, tests: what CI runs

simulate: setup ## worlds full of faults, each from a seed: make simulate SEEDS=10000
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS)

docs: setup ## draw docs/states.md and docs/events.md from the code
	@PYTHONPATH=tests $(BIN)/python -m tests.architecture.states_page
	@PYTHONPATH=tests $(BIN)/python -m tests.architecture.events_page

bench: setup ## how fast it is, as ratios, in minutes; make bench SCALE=full also writes docs/performance.md
	@$(BIN)/python -m tests.bench --scale $(SCALE) --json bench-$(SCALE).json $(if $(filter full,$(SCALE)),--page)

format: setup ## rewrite the code in the project's format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: setup
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

contracts: setup
	@$(BIN)/lint-imports

lock: ## pin every dependency with its hashes
	@test -d .uv/uv || python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .uv uv
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev --extra kafka pyproject.toml -o requirements.lock

clean: ## remove what setup and the tests made
	@rm -rf .venv .uv .hypothesis .mypy_cache .ruff_cache .import_linter_cache demo-results bench-*.json
