# make lab · make run · make test: each sets up .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin
BUDGET ?= laptop
LAB ?=

.PHONY: lab run publish test clean

.venv/.ready: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

lab: .venv/.ready        ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks

run: .venv/.ready        ## execute into runs/executed/   (BUDGET=smoke|laptop|full, LAB=03)
	$(BIN)/python tools/execute.py --budget $(BUDGET) $(LAB)

publish: .venv/.ready    ## the same in place, with figures/ and results.json
	$(BIN)/python tools/execute.py --budget $(BUDGET) --publish $(LAB)

test: .venv/.ready       ## lint, unit tests, then every notebook with the smoke budget
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest tests
	$(BIN)/python -m pytest --nbval-lax notebooks

clean:                   ## remove what runs wrote; data/ and .venv stay
	rm -rf runs .pytest_cache .ruff_cache
