# opskit: everything a newcomer, a developer and CI type. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
# another ansible-core than the newest that is supported, in a venv of its own: make test-unit ANSIBLE=2.18
ANSIBLE ?=
VENV := $(if $(ANSIBLE),.state/ansible-$(ANSIBLE),.venv)
BIN := $(VENV)/bin
OPSKIT := $(BIN)/opskit
INVENTORY ?= inventories/lab
LAB ?= demo
# the demo's keys and overlay stay in the checkout, so that the commands it prints are short
export OPSKIT_STATE ?= $(CURDIR)/.state
OVERLAY = $(patsubst $(CURDIR)/%,%,$(OPSKIT_STATE))/labs/$(LAB)/inventory.yml

.PHONY: help install runtime promtool demo demo-down incident test test-unit test-ansible-2.18 test-lab test-long molecule molecule-all role mutate lint format schemas specs java keys locks bench-compliance clean

help: ## list the targets
	@grep -E '^[a-z0-9.-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9.-]+):.*## (.*)/  \1\t\2/' | expand -t 20

install: $(BIN)/opskit ## make .venv with opskit in it; needs no root and no container

$(BIN)/opskit: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "opskit needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/setup.sh venv
	@echo "Installing opskit into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]' $(ANSIBLE:%='ansible-core==%.*')
	@touch $(BIN)/opskit

runtime: install
	@scripts/setup.sh lab java

promtool: install # proves the alert rules
	@scripts/setup.sh promtool

demo: runtime ## build the lab, deploy a real cluster to it, hang a nameserver and a broker, show the verdict
	@$(OPSKIT) -i $(INVENTORY) lab up --name $(LAB)
	@$(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) deploy
	@$(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) status
	@$(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) verify failover --window 10 --stable 5
	@printf '\nThe lab is still up. Three commands to try next:\n'
	@printf '%s\n' '  # is it as safe as on its first day? in seconds, changing nothing' \
	  "  $(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) compliance run" \
	  '  # what would another drill do? without --dry-run it does it' \
	  "  $(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) verify failover --scenario broker --fault blackhole --dry-run" \
	  '  # remove everything' \
	  '  make demo-down'

incident: LAB = incident
incident: INVENTORY = inventories/incident
incident: HOLD ?= 90
incident: runtime ## the post-mortem again: its layout, 4.8.0 clients as they come; HOLD=600 for all ten minutes
	@$(OPSKIT) -i $(INVENTORY) lab up --name $(LAB)
	@$(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) deploy
	@$(OPSKIT) -i $(INVENTORY) -i $(OVERLAY) verify failover --scenario host --window 30 --hold $(HOLD) && \
	  { echo 'The incident did not happen: a drill that should fail has passed.'; exit 1; } || test $$? -eq 1
	@printf '\nAs in the post-mortem: nobody left the hung nameserver. To remove the lab:\n  %s\n' \
	  'make demo-down LAB=$(LAB) INVENTORY=$(INVENTORY)'

demo-down: install ## remove the lab of the demo
	@$(OPSKIT) -i $(INVENTORY) lab down --name $(LAB)

test: lint test-unit java test-lab ## everything that CI runs, fast failures first

test-unit: install promtool ## pure tests; no container
	@$(BIN)/pytest -q -n 2 tests/unit

test-ansible-2.18: ## the pure tests once more, under the older ansible-core
	@$(MAKE) test-unit ANSIBLE=2.18

# what measures seconds runs alone; drills and rollouts, which want a calm machine, beside each other; then the rest
TIMED := tests/lab/test_deploy.py tests/lab/test_status_real.py
DRILLS := tests/lab/test_verify.py tests/lab/test_incident.py
ROLLOUTS := $(wildcard tests/lab/test_rollout_*.py)

test-lab: runtime ## real RocketMQ, real hosts
	@$(BIN)/pytest $(TIMED)
	@$(BIN)/pytest -n 2 --dist loadfile $(DRILLS) $(ROLLOUTS)
	@$(BIN)/pytest -n 2 --dist loadfile $(filter-out $(TIMED) $(DRILLS) $(ROLLOUTS),$(wildcard tests/lab/test_*.py))

test-long: runtime ## what takes longer than CI has time for; docs/long-tests.md holds what it showed
	@OPSKIT_TEST_LONG=1 $(BIN)/pytest -q tests/unit/test_jvm_fuzz.py
	@$(BIN)/pytest tests/lab/long_load.py tests/lab/long_modes.py tests/lab/long_fleet.py tests/lab/long_new_role.py
	@OPSKIT_TEST_LONG=1 $(BIN)/pytest -n 2 --dist loadfile $(DRILLS)
	@$(MAKE) molecule-all mutate

SCENARIO ?= default

molecule: runtime ## a scenario on real hosts, SCENARIO=default; OPSKIT_LAB_KEEP=1 keeps them
	@VENV=$(VENV) scripts/molecule.sh $(SCENARIO)

molecule-all: runtime ## every scenario, one after the other
	@VENV=$(VENV) scripts/molecule.sh $(notdir $(patsubst %/molecule.yml,%,$(wildcard molecule/*/molecule.yml)))

role: install ## make a role with its scenario: make role NAME=proxy
	@$(BIN)/python scripts/new-role.py "$(NAME)"

mutate: runtime ## break the roles in each known way, and see whether their scenarios notice; ONLY=name does one
	@$(BIN)/python -m mutate $(ONLY)

lint: install ## ruff, mypy, import-linter, yamllint, ansible-lint
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/yamllint --strict .
	@$(BIN)/ansible-lint --offline

format: install
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

schemas: install ## regenerate docs/schemas from the models
	@$(BIN)/python -m opskit.cli.schemas

specs: install ## regenerate the roles' argument_specs, defaults and READMEs, docs/variables.md and docs/controls.md
	@$(BIN)/python -m opskit.cli.roles
	@$(BIN)/python -m opskit.inventory.variables > docs/variables.md
	@$(BIN)/python -m opskit.cli.controls > docs/controls.md

keys: runtime ## regenerate the tables of settings from the releases' jars
	@$(BIN)/python java/keys/generate.py

java: runtime ## build and test the Java probe and agent
	@cd java/probe && mvn -q -B -Ptests verify
	@cd java/agent && mvn -q -B -Ptests verify

bench-compliance: install $(OPSKIT_STATE)/bench-venv/bin/pyinfra ## an audit of 50 to 1,000 SSH hosts beside its peers; needs root
	@$(BIN)/python -m bench --pyinfra $(OPSKIT_STATE)/bench-venv/bin/pyinfra --json $(OPSKIT_STATE)/bench-compliance.json

# a venv of its own: what it needs is nothing that opskit or its tests may lean on
$(OPSKIT_STATE)/bench-venv/bin/pyinfra: bench/requirements.txt
	@$(PYTHON) -m venv $(OPSKIT_STATE)/bench-venv
	@$(OPSKIT_STATE)/bench-venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

locks: runtime ## regenerate the locked coordinates and checksums of the jars
	@$(BIN)/python scripts/lock-artifacts.py

clean: ## remove what was built here; the lab is removed by demo-down
	rm -rf .venv .state/ansible-* java/*/target .pytest_cache .mypy_cache .ruff_cache
