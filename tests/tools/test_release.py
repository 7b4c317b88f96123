"""The version is the same wherever it stands, and `make release` sets it everywhere."""

import re
import shutil
import sys
import tomllib
from pathlib import Path

import address
import pytest
import release as release_tool

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")


def versions(root):
    """The version as each file states it, and the tags that the notebooks install."""
    project, citation, changes = ((root / name).read_text(encoding="utf-8") for name in NAMES)
    found = {
        tomllib.loads(project)["project"]["version"],
        re.search(r"^version: (.*)$", citation, re.MULTILINE)[1],
        re.search(r"^## (\d.*?) ", changes, re.MULTILINE)[1],
    }
    for path in (root / "notebooks").glob("*.ipynb"):
        found |= set(re.findall(r"git\+https://\S+@v([\d.]+)", path.read_text(encoding="utf-8")))
    return found


def test_the_version_is_the_same_everywhere():
    assert len(versions(ROOT)) == 1


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for name in NAMES:
        shutil.copy(ROOT / name, tmp_path)
    for tool in (release_tool, address):
        monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["release.py", "7.8.9"])
    return tmp_path


def test_a_release_sets_it_everywhere(checkout, capsys):
    release_tool.main()
    assert "git tag v7.8.9" in capsys.readouterr().out
    assert versions(checkout) == {"7.8.9"}
    changes = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changes.index("## Unreleased") < changes.index("## 7.8.9 (2")


@pytest.mark.parametrize("arguments", [(), ("soon",), ("1.2",), ("1.2.3", "4.5.6")])
def test_what_is_no_version_is_refused(arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["release.py", *arguments])
    monkeypatch.setattr(release_tool, "release", lambda *given: pytest.fail(str(given)))
    with pytest.raises(SystemExit, match="give one version"):
        release_tool.main()


def test_a_file_without_a_place_for_it_is_named(checkout):
    (checkout / "CHANGELOG.md").write_text("# Changes\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"CHANGELOG\.md has 0 lines"):
        release_tool.main()
