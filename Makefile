# Two commands do everything on a fresh Debian or Ubuntu machine: `make run` and `make test`.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup run accounts extracts doctor audit-verify test check lint types imports templates unit browser bench security catalogue docs translations lighthouse assets clean

help: ## List all targets, one line each
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name words; do printf '  make %-14s %s\n' "$$name" "$$words"; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed. Install it: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing. Install it: sudo apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	@echo "Installing what is locked (the first time takes a minute or so) ..."
	@tools/install $(BIN) $(UV_VERSION) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what is locked, with the tools for tests ..."
	@tools/install $(BIN) $(UV_VERSION) requirements-dev.lock
	@touch $@ $(VENV)/.runtime

setup: $(VENV)/.dev ## Build .venv with everything, tests' tools included

run: $(VENV)/.runtime ## Start the demonstration on http://localhost:8000 (PORT= and DATABASE_URL= are honoured)
	@exec $(BIN)/python -m demo.run

accounts: $(VENV)/.runtime ## Every account of the demonstration, as JSON lines
	@DEMONSTRATION=1 $(BIN)/flask demo accounts

extracts: $(VENV)/.runtime ## Write two sample lists of 500 rows for the analyst (police, education) under var/extracts
	@umask 077 && $(BIN)/python -m demo.extracts var/extracts

doctor: $(VENV)/.runtime ## What is wrong with the demonstration under var/, in plain words
	@DEMONSTRATION=1 $(BIN)/flask doctor

audit-verify: $(VENV)/.runtime ## Check the demonstration's audit trail
	@DEMONSTRATION=1 $(BIN)/flask audit verify

test: setup ## Everything: linters, types, import rules, tests on both databases, browser journeys
	@tools/test

check: setup lint types imports templates unit ## Everything but the browser

lint: setup ## Style and common mistakes
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup ## Static types, strict
	@$(BIN)/mypy

imports: setup ## One-way imports between packages
	@$(BIN)/lint-imports

templates: setup ## Template lint
	@$(BIN)/djlint templates --lint --quiet

unit: setup ## Tests without the browser, on SQLite and PostgreSQL
	@$(BIN)/pytest -n 2 -m "not browser"

browser: setup ## Journeys and accessibility in Chromium
	@$(BIN)/pytest -m browser

bench: setup ## Measure the real server against a floor, printed as a table (long)
	@$(BIN)/python -m bench

security: setup ## Attack a running instance: bandit, known flaws of libraries, wapiti, sqlmap (long; needs the package index)
	@test -x .venv-security/bin/wapiti || { $(PYTHON) -m venv .venv-security && .venv-security/bin/pip install -q -r tools/security.txt; }
	@$(BIN)/python -m tools.security

catalogue: setup ## The security catalogue: every id with passed, partly, failed or missing
	@$(BIN)/python -m tests.support.catalogue

docs: setup ## Write the data dictionary and the table of roles anew from the code
	@$(BIN)/python -m tools.data_dictionary

translations: setup ## Collect every text, bring the Welsh catalogue up to date and compile it
	@$(BIN)/python -m tools.translations

lighthouse: setup ## Measure a referrer's pages with Lighthouse, write docs/lighthouse.md (long; maintainers; needs Node and Chromium)
	@cd tools/lighthouse && npm ci --ignore-scripts --no-audit --no-fund
	@$(BIN)/python -m tools.lighthouse

assets: ## Compile styles and script from pinned packages (maintainers; needs Node)
	@cd tools/assets && npm ci --ignore-scripts && node build.mjs

clean: ## Remove the demonstration (var/) and caches; keeps .venv
	@rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
