# Python 3.11+ and make are all that is needed; everything else comes from requirements.lock.
PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo load test torture check bench lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(STAMP) ## make .venv from the hash-locked requirements, the project included
	@:

demo: $(STAMP) ## the reference tickets through the reference graph, offline
	@$(BIN)/cxagent demo

serve: $(STAMP) ## the review inbox on http://127.0.0.1:8080, with the sample tickets where nothing is on record yet
	@$(BIN)/cxagent serve --demo $(if $(PORT),--port $(PORT))

test: $(STAMP) ## the whole test suite
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# make torture SEED=7 TICKETS=300 KILLS=30 FAULTS=30 storms both databases with that; without, each has its own size.
TORTURE = $(BIN)/python tests/torture/conductor.py $(if $(SEED),--seed $(SEED)) --store

load: $(STAMP) ## 50 reviewers and 5 workers at one inbox with 10,000 drafts; then the books are checked
	@PYTHONPATH=tests/benchmarks $(BIN)/python tests/load/crowd.py

torture: $(STAMP) ## kills, broken lines and duplicates on both databases; the effects are counted outside
	@$(TORTURE) postgresql --tickets $(or $(TICKETS),2000) --kills $(or $(KILLS),200) --faults $(or $(FAULTS),200)
	@$(TORTURE) sqlite --tickets $(or $(TICKETS),500) --kills $(or $(KILLS),50) --faults $(or $(FAULTS),50)

check: $(STAMP) ## format, lint, strict types, layers
	@$(BIN)/python -m ruff format --check --quiet --output-format concise .
	@$(BIN)/python -m ruff check --quiet .
	@$(BIN)/python -m mypy --strict --no-error-summary cxagent
	@$(BIN)/python -m pytest --quiet tests/test_layers.py

bench: $(STAMP) ## the benchmarks, as printed tables
	@set -e; found=; for file in tests/benchmarks/*.py; do \
		if [ -f "$$file" ]; then found=yes; echo "== $$file"; $(BIN)/python "$$file"; fi; \
	done; if [ -z "$$found" ]; then echo "There is no benchmark in tests/benchmarks yet." >&2; exit 3; fi

lock: ## resolve requirements.lock anew (needs uv)
	@$(UV) export --upgrade --quiet --no-header --no-emit-project --all-extras --output-file requirements.lock

clean: ## remove the environment, the caches and what a run left behind
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .langgraph_api .cxagent
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.lock tests/oracles.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "cxagent needs Python 3.11 or newer as $(PYTHON); name another: make PYTHON=/path/to/python3 setup" >&2; exit 2; }
	@echo "Setting up $(VENV) from requirements.lock; the first time takes about a minute."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --no-compile --require-hashes -r requirements.lock
	@$(PIP) install --no-compile --no-deps --require-hashes -r tests/oracles.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
