"""Under pytest every notebook runs with the smoke budget and writes to a folder of its own."""

import os
import tempfile

_runs = tempfile.TemporaryDirectory(prefix="labs-smoke-")  # removed when pytest ends
os.environ.update(LABHELPERS_BUDGET="smoke", LABHELPERS_RUNS=_runs.name)
os.environ.pop("LABHELPERS_PUBLISH", None)
