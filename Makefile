# make lab · make run · make test: each sets up .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin
BUDGET ?= laptop
LAB ?=

.PHONY: lab run publish readme address test bench profile browser colab extras clean

.venv/.ready: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

lab: export PATH := $(CURDIR)/$(BIN):$(PATH)
lab: .venv/.ready        ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks

run: .venv/.ready        ## execute into runs/executed/   (BUDGET=smoke|laptop|full, LAB=03)
	$(BIN)/python tools/execute.py --budget $(BUDGET) $(LAB)

publish: .venv/.ready    ## the same in place, with figures/, results.json and the table in README.md
	$(BIN)/python tools/address.py
	$(BIN)/python tools/execute.py --budget $(BUDGET) --publish $(LAB)
	$(BIN)/python tools/readme.py

readme: .venv/.ready     ## write the tables in README.md from figures/results.json and benchmarks/results.json
	$(BIN)/python tools/readme.py

address: .venv/.ready    ## write the repository's address from pyproject.toml into every notebook
	$(BIN)/python tools/address.py

test: .venv/.ready       ## lint, unit tests, then every notebook with the smoke budget
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest tests
	$(BIN)/python -m pytest --nbval-lax notebooks

bench: .venv/.ready      ## speed against bare PyTorch, Lightning and skorch; on a machine that does nothing else
	$(BIN)/python -m pip install -q -e ".[bench]"
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python tools/readme.py

profile: .venv/.ready    ## where the time of each lab goes   (BUDGET=…, LAB=03)
	$(BIN)/python -m pip install -q -e ".[bench]"
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/lab_profile.py --budget $(BUDGET) $(LAB)

browser: .venv/.ready    ## two labs in JupyterLab and Chromium; pictures in runs/browser/
	$(BIN)/python -m pip install -q -e ".[browser]"
	$(BIN)/python -m pytest tests/browser

colab: .venv/.ready      ## lab 01 in a bare environment with Colab's versions (5 GB for its duration)
	$(BIN)/python -m pytest tests/colab

extras: .venv/.ready     ## what optional packages add: a study on a cluster, Weights & Biases offline
	$(BIN)/python -m pip install -q -e ".[cluster,wandb]"
	$(BIN)/python -m pytest tests/extras

clean:                   ## remove what runs wrote; data/ and .venv stay
	rm -rf runs .pytest_cache .ruff_cache
