# Everything that people and CI run. `make` alone says what there is.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The first Python that is new enough; `make PYTHON=… install` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
# More for pytest, e.g. `make test ARGS='-k cancel'`.
ARGS ?=
# Most tests wait for a router to reboot: more of them at once than there are cores.
WORKERS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 2))))

.DEFAULT_GOAL := help
.PHONY: help install demo test test-postgres check format wheel bench bench-quick run \
	crash-matrix chaos cluster cluster-chaos soak \
	test-tools lock audit-dependencies \
	pages messages demo-picture console-pictures clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

install: $(INSTALLED) ## Set up .venv with hashed requirements; nothing else is touched

$(INSTALLED): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements.txt
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Some systems ship Python without ensurepip: then their own pip fills the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Flashlog needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $@ install --quiet pip; }

demo: install ## Upgrade four rehearsal routers and watch: success, abort, cancel, failure
	@$(BIN)/flashlog demo

run: install ## Start web, runner and projector; Ctrl-C stops all of them
	@$(BIN)/flashlog serve

test: install ## Run all tests in parallel (make test-tools first for the real routers)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

test-postgres: install ## Run all tests with every installation in PostgreSQL
	@FLASHLOG_TEST_DATABASE=postgres $(MAKE) test

check: install ## Lint, format, types and layers: everything CI checks before the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit-dependencies: install ## Judge licences of all that is locked, advisories where one can ask
	@$(BIN)/python -m tests.house.dependencies $(ARGS)

format: install ## Put all code into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: install ## Build dist/flashlog-*.whl, for pipx
	@rm -rf build dist
	@$(BIN)/python -m build --wheel --no-isolation . >/dev/null
	@ls dist/*.whl

bench: install ## Measure uploads, a batch, a fleet and a log of a million; writes bench.json
	@$(BIN)/python -m tests.benchmarks

bench-quick: install ## Run a little of each measurement in two minutes: all of it works
	@$(BIN)/python -m tests.benchmarks --quick

crash-matrix: install ## Kill the runner at every moment; the table goes to docs/reliability.md
	@$(BIN)/python -m tests.crash.matrix

# The seed of a round is printed; `make chaos SEED=17 ROUNDS=1` is that round again.
MINUTES ?= 40
SEED ?=
ROUNDS ?=
# `make chaos DATABASE=postgres`, and soak as well, with a server of their own.
DATABASE ?= sqlite
ON_POSTGRES = $(if $(filter postgres,$(DATABASE)),--postgres)

chaos: install ## Kill, freeze and cancel at random for 40 minutes; kept in docs/reliability.md
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(ON_POSTGRES) \
		$(if $(SEED),--seed $(SEED),--keep) $(if $(ROUNDS),--rounds $(ROUNDS))

ROUTERS ?= 0
PORT ?= 8001

cluster: install ## Start PostgreSQL, 2 web servers, 3 runners; ROUTERS=100 brings routers
	@$(BIN)/python -m tests.cluster --port $(PORT) --routers $(ROUTERS)

cluster-chaos: install ## Kill a cluster that upgrades 1,000 routers, ten times; kept as chaos is
	@$(BIN)/python -m tests.cluster.chaos \
		$(if $(SEED),--seed $(SEED),--keep) $(if $(ROUNDS),--rounds $(ROUNDS))

soak: install ## Live a day in ten minutes and see what grows; kept in docs/reliability.md
	@$(BIN)/python -m tests.soak --keep $(ON_POSTGRES)

# busybox, not busybox-static: the static build finds its own applets past PATH.
TEST_TOOLS := dropbear-bin busybox openssh-server chromium fonts-dejavu-core postgresql

test-tools: ## Install by apt what tests on real routers and in a real browser need
	@set -e; \
	as_root=; test "$$(id -u)" = 0 || as_root=sudo; \
	if dpkg -s $(TEST_TOOLS) >/dev/null 2>&1; then echo "test tools: there"; exit 0; fi; \
	command -v apt-get >/dev/null || { \
		echo "make test-tools needs apt; install by hand: $(TEST_TOOLS)" >&2; exit 1; }; \
	install="$$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends $(TEST_TOOLS)"; \
	$$install >/dev/null 2>&1 || { $$as_root apt-get update -qq; $$install; }

lock: install ## Choose the newest allowed packages again and write their hashes
	@$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--strip-extras --extra dev --extra postgres --extra s3 --extra simulate \
		--output-file requirements.txt pyproject.toml
	@! grep -nE '://|^-' requirements.txt

pages: install ## Write the pages and tables of docs/ that are made from the code
	@$(BIN)/python -m tests.house.pages

messages: install ## Collect the words of the console for translators: web/translations/*.pot
	@mkdir -p web/translations
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --keyword marked --no-wrap \
		--omit-header --no-location --sort-output \
		--output web/translations/flashlog.pot web

demo-picture: install ## Draw docs/demo.svg from a real run of the demo
	@$(BIN)/flashlog demo --picture docs/demo.svg

console-pictures: install ## Draw docs/console-*.png from a real run in a browser
	@$(BIN)/python -m tests.console.pictures

clean: ## Remove what make has made
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis bench.json
