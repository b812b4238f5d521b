# Every task by name. CI and people run the same targets.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

CARGO ?= cargo
# The tools that `make lint` needs, pinned so that a new release cannot break an old commit.
CARGO_DENY_VERSION := 0.20.2

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: build
build: ## Build the plugin and the agent, optimised, into target/release
	$(CARGO) build --release --locked

.PHONY: demo
demo: ## Judge a real dump, and say what to try next
	@examples/demo

.PHONY: test
test: ## All tests that need no cluster
	$(CARGO) test --locked --workspace --exclude sre-e2e

.PHONY: e2e
e2e: ## Tests against a real control plane, which is built once and started here
	e2e/run

.PHONY: lint
lint: deny ## Formatting, clippy, licences, documentation, shell scripts
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items
	.ci/shell-lint

.PHONY: deny
deny:
	@$(CARGO) deny --version 2>/dev/null | grep -qF 'cargo-deny $(CARGO_DENY_VERSION)' \
		|| $(CARGO) install --locked cargo-deny --version $(CARGO_DENY_VERSION)
	$(CARGO) deny --locked check bans licenses sources

.PHONY: advisories
advisories: ## Known vulnerabilities in the dependencies (fetches the advisory database)
	$(CARGO) deny --locked check advisories

.PHONY: bench
bench: build ## Benchmarks against kubectl, curl and the Python client; writes docs/benchmarks.md
	bench/run --write

.PHONY: bench-quick
bench-quick: build ## The same with 10 and 1,000 Deployments, printed only
	bench/run --n 10,1000 --rounds 5
