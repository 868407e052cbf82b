# Everything a fresh clone needs: `make run` and `make test`. Wants python3 (3.11 or newer), make and git.
# Another interpreter: make PYTHON=python3.12 test        Arguments for run: make run ARGS="-j 4 --dry-run"

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LOCK   := requirements.lock
WILY   := core/adapters/wily/requirements.txt
CODE   := core plugins docs tests .ci
SUITES := $(wildcard tests/unit tests/contract tests/integration tests/e2e tests/security tests/faults)
ARGS   ?=
SCALE  ?= nightly
TESTS  ?= $(SUITES)
#: Tests at a time in the phase `beside`.
WORKERS ?= 3
#: Where random exploration begins; only `make faults` explores.
SEED   := $(or $(SEED),$(shell date +%s))
#: What pytest exits with when none of the tests is meant.
NOTHING := 5

# Runs targets in order, all of them whatever one finds; fails with the names of those that failed.
define phases
@failed=; for phase in $(1); do $(MAKE) --no-print-directory $$phase || failed="$$failed $$phase"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }
endef

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run plugins test lint beside alone unit docs wheel bench faults slow explore harm lock format clean

help:  ## Print this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: $(READY) plugins  ## Work off tasks.yml of this repository
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/orchestrator run $(ARGS)

plugins: $(READY)  ## Sign the bundled plugins with a key of this machine; let dependency_graph look at this repository
	@{ $(BIN)/orchestrator plugins sign --bundled && $(BIN)/orchestrator plugins trust dependency_graph --yes; } \
		>/dev/null 2>$(VENV)/grant.txt || \
		{ echo "note: circles are not looked for here" >&2; sed 's/^/  /' $(VENV)/grant.txt >&2; }

test: $(READY)  ## Run every check: all phases, whatever one of them finds; the closing line of pytest comes last
	$(call phases,lint beside alone)

beside: $(READY)  ## The tests that may run beside others, several at a time
	@$(BIN)/python -m pytest -m "not slow and not alone" -n $(WORKERS) -q $(TESTS) $(ARGS) || [ $$? = $(NOTHING) ]

alone: $(READY)  ## The tests that need the machine to themselves, one at a time
	@$(BIN)/python -m pytest -m "not slow and alone" $(TESTS) $(ARGS) || [ $$? = $(NOTHING) ]

lint: $(READY)  ## Format, rules, types, imports, generated docs, our own audit
	@$(BIN)/ruff format --check --quiet $(wildcard $(CODE)) || { echo "  hint: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet $(wildcard $(CODE))
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }
	@$(BIN)/python docs/generate.py --check
	@$(BIN)/orchestrator audit --quiet --no-history

unit: $(READY)  ## Only the tests that need no disk
	@$(BIN)/python -m pytest tests/unit $(ARGS)

docs: $(READY)  ## Write the pages that are made from the code
	@$(BIN)/python docs/generate.py

wheel: $(READY)  ## Build the wheel and the source archive into dist/
	@$(BIN)/python -m build --no-isolation

bench: $(READY)  ## Measure beside other tools; writes docs/benchmarks.md and its plots
	@$(BIN)/python -m tests.benchmarks.bench $(ARGS)

faults: export FAULT_SCALE := $(SCALE)
faults: export FAULT_SEED := $(SEED)
faults: $(READY)  ## The long tests: kill, starve and damage it, for hours (SCALE=500: at most so many of each; SEED=N repeats)
	@echo "seed $(SEED): make faults SEED=$(SEED) does the same again" >&2
	$(call phases,slow explore harm)

slow: $(READY)  ## Part of faults: what takes minutes
	@$(BIN)/python -m pytest -m slow $(filter-out tests/faults,$(TESTS)) $(ARGS) || [ $$? = $(NOTHING) ]

explore: $(READY)  ## Part of faults: the properties, with examples that nobody has seen
	@$(BIN)/python -m pytest -m "hypothesis and not slow" --hypothesis-seed=$(SEED) $(filter-out tests/faults,$(TESTS)) $(ARGS) || [ $$? = $(NOTHING) ]

harm: $(READY)  ## Part of faults: the laboratory
	@$(BIN)/python -m pytest -s $(filter tests/faults%,$(TESTS)) $(ARGS)

format: $(READY)  ## Format the code and mend what can be mended
	@$(BIN)/ruff format $(wildcard $(CODE))
	@$(BIN)/ruff check --fix $(wildcard $(CODE))

lock: | $(BIN)/python  ## Renew requirements.lock from pyproject.toml, and the pins of wily's environment
	@$(BIN)/python -m pip install --quiet --upgrade uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra dev pyproject.toml --output-file $(LOCK)
	@echo "wily==1.25.0" | $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --no-annotate - --output-file $(WILY)

clean:  ## Remove the environment and everything built
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) .ci/make_venv.py $(VENV)

$(READY): $(LOCK) pyproject.toml | $(BIN)/python
	@echo "Installing what $(LOCK) names into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement $(LOCK)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check >$(VENV)/check.txt || { cat $(VENV)/check.txt; echo "  hint: $(LOCK) does not fit pyproject.toml: make lock" >&2; exit 1; }
	@touch $@
