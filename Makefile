# `make run` starts Kith, `make test` checks everything. Both prepare what they need; see scripts/setup.
.DEFAULT_GOAL := help
.PHONY: help run test suites test-faults test-release check fmt migrate demo bench screenshots lighthouse docs clients credentials doctor clean
# Python that finds its packages in the environment of this folder and nowhere else.
export PYTHONNOUSERSITE := 1
PYTEST := .venv/bin/python -m pytest
# More workers than cores: a test waits for the database, and a browser or a web process for another.
SUITE := $(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder
SUITES := KITH_TEST_POSTGRES=system $(SUITE) --ignore tests/browser || failed=$$?; $(SUITE)
TELLING := -rP --show-capture=stdout

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## start everything on http://127.0.0.1:8000 (KITH_PORT, KITH_BIND)
	@scripts/setup run
	@exec .venv/bin/kith run

test: ## check the code, run every test on the embedded PostgreSQL, and all that use a server on the system's; no failure hides the rest
	@scripts/setup test
	@failed=0; scripts/check || failed=$$?; $(SUITES) && exit $$failed

suites: ## the tests alone
	@scripts/setup test
	@failed=0; $(SUITES) && exit $$failed

test-faults: ## kill, starve and flood whole installations; a few minutes, and root for the full disk
	@scripts/setup faults
	@failed=0; $(PYTEST) -m "faults and outage" -n 3 --dist loadfile $(TELLING) || failed=$$?; \
	$(PYTEST) -m "faults and timed" -s || failed=$$?; \
	$(PYTEST) -m "faults and not timed and not outage" -n 3 --dist worksteal $(TELLING) && exit $$failed

test-release: ## before a release: sqlmap on every list of a running installation; URL=… KEY=<API key>
	@tests/release/sqlmap "$(URL)" "$(KEY)"

check: ## format, lint, types, import contracts, templates, translations, migrations
	@scripts/setup test
	@scripts/check

fmt: ## put code and templates into shape
	@scripts/setup test
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format --quiet .
	@find kith -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --target-version 5.2

migrate: ## bring the database up to date
	@scripts/setup run
	@.venv/bin/kith migrate

demo: ## tell the main story on a running installation, step by step
	@scripts/setup run
	@.venv/bin/kith demo story

bench: ## measure; prints tables and ratios
	@scripts/setup test
	@.venv/bin/python -m bench

screenshots: ## fresh pictures of the running demonstration for README and docs/pictures
	@scripts/setup test
	@.venv/bin/python scripts/screenshots.py

lighthouse: ## what Lighthouse (needs Node) gives four pages of the running demonstration
	@scripts/setup test
	@.venv/bin/python scripts/lighthouse.py

docs: ## build the documentation into site/
	@scripts/setup docs
	@NO_MKDOCS_2_WARNING=1 .tools/docs/bin/mkdocs build --strict --quiet

clients: ## make the scripts for other websites small, from clients/web
	@scripts/setup test
	@.venv/bin/python clients/web/build.py

credentials: ## print the demo installation's sign-ins as JSON
	@scripts/setup run
	@.venv/bin/kith credentials

doctor: ## check an installation and say how to mend it
	@scripts/setup run
	@.venv/bin/kith doctor

clean: ## remove everything that was made here except var/, the data
	rm -rf .venv .tools .cache .mypy_cache .ruff_cache .hypothesis site dist test-results
	find kith tests -name __pycache__ -type d -prune -exec rm -rf {} +
