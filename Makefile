# Everything a newcomer or CI needs: each target makes .venv, installs pinned versions, and runs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what it imports; pip would compile all 23,000 files of the libraries (sympy alone: 14.8 s of a
# core instead of 2.0 s).
INSTALL := $(BIN)/pip install --quiet --no-compile --constraint constraints.txt
# Two threads that spin while they wait slow small models down several times over on a busy machine.
export OMP_WAIT_POLICY := passive
export HF_HUB_OFFLINE := 1
# What a process has compiled of Python the next ones read; tests start about a hundred.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo serve test check format miniature clean help

help:  ## what there is to make
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 14

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) --editable ".[dev]"
	@touch $(VENV)/installed $@

demo: $(VENV)/installed  ## real conversations with the embedded model, offline; pictures and a page in demo/
	$(BIN)/limner demo --out demo

$(VENV)/installed-serve: $(VENV)/installed
	$(INSTALL) --editable ".[serve]"
	@touch $@

serve: $(VENV)/installed-serve  ## the chat page on this machine: open the address it prints; conversations in limner-store/
	$(BIN)/limner serve --port $(or $(PORT),8484) --model $(or $(MODEL),miniature)

test: $(VENV)/installed-dev  ## every test, on the CPU, offline
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/installed-dev  ## lint, format, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev  ## let ruff format the tree
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

miniature: $(VENV)/installed-dev  ## train the embedded model from nothing (resumable; SCALE=sketch on a CPU)
	$(BIN)/limner train miniature --scale $(or $(SCALE),miniature) --out $(or $(OUT),runs/miniature) \
		--jobs $(or $(JOBS),$(if $(SCALE),1,4))

clean:  ## remove what was made (not runs/)
	rm -rf $(VENV) demo build src/*.egg-info
