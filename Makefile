# Every task of the project. `make` alone lists them; .ci/run calls `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help run build python test lint fmt bench fuzz docs crash faults

help: ## list the tasks
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## serve 127.0.0.1:8080 on SQLite with a demo account (profile `quick`: builds in minutes)
	$(CARGO) run --profile quick --bin countersign -- serve --dev

build: ## the optimised binary: target/release/countersign
	$(CARGO) build --release --bin countersign

python: ## the Python package, into .venv; its wheel in target/wheels/
	scripts/python.sh

test: ## everything: lints, tests, documentation, browser
	scripts/test.sh

lint: ## formatting, clippy, dependencies
	scripts/lint.sh

fmt: ## format the code
	$(CARGO) fmt --all

bench: ## measure beside the peers; writes docs/benchmarks.md and its plot
	scripts/bench.sh

fuzz: ## each parser fuzzed for a minute
	scripts/fuzz.sh

docs: ## the API documentation, warnings refused
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --all-features

crash: ## 200 kills under load, then the journal is checked (CI does 20)
	COUNTERSIGN_CRASH_KILLS=200 $(CARGO) test --release -p countersign --test it -- --exact crash::nothing_acknowledged_is_lost --nocapture

faults: ## what takes long or measures time: log-in timing, slow clients, memory
	$(CARGO) test --release -p countersign --test faults -- --ignored --nocapture --test-threads 1
