# Every task by name. CI and people run the same targets.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

CARGO ?= cargo
# The tools that `make lint` needs, pinned so that a new release cannot break an old commit.
CARGO_DENY_VERSION := 0.20.2

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: build
build: ## Build the plugin and the agent, optimised, into target/release
	$(CARGO) build --release --locked

.PHONY: demo
demo: ## Judge a real dump, and show what to try next
	@examples/demo

.PHONY: test
test: ## All tests that need no cluster
	$(CARGO) test --locked --workspace --exclude sre-e2e

.PHONY: formats
formats: ## Each output, read by its real reader: xmllint, junitparser, promtool, cmark-gfm, openapi-spec-validator
	.ci/formats

.PHONY: page
page: ## The agent's page in a real browser: Chromium and axe-core; PICTURES=DIR keeps the pictures
	.ci/page

.PHONY: fuzz
fuzz: ## Looks for inputs that break a property: make fuzz SECONDS=60, for all targets together; SEED=1 for the same inputs again
	fuzz/run --seconds '$(or $(SECONDS),60)' --seed '$(or $(SEED),0)'

.PHONY: e2e
e2e: ## Tests against real clusters, which are built once and started here
	e2e/run

.PHONY: cluster
cluster: ## A cluster to play with: a real node, the agent, healthy and broken workloads
	e2e/cluster/demo up

.PHONY: cluster-down
cluster-down: ## End that cluster, without a trace
	e2e/cluster/demo down

.PHONY: lint
lint: deny ## Formatting, clippy, licences, documentation, shell scripts, the picture of the README
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items
	.ci/shell-lint
	release/notices --check
	docs/screen --check
	python3 -m doctest bench/ratios.py

.PHONY: screen
screen: ## Writes docs/screen.svg, the picture of the README, from a real run
	docs/screen

.PHONY: deny
deny:
	@$(CARGO) deny --version 2>/dev/null | grep -qF 'cargo-deny $(CARGO_DENY_VERSION)' \
		|| $(CARGO) install --locked cargo-deny --version $(CARGO_DENY_VERSION)
	$(CARGO) deny --locked check bans licenses sources

.PHONY: advisories
advisories: ## Known vulnerabilities in the dependencies (fetches the advisory database)
	$(CARGO) deny --locked check advisories

.PHONY: chart
chart: ## The chart: lint, unit tests, schema, README, alerts, dashboard; helm/tests/dry-run is for a cluster
	.ci/chart

.PHONY: bench
bench: build ## Benchmarks against kubectl, curl and the Python client; writes docs/benchmarks.md
	bench/run --write

.PHONY: bench-quick
bench-quick: build ## make bench with 10 and 1,000 Deployments, printed only
	bench/run --n 10,1000 --rounds 5

.PHONY: bench-load
bench-load: build ## Requests a second of the agent beside a bare hyper server, 10,000 Deployments; printed only
	bench/run --load

.PHONY: bench-causes
bench-causes: build ## The cost of causes: 10,000 Deployments, 30,000 pods, 50 not healthy; printed only
	bench/run --causes

.PHONY: bench-follow
bench-follow: build ## Following a change beside kubectl rollout status, kubectl wait and polling; printed only
	bench/run --follow

.PHONY: bench-fleet
bench-fleet: build ## Many clusters: 14 and 100 contexts, 2,000 clusters in Prometheus and VictoriaMetrics, a scrape; printed only
	bench/run --fleet

.PHONY: bench-node
bench-node: build ## The agent on a real node; writes docs/benchmarks-node.md
	bench/node --write

.PHONY: image
image: ## The agent's image, IMAGE=sre-agent:latest, with docker, podman or buildah
	release/image build

.PHONY: image-archive
image-archive: ## The image as a docker archive: make image-archive OUT=FILE
	@release/image archive '$(OUT)'

.PHONY: plugin-image
plugin-image: ## The plugin's image, IMAGE=kubectl-sre:latest
	IMAGE_PROGRAM=kubectl-sre release/image build

.PHONY: image-platforms
image-platforms: ## The image for amd64 and arm64, with docker; PUSH=1 pushes it to its registry, IMAGE_PROGRAM=kubectl-sre is the plugin's
	release/image platforms $(if $(PUSH),--push)

.PHONY: dist
dist: ## The plugin as a release archive with its checksum, in target/dist; TARGET=the Rust target
	release/dist $(TARGET)

.PHONY: krew-test
krew-test: ## Installs a packed release with the real krew and kubectl
	krew/test

.PHONY: workflows-lint
workflows-lint: ## actionlint on the workflows, and facts of a release that stand in several files
	.github/lint
