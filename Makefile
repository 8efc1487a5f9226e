# perf-platform: `make` prints the targets. Needs Python 3.11 or newer with its venv module, and a package index.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
STAMP := .venv/installed
PACKAGES := libs/core libs/cli services/api services/locust services/exporter k8s-tests
PYPROJECTS := pyproject.toml $(addsuffix /pyproject.toml,$(PACKAGES))
UV := UV_NO_PROGRESS=1 $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help install demo up test check fmt lock dist images kind minikube functional e2e bench clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## Put every command into .venv/bin

$(STAMP): requirements.lock $(PYPROJECTS)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it, with its venv module (Debian: apt install python3 python3-venv)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing: install it (Debian: apt install python3-venv)"; exit 1; }
	@test -x $(BIN)/uv || if command -v uv >/dev/null 2>&1; then ln -sf "$$(command -v uv)" $(BIN)/uv; else $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; fi
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ./,$(PACKAGES))
	@touch $@

demo: install ## Run the main job end to end: baseline, same build, a fault - three verdicts and their reports
	@$(BIN)/perf-platform demo

up: install ## Start service, exporter and Locust with its web UI, until Ctrl-C
	@$(BIN)/perf-platform up

test: install ## Run linters, types, contracts and every test; ends with the counts
	@$(BIN)/python tools/run_tests.py

check: install ## Run linters, types and import contracts only
	@$(BIN)/python tools/run_tests.py --checks-only

fmt: install ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: ## Renew requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--no-emit-package perf-core --no-emit-package perf-cli --no-emit-package perf-locust --no-emit-package perf-api --no-emit-package perf-exporter \
		--all-extras --group dev -o requirements.lock $(PYPROJECTS)

DIST ?= dist
dist: install ## Build the wheels of all packages into dist/
	@rm -rf $(DIST) && for package in . libs/core libs/cli services/api services/locust services/exporter; do \
		$(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir $(DIST) $$package || exit 1; done && ls $(DIST)

IMAGE_TAG ?= 0.1.0
images: ## Build the images (with $$IMAGE_BUILD TAG CONTEXT -f DOCKERFILE when it is set, else docker build)
	@for image in api:services/api exporter:services/exporter locust:services/locust functional-tests:k8s-tests; do \
		tag=perf-platform/$${image%%:*}:$(IMAGE_TAG) file=$${image#*:}/Dockerfile; echo "$$tag from $$file"; \
		if [ -n "$$IMAGE_BUILD" ]; then $$IMAGE_BUILD "$$tag" . -f "$$file"; else docker build -t "$$tag" . -f "$$file"; fi || exit 1; done

kind: ## Bring everything to a cluster of kind, made if it is not there, and print every address and login
	@$(PYTHON) tools/cluster kind $(ARGS)

minikube: ## The same on minikube; ARGS="--no-monitoring --values FILE" for both
	@$(PYTHON) tools/cluster minikube $(ARGS)

functional: install ## Check a deployed service over HTTP: URL= [METRICS_URL= EXPORTER_URL= MASTER_URL= PROMETHEUS_URL=]
	@test -n "$(URL)" || { echo "name the service: make functional URL=http://127.0.0.1:8000"; exit 2; }
	@PERF_TEST_API_URL="$(URL)" PERF_TEST_API_METRICS_URL="$(METRICS_URL)" PERF_TEST_EXPORTER_URL="$(EXPORTER_URL)" \
		PERF_TEST_MASTER_URL="$(MASTER_URL)" PERF_PROMETHEUS_URL="$(PROMETHEUS_URL)" $(BIN)/pytest --tb=short k8s-tests/functional

E2E := k8s-tests/platform
e2e: install images ## Test the chart on the cluster of the current kubeconfig [E2E=files]
	@$(BIN)/pytest --tb=short -q --timeout=900 --durations=8 $(E2E)

bench: install ## Run the benchmarks
	@for program in benchmarks/*.py; do echo "== $$program"; $(BIN)/python $$program || exit 1; done

clean: ## Remove everything that was made here, runs excepted
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
