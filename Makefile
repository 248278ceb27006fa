# Every task of the project; larger logic lives in tools/. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup scan serve up down test e2e e2e-cluster check fmt docs lock online accuracy bench
PYTHON ?= python3
RUN := .venv/bin/python

help:  ## list the targets
	@awk -F ':.*## *' '/^[a-z0-9-]+:.*##/ {printf "%-12s %s\n", $$1, $$2}' Makefile

setup:  ## make .venv with everything that developing needs
	@$(PYTHON) tools/bootstrap.py dev

scan:  ## scan a package: make scan TARGET=pkg:npm/is-odd@3.0.1
	@$(PYTHON) tools/bootstrap.py base
	@.venv/bin/packamal scan $(SCAN_OPTIONS) -- '$(TARGET)'

serve:  ## the service on this machine: pages and API, one program
	@$(PYTHON) tools/bootstrap.py server
	@.venv/bin/packamal serve $(SERVE_OPTIONS)

up:  ## the full set here, without containers: PostgreSQL, Redis, web, workers, beat, Flower, nginx
	@$(PYTHON) tools/bootstrap.py server
	@$(RUN) tools/full_set.py up

down:  ## end what `make up` started
	@$(RUN) tools/full_set.py down

test: setup  ## format, lint, types, layers, documents, tests
	@$(RUN) tools/services.py install
	@$(RUN) tools/check.py --tests $(TEST_OPTIONS)

check: setup  ## the same without the tests
	@$(RUN) tools/check.py

fmt: setup  ## format the code and repair what ruff can repair
	@$(RUN) -m ruff format --quiet .
	@$(RUN) -m ruff check --fix --quiet .

docs: setup  ## write the generated documents anew
	@$(RUN) tools/generate_docs.py

lock: setup  ## pin the dependencies anew (UPGRADE=1: newest versions)
	@$(RUN) tools/lock.py $(if $(UPGRADE),--upgrade)

e2e: setup  ## the long tests: the full set under load while its parts are killed
	@$(RUN) tools/services.py install
	@PACKAMAL_TEST_DATABASE=postgresql $(RUN) -m pytest -m e2e tests/server $(TEST_OPTIONS)
	@PACKAMAL_TEST_DATABASE=postgresql PACKAMAL_CONTRACT_EXAMPLES=100 $(RUN) -m pytest tests/server/api/test_contract.py

e2e-cluster: setup  ## the chart on the cluster of KUBECONFIG: images, install, real analyses, isolation (E2E_OPTIONS)
	@$(RUN) tools/e2e_cluster.py $(E2E_OPTIONS)

online: setup  ## the tests that ask the real indexes
	@$(RUN) -m pytest -m online --force-enable-socket

accuracy: setup  ## recall and false flags: make accuracy CORPUS=DIR BENIGN=DIR
	@$(RUN) evals/accuracy.py --corpus $(CORPUS) --benign $(BENIGN)

bench: setup  ## CPU against the floor and against peers: make bench BENIGN=DIR
	@$(RUN) evals/speed.py --benign $(BENIGN)
