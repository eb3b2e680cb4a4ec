# The commands of this repository. Everything they make lives in .venv/ and .local/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test check unit chaos-tokens chaos-deliveries chaos-submissions hammer bench doctor widget pictures migrate key clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(READY) ## everything on this machine: PostgreSQL, simulated amoCRM, functions, panel
	@$(BIN)/python -m cli demo

test: check unit ## format, lint, types, and all tests

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

unit: $(READY)
	@tests/install-chromium
	@$(BIN)/python -m pytest

chaos-tokens: $(READY) ## kills refreshing processes 500 times, and checks that no account was lost by us
	@$(BIN)/python -m tests.chaos.tokens --kills 500

chaos-deliveries: $(READY) ## kills processes that save calculations 500 times, and checks that each is in its deal once
	@$(BIN)/python -m tests.chaos.deliveries --kills 500

chaos-submissions: $(READY) ## 200 forms of 20 people from 8 instances with faults on, and checks that each is there once
	@$(BIN)/python -m tests.chaos.submissions

hammer: $(READY) ## sixteen instances call one account for a minute; prints how many calls arrived in any second
	@$(BIN)/python -m tests.chaos.hammer

bench: $(READY) ## measures; prints JSON
	@$(BIN)/python -m benchmarks.refresh
	@$(BIN)/python -m benchmarks.save

doctor: $(READY) ## checks configuration, database and connections, and says what to do
	@$(BIN)/python -m cli doctor

widget: $(READY) ## builds the widget archive: make widget TYPE=glass API=https://…/crm_api
	@$(BIN)/python -m cli widget --type $(or $(TYPE),glass) --api $(or $(API),http://localhost:8901)

pictures: $(READY) ## screenshots of every page at three widths, for docs/pictures
	@$(BIN)/python -m tests.pictures

migrate: $(READY) ## applies the missing migrations to DATABASE_URL
	@$(BIN)/python -m cli migrate

key: $(READY) ## prints a new encryption key
	@$(BIN)/python -m cli generate-key

clean: ## removes the environment and the demo's data
	rm -rf $(VENV) .local

$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu, install python3-venv first." >&2; exit 1; }
	@echo "Installing what the project needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
