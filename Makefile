# Two commands matter: `make video PROMPT="..."` and `make test`. Each creates .venv when it is missing and installs
# what it needs, at the versions in constraints.txt; nothing else has to be there but Python 3.11 to 3.13, make and a package index.
#
# On Linux the default index serves torch with CUDA, several GB. Without a GPU you may point pip at a CPU-only index:
#   make video PIP_ARGS="--extra-index-url URL-OF-A-CPU-INDEX" PROMPT="..."
# PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS and a pip.conf are honoured as usual.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
PYTHON ?=
PIP_ARGS ?=
OUT ?= video.mp4
ARGS ?=
TESTS ?=
MINUTES ?= 30
TIER ?= night
ROWS ?=
SEED ?=

# Taken literally (no second expansion) and handed over in the environment, so that quotes, $ and any script are safe.
override PROMPT := $(value PROMPT)
override OUT := $(value OUT)
export PROMPT OUT

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: video
video: require-prompt $(RUNTIME) ## make a video: PROMPT="a dog runs along the beach" [OUT=dog.mp4] [ARGS="--seconds 3 --seed 7"]
	@$(BIN)/misora generate --out "$$OUT" $(value ARGS) -- "$$PROMPT"

.PHONY: require-prompt
require-prompt:
	@if [ -z "$$PROMPT" ]; then \
	  echo 'PROMPT is empty; say what should be seen:' >&2; \
	  echo '  make video PROMPT="a dog runs along the beach" OUT=dog.mp4 ARGS="--seconds 3"' >&2; \
	  exit 2; \
	fi

.PHONY: test
test: $(DEV) ## run every test, or some: TESTS="tests/base -k canvas"
	$(BIN)/python -m pytest $(value TESTS)

.PHONY: check
check: $(DEV) ## lint, format, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: $(DEV) ## rewrite the code in the house format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: coverage
coverage: $(DEV) ## run the tests and list the lines they miss
	$(BIN)/coverage run -m pytest $(value TESTS)
	$(BIN)/coverage report

.PHONY: soak
soak: $(DEV) ## storms, kills, power cuts and races at length, with a report: MINUTES=30 TIER=night [ROWS="1 7"] [SEED=3]
	PYTHONPATH=tests $(BIN)/python -m soak --minutes $(MINUTES) --tier $(TIER) --rows "$(ROWS)" $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: $(DEV) ## run every measurement in benchmarks/
	@for file in benchmarks/*.py; do \
	  if [ -f "$$file" ]; then echo "== $$file"; $(BIN)/python "$$file" || exit 1; else echo "benchmarks/ holds no script"; fi; \
	done

.PHONY: weights
weights: ## print the commands that train the shipped weights, in order
	@echo 'Training takes long, so this prints the steps and runs none of them. After `make venv`:'
	@echo '  $(BIN)/misora world build          # fetch the characters once, build the sprite atlas in data/stage'
	@echo '  $(BIN)/misora train autoencoder    # pixels <-> latents'
	@echo '  $(BIN)/misora train latents        # render clips and cache their latents'
	@echo '  $(BIN)/misora train text           # captions -> embeddings'
	@echo '  $(BIN)/misora train transformer    # noise + embeddings -> latents, with the two above'
	@echo '  $(BIN)/misora train transformer --recipe motion    # goes on from it with more moving clips'
	@echo '  $(BIN)/misora train planner        # captions -> layouts: who is where, and when'
	@echo '  $(BIN)/misora train latents --recipe more && $(BIN)/misora train turbo    # the transformer in four steps; last, for it fits one alone'
	@echo '  MISORA_ASSETS=data/stage-fine $(BIN)/misora world build --size 256    # finer sprites, for the next line'
	@echo '  $(BIN)/misora train upsampler      # small frames -> frames twice as large'
	@echo '  $(BIN)/misora train interpolator   # two frames -> those between'
	@echo 'Then copy video_vae, text_encoder, transformer, turbo, upsampler and interpolator .safetensors from runs/ into src/misora/models/weights.'
	@echo 'Each stage takes --recipe NAME and --minutes N, and resumes from its last checkpoint in runs/ when started again.'

.PHONY: venv
venv: $(DEV) ## create or refresh .venv with the development tools

.PHONY: clean
clean: ## remove caches and build products; keeps .venv, data/ and runs/
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Runs each candidate: a pyenv shim may be on the PATH and still not work.
$(BIN)/pip:
	@set -e; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if "$$candidate" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; then \
	    echo "creating $(VENV) with $$("$$candidate" -V)"; exec "$$candidate" -m venv $(VENV); \
	  fi; \
	done; \
	echo 'No usable Python 3.11, 3.12 or 3.13 with the venv module was found; install one or give PYTHON=/path/to/python3.' >&2; \
	exit 2

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@touch $@ $(RUNTIME)
