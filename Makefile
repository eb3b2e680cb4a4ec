# The commands of this repository. Everything they make lives in .venv/ and .local/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests wait more than they reckon: two for each core.
WORKERS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))
# Images of containers often set it. The tests start hundreds of processes, each of which would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: campaigns-see help demo test check check-scripts programs unit long-tests postgres-versions python-versions soak-tests chaos-tokens chaos-deliveries chaos-submissions chaos-moves chaos-bookings chaos-events mutants hammer scale load bad-night disaster bench bench-picture doctor docs conformance register vendor-news package package-source deploy-local cfn-lint client release new-widget widget-pages widget pictures migrate key clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

STORIES := -n $(WORKERS) --dist loadgroup -m "not long"

SITE := .local/site/index.html
# Not in the recipe itself, which would then start the demo under `make -n`, too.
SITE_OPTION = $(shell $(MAKE) -q --no-print-directory $(SITE) >/dev/null 2>&1 || echo --build-site)

# Pages of widgets that are written in React.
BUNDLES := $(patsubst widgets/%/src/page.tsx,widgets/%/page/page.js,$(wildcard widgets/*/src/page.tsx))

demo: $(READY) $(BUNDLES) ## everything on this machine: PostgreSQL, simulated amoCRM, functions, panel
	@exec $(BIN)/python -m cli demo $(SITE_OPTION)

# Side by side: types are one core's work. What a red check has to say stands whole, below what the stories said.
test: programs ## format, lint, types, and the quick stories of each subject
	@mkdir -p .local; \
	$(MAKE) --no-print-directory check >.local/check.log 2>&1 & checking=$$!; \
	trap "kill $$checking" INT TERM; \
	$(MAKE) --no-print-directory unit; stories=$$?; \
	wait $$checking; checked=$$?; \
	[ $$checked -eq 0 ] || { echo "make check:"; cat .local/check.log; } >&2; \
	[ $$stories -eq 0 ] && [ $$checked -eq 0 ]

check: check-scripts $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

# The pages' JavaScript: types by JSDoc, and lint.
check-scripts:
	@if command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory node_modules && node_modules/.bin/tsc -p . && node_modules/.bin/oxlint --quiet web clients widgets examples; \
	elif [ -n "$$CI" ]; then echo "Without Node.js CI would not check the pages' JavaScript." >&2; exit 1; \
	else echo "Without Node.js the pages' JavaScript is not checked." >&2; fi

# What stories need beside Python, as far as it can be had here.
programs:
	@$(MAKE) --no-print-directory -j 2 $(READY) $(if $(shell command -v npm 2>/dev/null),node_modules)
	@tests/install-programs

# In a new clone everything is compiled once, instead of by each worker at the same time.
unit: programs
	@[ -d tests/__pycache__ ] || $(BIN)/python -m pytest --collect-only -q >/dev/null || true
	@$(BIN)/python -m pytest $(STORIES)

long-tests: programs ## what takes longer: short campaigns of chaos, load and contract; packages, releases and the tutorial, made anew; more pages, languages and random inputs
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "long or hypothesis" --hypothesis-profile thorough

postgres-versions: $(READY) ## the database's stories on PostgreSQL 14 to 18, and through pgbouncer; VERSIONS="14 pgbouncer" chooses
	@tests/install-programs
	@tests/postgres/run $(VERSIONS)

python-versions: $(READY) ## the tests on Python 3.13, in a Debian 13 beside this system (needs root on Debian or Ubuntu)
	@tests/python/run $(STORIES)

soak-tests: $(READY) ## the tests of `make test` ten times in a row: cold, with busy cores, quiet; red when any run was
	@$(BIN)/python -m tests.soak -- $(STORIES)

chaos-tokens: $(READY) ## kills refreshing processes 500 times, with the token journal on, and checks that no account was lost by us
	@$(BIN)/python -m tests.chaos.tokens --kills 500

chaos-deliveries: $(READY) ## kills processes that save calculations 500 times, and checks that each is in its deal once
	@$(BIN)/python -m tests.chaos.deliveries --kills 500

chaos-events: $(READY) ## people make 5,000 changes of all kinds that amoCRM tells of while processes are killed 400 times, and checks what a consumer was told
	@$(BIN)/python -m tests.chaos.events --kills 400

chaos-submissions: $(READY) ## 200 forms of 20 people from 8 processes that are killed, with faults on, and checks that each is there once, with its own contact and note
	@$(BIN)/python -m tests.chaos.submissions

chaos-moves: $(READY) ## 1,000 writes during ten moves of accounts between two cells, and checks that none was lost or doubled
	@$(BIN)/python -m tests.chaos.moves

chaos-bookings: $(READY) ## 50 people ask 2,000 times for 300 times of doctors while processes are killed; each time is somebody's at most once
	@$(BIN)/python -m tests.chaos.bookings

campaigns-see: $(READY) ## plants a defect for each invariant, and checks that its campaign is red and says why; CAMPAIGN=moves plays those of one, INTO=file keeps the rows and goes on where it was
	@$(BIN)/python -m tests.chaos.planted $(if $(CAMPAIGN),--campaign $(CAMPAIGN)) $(if $(INTO),--into $(INTO))

mutants: $(READY) ## plants small mistakes into the core, one at a time, and shows each to the tests that run its line; SAMPLE=60 or all, SEED=2026-11-29, ONLY="rate hours", MAP=new
	@$(BIN)/python -m tests.mutants --sample $(or $(SAMPLE),60) $(if $(SEED),--seed "$(SEED)") --only "$(ONLY)" --map "$(MAP)"

hammer: $(READY) ## instances with threads call one account for three minutes, at 20, 100 and 400 ms; prints how many calls arrived in any second
	@$(BIN)/python -m tests.chaos.hammer

conformance: $(READY) node_modules ## other people's amoCRM clients against the simulator; DESCRIPTION=file.yaml holds all traffic to it
	@$(BIN)/python -m cli conformance $(if $(DESCRIPTION),--description $(DESCRIPTION)) $(if $(RECORD),--record $(RECORD))

scale: $(READY) ## fills a database with ACCOUNTS=1000 and runs every query; red when one is slow or reads a whole table
	@$(BIN)/python -m benchmarks.scale --accounts $(or $(ACCOUNTS),1000)

load: $(READY) ## a whole installation behind pgbouncer under people's load for ten minutes, beside handlers that do nothing
	@tests/install-programs
	@$(BIN)/python -m benchmarks.load.run

bad-night: $(READY) ## the same while everything breaks, one after the other; draws docs/pictures/bad-night.svg
	@tests/install-programs
	@$(BIN)/python -m benchmarks.load.night --picture docs/pictures/bad-night.svg

disaster: $(READY) ## a lost database under load, its backup and the token journal: who is connected, what was lost, how long it took; draws docs/pictures/disaster.svg
	@tests/install-programs
	@$(BIN)/python -m benchmarks.load.disaster --picture docs/pictures/disaster.svg

bench: $(READY) ## measures; prints JSON
	@$(BIN)/python -m benchmarks.start
	@$(BIN)/python -m benchmarks.read
	@$(BIN)/python -m benchmarks.refresh
	@$(BIN)/python -m benchmarks.save
	@$(BIN)/python -m benchmarks.first_save
	@$(BIN)/python -m benchmarks.ingress
	@$(BIN)/python -m benchmarks.bookings
	@$(BIN)/python -m benchmarks.panel
	@$(BIN)/python -m benchmarks.pages
	@$(BIN)/python -m benchmarks.tasks

bench-picture: $(READY) ## measures starts, a read and a save, and draws them into docs/pictures/benchmarks.svg
	@$(BIN)/python -m benchmarks.picture

register: $(READY) ## gathers what is known of amoCRM from the marks in the code, into docs/vendor.md
	@$(BIN)/python -m cli register

vendor-news: $(READY) ## FILE=git-log: what the vendor's own client has learned since docs/vendor.md says its history was read
	@$(BIN)/python -m cli vendor-news $(FILE)

docs: $(READY) ## the documentation site, in .local/site; red on a dead link (with Node.js its diagrams are drawn)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules; fi
	@$(BIN)/python -m cli docs

$(SITE): mkdocs.yml openapi.yaml cli/site.py cli/reference.py $(wildcard docs/*.md docs/*/*.md clients/js/*.md) CHANGELOG.md CONTRIBUTING.md | $(READY)
	@echo "Building the documentation ..."
	@$(BIN)/python -m cli docs >/dev/null

doctor: $(READY) ## checks configuration, database and connections, and says what to do
	@$(BIN)/python -m cli doctor

package: $(READY) $(BUNDLES) ## one zip for each function, for x86-64 and arm64, in dist/
	@$(BIN)/python -m cli package

package-source: $(READY) $(BUNDLES) ## sources with locked requirements, for Google and Yandex, in dist/source/
	@$(BIN)/python -m cli package --target source

deploy-local: $(READY) node_modules ## deploys the packages to a local cloud, and runs the stories over what was deployed
	@$(BIN)/python -m pytest tests/deployed/stories.py

cfn-lint: $(READY) node_modules ## checks what serverless.yml becomes
	@mkdir -p .local/cloudformation-artifacts && echo '{"runtime": "python3.13", "snapStart": true}' > .local/cloudformation-artifacts/runtime.json && touch $(foreach one,amocrm_events oauth_callback crm_api refresh_tokens render_quotation run_deliveries,.local/cloudformation-artifacts/$(one).zip)
	@AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none npx --no-install osls package --package .local/cloudformation --param artifacts=.local/cloudformation-artifacts
	@$(BIN)/cfn-lint -t .local/cloudformation/cloudformation-template-update-stack.json

new-widget: $(READY) ## makes widgets/NAME: make new-widget NAME=fence PAGE=calculator, own or react, TITLE="Fences"
	@$(BIN)/python -m cli new-widget "$(NAME)" --page $(or $(PAGE),calculator) --title "$(TITLE)"

widget-pages: $(BUNDLES) ## bundles the pages of widgets that are written in React (needs Node.js)

widgets/%/page/page.js: widgets/%/src/page.tsx $(wildcard widgets/*/src/*) $(wildcard clients/js/*.js) | node_modules
	@npx --no-install esbuild $< --bundle --minify --format=esm --target=es2021 --jsx=automatic --define:process.env.NODE_ENV='"production"' --outfile=$@ --log-level=warning

widget: $(READY) ## builds the widget archive: make widget TYPE=glass API=https://…/crm_api PLATFORM=amocrm; an update needs another VERSION=1.0.1
	@$(BIN)/python -m cli widget --type $(or $(TYPE),glass) --platform $(or $(PLATFORM),amocrm) --api $(or $(API),http://localhost:8901) $(if $(VERSION),--version $(VERSION))

pictures: $(READY) ## the documents' pictures of the pages and the moving one, in both languages; ONLY="events card" some
	@$(BIN)/python -m tests.pictures --only "$(ONLY)"

migrate: $(READY) ## applies the missing migrations to DATABASE_URL
	@$(BIN)/python -m cli migrate

key: $(READY) ## prints a new encryption key
	@$(BIN)/python -m cli generate-key

clean: ## removes the environment and the demo's data
	rm -rf $(VENV) .local

release: $(READY) node_modules ## everything that this version ships, with its contents, licences and checksums, in dist/VERSION/
	@$(BIN)/python -m cli release

client: $(READY) node_modules ## the JavaScript client's types, and its classic script in clients/js/dist
	@$(BIN)/python -m cli client

node_modules: package-lock.json
	@command -v npm >/dev/null || { echo "Node.js with npm is needed for osls." >&2; exit 1; }
	@npm ci --silent --no-progress
	@touch $@

$(READY): requirements/dev.txt requirements/uv.txt requirements/install
	@PYTHON="$(PYTHON)" requirements/install $(VENV)
	@touch $@
