# Two commands for a newcomer: `make run` and `make test`. Both install first, once.
export RAY_USAGE_STATS_ENABLED = 0
export MLFLOW_DISABLE_TELEMETRY = true
export PIP_DISABLE_PIP_VERSION_CHECK = 1

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-fast studies findings test-slow calibrate mutate chaos bench docs wheel check format install

run: install  ## the study `capacity`, or its verdicts if it has run
	$(BIN)/spectra-tune run capacity --resume

test: test-fast  ## everything but the slow tests
	$(BIN)/python -m pytest -m "integration and not slow"

test-fast: install  ## what starts neither Ray nor MLflow: under two minutes
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not slow and not integration"

studies: install  ## all studies, resumable; keeps each one's tables in studies/results (about two and a half hours on two cores)
	$(BIN)/python -m studies.account.run_all
	$(BIN)/python -m studies.account.writeup

findings: install  ## docs/generated/ from studies/results, without training
	$(BIN)/python -m studies.account.writeup

test-slow: install  ## the slow tests only
	$(BIN)/python -m pytest -m slow

calibrate: install  ## error rates, powers and coverages of the statistics, with all simulations (two minutes)
	$(BIN)/python -m pytest tests/analysis/statistics/test_calibration.py --calibrate-fully

mutate: install  ## breaks the analysis on purpose and sees the tests turn red (half a minute)
	$(BIN)/python -m tests.tools.mutate

chaos: install  ## kills four small studies at 30 random moments each and compares what comes out (about forty minutes)
	$(BIN)/python -m tests.tools.chaos

bench: install  ## what it costs against its alternatives, in ratios (about ten minutes on an idle machine)
	$(BIN)/python -m benchmarks

docs: install  ## the reference of every module from its docstrings, in docs/api/; checks links and code of all pages
	$(BIN)/pdoc --output-directory docs/api --no-show-source analysis search_spaces spectra_tune studies
	$(BIN)/python -m pytest tests/test_documents.py tests/test_how_to.py tests/test_readme.py

wheel: install  ## the package, built and checked, in dist/
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

check: install  ## formatting, linting, types, known vulnerabilities of the pinned packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m tests.tools.audit

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
