# Zone Atlas: `make run` serves the map, `make test` checks everything. Both set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check --quiet

RUN_READY  := $(VENV)/.run-ready
TEST_READY := $(VENV)/.test-ready
BENCH_READY := $(VENV)/.bench-ready
FUZZ_READY := $(VENV)/.fuzz-ready
FUZZ_SECONDS ?= 600
WEB_READY  := web/node_modules/.ready

.PHONY: setup run demo test lint bench fuzz browser postgis clean

setup: $(RUN_READY) $(WEB_READY)

$(RUN_READY): requirements.txt constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements.txt -c constraints.txt
	@touch $@

# Node comes with a Python package, so that a machine without Node can fetch the front-end files.
$(WEB_READY): web/package.json web/package-lock.json $(RUN_READY)
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(TEST_READY): requirements-test.txt constraints.txt $(RUN_READY)
	$(PIP) install -r requirements-test.txt -c constraints.txt
	@touch $@

run: setup
	@exec $(BIN)/python app.py

# The made-up province; see data/synthetic.
demo: setup
	@$(BIN)/python -m data.synthetic var/demo
	@ZONE_ATLAS_WORKSPACE=var/demo exec $(BIN)/python app.py

browser:
	@command -v chromium >/dev/null || { \
	  SUDO=$$( [ "$$(id -u)" = 0 ] || echo sudo ); \
	  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium; }

lint: $(TEST_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup $(TEST_READY) browser lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

$(BENCH_READY): requirements-bench.txt constraints.txt $(TEST_READY)
	$(PIP) install -r requirements-bench.txt -c constraints.txt
	@touch $@

postgis:
	@test -x /usr/lib/postgresql/15/bin/initdb || { \
	  SUDO=$$( [ "$$(id -u)" = 0 ] || echo sudo ); $$SUDO apt-get update -qq && \
	  $$SUDO apt-get install -y -qq postgresql postgresql-15-postgis-3; }

bench: setup $(BENCH_READY) browser postgis
	$(BIN)/python -m benchmarks

$(FUZZ_READY): requirements-fuzz.txt constraints.txt $(TEST_READY)
	$(PIP) install -r requirements-fuzz.txt -c constraints.txt
	@touch $@

# Each reader for FUZZ_SECONDS; what breaks one is kept in var/fuzz.
fuzz: setup $(FUZZ_READY)
	$(BIN)/python -m tests.fuzzing --seconds $(FUZZ_SECONDS)

clean:
	rm -rf $(VENV) web/node_modules .pytest_cache .mypy_cache .ruff_cache
