# Thin on purpose: each target is one command that can also be typed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test lint rust python node docs prove bench packages clean

help: ## This list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t12

demo: ## Plan, create, roll and delete a cluster on simulated servers. Needs only a Rust toolchain.
	@cargo run --quiet --locked -p examples --bin cluster-lifecycle

test: lint rust python node docs ## Everything that CI runs.

lint: ## Format and lints.
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

rust: ## The Rust tests.
	cargo test --locked --quiet

python: ## The Python wheel in a fresh environment: pytest, mypy, stubtest.
	bash bindings-python/test.sh

node: ## The npm tarball in a fresh folder: node:test, tsc.
	bash bindings-node/test.sh

bench: ## The engine's benchmarks: figures beside their targets; growth, memory, and Python and Node against Rust asserted.
	cargo bench --locked -p lifecycle-core --bench engine --bench search
	bash lifecycle-core/benches/languages.sh

prove: ## The engine's larger searches and the table of rules: takes some minutes.
	PROVE=1 cargo test --locked --release -p lifecycle-core --test search -- --nocapture
	PROVE=1 cargo test --locked --release -p lifecycle-core --test fleets -- --nocapture
	cargo test --locked --release -p lifecycle-core --lib ablation -- --nocapture

docs: ## rustdoc without warnings.
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet

packages: ## Release wheel, npm tarball and the files of each crate, with their sizes, in target/packages.
	bash tests/packages.sh

clean: ## Removes what the targets made.
	rm -rf target .venv
