# The two commands of the README: make demo, make test. The one gate: make check.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check lint types format docs dist bench bench-strategies lock clean

demo: .venv/.demo            ## reproduce the founding article on real MNIST
	$(BIN)/sparing reproduce

# Modules are kept compiled, whatever the machine says: some tests start Python many times.
test: .venv/.dev             ## all tests and doctests, a process for each core
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: lint types test       ## format, lint, types, tests, doctests

lint: .venv/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports

types: .venv/.dev
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: .venv/.docs            ## the documentation site, in docs/_build/html; its notebooks are run
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

dist:                        ## a wheel and an sdist in dist/, tried in an empty environment
	@PYTHON=$(PYTHON) .ci/alone

bench: .venv/.dev            ## the article's two long experiments, on one core
	$(BIN)/python benchmarks/article.py

bench-strategies: .venv/.dev ## every strategy, and scikit-activeml's, at 60,000 and a million
	$(BIN)/python benchmarks/strategies.py

# Exact versions and hashes, good for every platform; torch and ray stay out.
LOCK := uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
lock:
	$(LOCK) --extra report --extra mnist --group build --output-file requirements/demo.txt
	$(LOCK) --extra all --group test --group check --group build \
		--constraints requirements/demo.txt --output-file requirements/dev.txt
	$(LOCK) --extra all --group docs --group build \
		--constraints requirements/dev.txt --output-file requirements/docs.txt

.venv/bin/python:
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "A virtual environment needs Python 3.11 or newer with venv (Debian: python3-venv)."; \
		exit 1; }

# Each mark says which requirements are installed; dev has all that demo has.
.venv/.%: requirements/%.txt pyproject.toml | .venv/bin/python
	@echo "Installing what requirements/$*.txt lists into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv sparing-reproduce .pytest_cache .mypy_cache .ruff_cache
