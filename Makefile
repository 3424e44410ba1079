# Everything a person or the CI does here. `make help` lists it.

# An empty value is as good as none: without bytecode every process would compile all tests anew.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
JOBS   ?= 2
ROWS   ?= 100000
SEQUENCES ?= 50000
STEPS ?= 50000
EXAMPLES ?= 100
FAULTS ?= 10000
LOAD_JOBS ?= 100
LOAD_ROWS ?= 10000
MUTATIONS ?= 20000
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCAL  := $(BIN)/python -m local

# The package `contacts` lives in its layer and is not installed: these programs find it there.
lint openapi bench bench-peers soak-schema soak-surface soak-crashes soak-faults soak-load soak-input: export PYTHONPATH := layers/contacts/python:cli:.

.DEFAULT_GOAL := help
.PHONY: help demo up down status clean invoke install test check lint types template e2e openapi bench bench-peers soak soak-crashes soak-faults soak-surface soak-guards soak-schema soak-load soak-input soak-data freeze

help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ------------------------------------------------------------------------------------------------------- local stack

demo: $(VENV)/.local ## Import a sample of 10,000 rows on a local stack, start to end
	@$(LOCAL) demo

up: $(VENV)/.local ## Start the local stack in the background (PORT=4566)
	@$(LOCAL) up

down: $(VENV)/.local ## Stop it, and the demo's; what they hold survives
	@$(LOCAL) down

status: $(VENV)/.local ## Say where it is
	@$(LOCAL) status

clean: $(VENV)/.local ## Stop both and forget all they held
	@$(LOCAL) clean

invoke: $(VENV)/.local ## Run one function on it (FN=clean_up_exports EVENT=events/clean_up_exports_dry_run.json)
	@test -n "$(FN)" && test -n "$(EVENT)" || { echo "make invoke needs FN= and EVENT=, e.g. FN=jobs_api EVENT=events/jobs_api.json" >&2; exit 2; }
	@$(LOCAL) invoke "$(FN)" "$(EVENT)"

# ------------------------------------------------------------------------------------------------------------- checks

test: lint types template ## Lint, types, template and every test
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

check: lint types template ## The same without end-to-end tests
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal -m "not e2e"

lint: $(VENV)/.dev ## Style (ruff) and the direction of imports (import-linter)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev ## Types (mypy, strict)
	$(BIN)/mypy

template: $(VENV)/.dev ## The SAM template (cfn-lint)
	$(BIN)/cfn-lint template.yaml

e2e: $(VENV)/.dev ## The end-to-end tests alone
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal -m e2e

bench: $(VENV)/.dev $(VENV)/.sam ## Every figure in one table, and .bench/latest.json (ONLY="growth import_cost", QUICK=1)
	$(BIN)/python -m tests.benchmarks.all_figures $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

bench-peers: $(VENV)/.peers ## The same file through django-import-export, beside ours (ROWS=100000)
	$(BIN)/python -m tests.benchmarks.peers --rows $(ROWS)

soak: soak-crashes soak-faults soak-surface soak-guards soak-schema soak-load soak-input soak-data ## All longer proofs, one after the other (about an hour)

soak-crashes: $(VENV)/.dev ## Kill every handler before and after each call that it makes
	$(BIN)/python -m tests.soak.crash_points

soak-faults: $(VENV)/.dev ## Tenants at work behind a proxy that fires faults, then a checker of all that is stored (FAULTS=10000)
	$(BIN)/python -m tests.soak.wire_faults --faults $(FAULTS)

soak-surface: $(VENV)/.dev ## All that can be asked for, by chance, against a model (STEPS=50000)
	$(BIN)/python -m tests.soak.whole_surface --steps $(STEPS)

soak-guards: $(VENV)/.dev ## Take the guards of the invariants out, one at a time, and see that tests fail
	$(BIN)/python -m tests.soak.guards --jobs $(JOBS)

soak-schema: $(VENV)/.soak ## Schemathesis against the running stack (EXAMPLES=100 random requests an operation)
	$(BIN)/python -m tests.soak.schemathesis_run --examples $(EXAMPLES)

soak-load: $(VENV)/.dev ## 100 imports of 20 tenants at once on a local stack (LOAD_JOBS=100 LOAD_ROWS=10000)
	$(BIN)/python -m tests.soak.load --jobs $(LOAD_JOBS) --rows $(LOAD_ROWS)

soak-input: $(VENV)/.dev ## Damaged files through staging (MUTATIONS=20000)
	$(BIN)/python -m tests.soak.input_mutations --mutations $(MUTATIONS)

soak-data: $(VENV)/.dev ## Personal data in all that a stack says; scans among writers; sequences of rollbacks (SEQUENCES=50000)
	SOAK=1 $(BIN)/pytest -q tests/e2e/test_personal_data.py tests/e2e/test_import.py tests/e2e/test_third_party_files.py tests/contract/test_contact_scan_races.py
	ROLLBACK_SEQUENCES=$(SEQUENCES) $(BIN)/pytest -q --timeout=0 tests/unit/usecases/test_rollback_model.py

openapi: $(VENV)/.dev ## Write functions/docs/openapi.json anew from the routes
	$(BIN)/python -m local.openapi

# ------------------------------------------------------------------------------------------------------- installation

install: $(VENV)/.dev ## Everything for development into .venv

# The stamps make the second run of anything quick. What `test` needs includes what `up` needs.
$(VENV)/.local: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) install -c constraints.txt -e '.[local]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.local

$(VENV)/.soak: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) install -c constraints.txt -e '.[soak]'
	@touch $@ $(VENV)/.dev $(VENV)/.local

# aws-sam-cli can't share our environment; without it, or without the functions' Python, layers are not measured.
$(VENV)/.sam: | $(BIN)/python
	@unset PYTHONPATH; $(BIN)/python -m venv $(VENV)/sam && $(VENV)/sam/bin/pip install --disable-pip-version-check --quiet aws-sam-cli || echo "No aws-sam-cli: the sizes of layers will be left out."
	@touch $@

$(VENV)/.peers: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) install -c constraints.txt -e '.[peers]'
	@touch $@ $(VENV)/.dev $(VENV)/.local

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'); name another with PYTHON=." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

freeze: $(VENV)/.dev ## Write the installed versions to constraints.txt
	@{ echo "# The versions that 'make test' passed with; 'make freeze' writes this file."; \
	  $(BIN)/python -m pip --disable-pip-version-check freeze --exclude-editable --exclude bulk-contacts; } > constraints.txt.new
	@mv constraints.txt.new constraints.txt
	@touch $(VENV)/.dev $(VENV)/.local
