# make run      sets up .venv and trains, judges and saves a model on the handwritten digits
# make test     runs the tests and the examples in the docstrings
# make lint     style, formatting, types, and which part may import which
# make bench    measures Myelin and its peers, and writes benchmarks/results*.md
# make folds    the part of it about cross-validation alone, benchmarks/results_folds.md
# make peers    runs the tests that compare with Keras, PyTorch and TensorFlow
# make clean    takes away all that these commands made
#
# Each environment is built once, and again when pyproject.toml or what is compiled changes.

PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3; do \
	command -v $$python >/dev/null 2>&1 || continue; \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1 && echo $$python && break; done)

EXTRAS_run :=
EXTRAS_test := [test]
EXTRAS_lint := [lint]
EXTRAS_bench := [peers]
EXTRAS_peers := [test,peers]

# Keras 2. It names TensorFlow with its parts for graphics cards, which would be installed over the
# plain one, so it comes without what it asks for.
ALONE_peers := 'tf_keras>=2.21,<2.22'

COMPILED := hatch_build.py $(wildcard src/myelin/kernels/native/*.[ch])

export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP_INSTALL := install --quiet --no-input

# What runs where the peers are, and is counted there.
INTEROP := src/myelin/interop
OF_PEERS := $(INTEROP)/torch/*,$(INTEROP)/onnx/*,$(INTEROP)/tensorflow/*

.PHONY: help run test lint bench folds peers clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile | head -7

run: .venv/run
	.venv/bin/myelin train

# coverage.py's tracer would take a third of the tests' time on Python 3.11, slipcover a twentieth;
# its two steps count first and judge afterwards.
test: .venv/test
	.venv/bin/python -m slipcover --source src/myelin --omit '$(OF_PEERS)' --json \
		--out .coverage.json -m pytest -n auto --durations=15 --doctest-modules \
		--doctest-ignore-import-errors tests src/myelin
	.venv/bin/python -m slipcover --merge .coverage.json --skip-covered --fail-under 90 \
		--out .coverage.json

lint: .venv-lint/lint
	.venv-lint/bin/ruff check .
	.venv-lint/bin/ruff format --check .
	.venv-lint/bin/mypy
	.venv-lint/bin/lint-imports

bench: .venv-bench/bench
	.venv-bench/bin/python benchmarks/run.py $(BENCH)
	$(if $(BENCH),,.venv-bench/bin/python benchmarks/folds.py)
	$(if $(BENCH),,.venv-bench/bin/python benchmarks/files.py)

folds: .venv-bench/bench
	.venv-bench/bin/python benchmarks/folds.py $(BENCH)

# Here a peer that is missing is a failure; make test skips what it cannot compare.
peers: .venv-peers/peers
	MYELIN_REQUIRE_PEERS=1 KERAS_BACKEND=jax .venv-peers/bin/python -m slipcover --json \
		--source $(subst /*,,$(OF_PEERS)) --out .coverage-peers.json \
		-m pytest -n auto -m peer tests
	.venv-peers/bin/python -m slipcover --merge .coverage-peers.json --skip-covered \
		--fail-under 90 --out .coverage-peers.json

clean:
	rm -rf .venv .venv-lint .venv-bench .venv-peers build dist runs
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment's stamp is called <folder>/<extras>: .venv/run, .venv-lint/lint and so on.
define environment
$(1)/$(2): pyproject.toml $(COMPILED) | $(1)/bin/python
	@echo "Installing Myelin$(EXTRAS_$(2)) into $(1), which takes a minute or two ..."
	@$(1)/bin/python -m pip $(PIP_INSTALL) --editable '.$(EXTRAS_$(2))'
	$(if $(ALONE_$(2)),@$(1)/bin/python -m pip $(PIP_INSTALL) --no-deps $(ALONE_$(2)))
	@touch $$@
endef

$(eval $(call environment,.venv,run))
$(eval $(call environment,.venv,test))
$(eval $(call environment,.venv-lint,lint))
$(eval $(call environment,.venv-bench,bench))
$(eval $(call environment,.venv-peers,peers))

%/bin/python:
	@test -n '$(PYTHON)' || { echo "Myelin needs Python 3.11 or newer, with venv" \
		"(on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $*
