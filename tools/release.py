"""Set the version of a release everywhere: pyproject.toml, CITATION.cff, CHANGELOG.md, notebooks.

    python tools/release.py 0.3.0

The section "Unreleased" of CHANGELOG.md becomes the version's. Commit what changed, then tag it
`v0.3.0`: the notebooks' setup cells install that tag.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path

import address

ROOT = Path(__file__).resolve().parents[1]
UNRELEASED = "## Unreleased"


def main() -> None:
    """Set the version that the command line gives."""
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+", sys.argv[1]):
        sys.exit("give one version, such as 0.3.0")
    release(sys.argv[1], date.today())
    address.main()
    print(f"commit what changed, then: git tag v{sys.argv[1]}")


def release(version: str, day: date) -> None:
    """Write version and date into the three files that state them.

    Raises ValueError where a file has no place for them.
    """
    change("pyproject.toml", r'^version = ".*"$', f'version = "{version}"')
    change("CITATION.cff", r"^version: .*$", f"version: {version}")
    change("CITATION.cff", r"^date-released: .*$", f"date-released: {day}")
    change("CHANGELOG.md", f"^{UNRELEASED}$", f"{UNRELEASED}\n\n## {version} ({day})")


def change(name: str, pattern: str, new: str) -> None:
    """Replace the one line of a file that matches."""
    path = ROOT / name
    text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{name} has {count} lines like {pattern}: one is needed")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
