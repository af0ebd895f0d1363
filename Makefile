# Everything that a clone needs: `make demo` and `make test` set themselves up.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
# two workers of one thread each: on two cores this takes 3/5 of the time of one worker
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo smoke test test-fast check clean

help: ## say what there is (this)
	@echo "steelyard: weigh the classes and samples of a data set before you balance them."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Each sets up .venv by itself. Another Python: make PYTHON=python3.12 TARGET"

setup: $(INSTALLED) ## make .venv and install steelyard with its tests into it

demo: $(INSTALLED) ## weigh 5,000 MNIST digits made long-tailed; the page is demo/report.html
	$(BIN)/steelyard weigh --out demo

smoke: $(INSTALLED) ## weigh a small data set from end to end into a temporary folder, in seconds
	$(BIN)/steelyard weigh digits --seeds 2 --degrees 0,1 --out "$$(mktemp -d)/run"

test: $(INSTALLED) ## run all tests
	$(PYTEST)

test-fast: $(INSTALLED) ## run the tests that are not marked slow
	$(PYTEST) -m "not slow"

check: $(INSTALLED) ## what has to pass before a commit: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST)

clean: ## remove .venv, caches and the demo; other runs stay
	rm -rf .venv build demo .pytest_cache .ruff_cache .mypy_cache .hypothesis src/*.egg-info
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

# done again only when what is to be installed has changed
$(INSTALLED): pyproject.toml constraints.txt
	@command -v $(PYTHON) > /dev/null || \
	  { echo "There is no $(PYTHON). Install Python 3.11 or newer, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "steelyard needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
	  { echo "Python cannot make environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv: the first time about two minutes and 2.1 GB of disk."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
