# A memory aid: what people do here, one target each. `make` lists them.

export PATH := $(CURDIR)/.tools/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install demo test clients dev bench fmt lint clippy deny proto k8s compose tools clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

install: ## bring PostgreSQL and nats-server into .tools, where the machine has none
	@scripts/install servers

demo: install ## play the case of the Wuyi factory fire (ARGS=--help tells more)
	cargo run --locked --package fenghuo -- demo $(ARGS)

test: install ## run every test, against real servers
	@scripts/install tests
	cargo test --locked --workspace $(ARGS)

clients: install ## let others' client libraries use our event store (ARGS=python, node or rust for one of them)
	@scripts/install clients
	cargo build --locked --package fenghuo
	tests/clients/run $${CARGO_TARGET_DIR:-target}/debug/fenghuo $(ARGS)

dev: install ## run all services here until Ctrl-C (ARGS="--data DIR" keeps the data)
	cargo run --locked --package fenghuo -- dev $(ARGS)

bench: install ## measure against raw PostgreSQL and NATS (ARGS=append, follow, e2e, rebuild, replay, seal, shadow or subscribe)
	cargo run --locked --release --package fenghuo -- bench $(ARGS)

fmt: ## format the code
	cargo fmt --all

lint: clippy deny proto k8s compose ## every check that is not a test
	cargo fmt --all --check

clippy: ## the advice of the compiler and of clippy, as errors
	cargo clippy --locked --workspace --all-targets -- -D warnings

deny: tools ## licences, banned crates and sources of what is built in
	cargo deny --log-level error --locked check bans licenses sources

proto: tools ## the published language
	buf lint

k8s: tools ## the manifests: rendered, against Kubernetes' schemas, and for what schemas cannot see
	kubectl kustomize k8s/overlays/dev >.tools/rendered.yaml
	kubectl kustomize k8s/overlays/dev-door >.tools/rendered-door.yaml
	tools-python -m kubernetes_validate --kubernetes-version 1.32 --strict --quiet .tools/rendered.yaml .tools/rendered-door.yaml
	tools-python k8s/check.py <.tools/rendered.yaml
	tools-python k8s/check.py --door <.tools/rendered-door.yaml

compose: tools install ## Dockerfile, compose file, NATS users
	hadolint deploy/Dockerfile
	docker-compose --env-file deploy/.env.example --file deploy/compose.yaml config --quiet
	docker-compose --env-file deploy/.env.example --file deploy/compose.yaml --file deploy/door.yaml config --quiet
	set -a && . deploy/.env.example && nats-server -t -c deploy/nats.conf

tools: ## bring what the checks need into .tools
	@scripts/install checks

clean: ## remove what was built, but not .tools
	cargo clean
