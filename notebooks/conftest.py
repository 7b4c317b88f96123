"""Under pytest every notebook runs with the smoke budget and writes to a folder of its own."""

import os
import tempfile

collect_ignore = ["TEMPLATE.ipynb"]  # the start of a new lab: see CONTRIBUTING.md

_runs = tempfile.TemporaryDirectory(prefix="labs-smoke-")  # removed when pytest ends
os.environ.update(LABHELPERS_BUDGET="smoke", LABHELPERS_RUNS=_runs.name)
os.environ.pop("LABHELPERS_PUBLISH", None)
