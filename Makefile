# Each target does all of its own set-up in .venv. PYTHON is the interpreter that makes it.
PYTHON ?= python3
BIN := .venv/bin
FILES := setup.cfg pyproject.toml constraints.txt

.PHONY: demo test notebooks lint clean

demo: .venv/installed
	$(BIN)/verticals run finance.fraud --out runs/demo

test: .venv/installed-test
	$(BIN)/python -m pytest -n 2 --dist loadfile

notebooks: .venv/installed-notebooks  # trusted, so that the stored drawings show before a cell is run
	cd notebooks && ../$(BIN)/jupyter-trust *.ipynb && ../$(BIN)/jupyter-lab

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python $(FILES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-test: .venv/bin/python $(FILES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@ .venv/installed

.venv/installed-notebooks: .venv/bin/python $(FILES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[notebooks]"
	touch $@ .venv/installed

clean:
	rm -rf .venv build dist *.egg-info
