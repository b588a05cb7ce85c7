# Every target installs what it lacks (dev/setup.sh) and keeps what it built in
# ~/.cache/fullsend-dev, so that the next run, in this clone or another, starts warm.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export FULLSEND_DEV_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fullsend-dev
export CARGO_TARGET_DIR ?= $(FULLSEND_DEV_CACHE)/target

# Clones share the target folder: one run at a time, lest one's binaries replace another's
# between its build and its tests.
alone = mkdir -p "$(CARGO_TARGET_DIR)" && flock -o "$(CARGO_TARGET_DIR)/.in-use"

.PHONY: help setup build test test-cluster demo bench bench-verify bench-validate bench-pin bench-fleet fuzz clean

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: ## installs everything that the other targets need
	@dev/setup.sh

build: ## builds the release binary
	@dev/setup.sh build
	@$(alone) dev/cargo.sh build --locked --release

test: ## formatting, lints, licences, documentation, all tests
	@dev/setup.sh
	@$(alone) dev/test.sh

test-cluster: ## generated manifests before a real Kubernetes API server (builds one, once)
	@dev/setup.sh build lint cluster
	@$(alone) dev/test-cluster.sh

demo: ## a signed image proven and run, an unsigned one refused, each end called by its name
	@dev/setup.sh build run
	@$(alone) dev/demo.sh

bench: ## exec beside docker run and cosign verify
	@dev/setup.sh build run interop
	@$(alone) dev/bench.sh

bench-verify: ## verify beside cosign verify
	@dev/setup.sh build run interop
	@$(alone) dev/bench-verify.sh

bench-validate: ## validate beside actionlint and zizmor
	@dev/setup.sh build lint
	@$(alone) dev/bench-validate.sh

bench-pin: ## pin beside frizbee and ratchet, where these are installed
	@dev/setup.sh build
	@$(alone) dev/bench-pin.sh

bench-fleet: ## the fleet's verbs before a forge of a thousand repositories
	@dev/setup.sh build
	@$(alone) dev/bench-fleet.sh

fuzz: ## every fuzz target for five minutes
	@dev/fuzz.sh

clean: ## removes the shared build, not the tools
	@$(alone) rm -rf "$(CARGO_TARGET_DIR)"
