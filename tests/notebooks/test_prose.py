"""What is written for readers: links lead somewhere, words are spelled right.

Without a network: addresses elsewhere are only read, not opened.
"""

import functools
import re
import subprocess
import sys
import urllib.parse
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("data/*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("benchmarks/*.md"),
    *ROOT.glob("notebooks/*.ipynb"),
]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
# [words](target "title"), also around a picture; <a href="target">, <img src="target">; [x]: target
LINKS = (
    re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)"),
    re.compile(r"""<(?:a|img)\b[^>]*?\b(?:href|src)=["']([^"']*)["']"""),
    re.compile(r"^\[[^\]^]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE),
)
CODE = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2[`~]*\s*$|(`+)[^\n]*?\3", re.MULTILINE | re.DOTALL)
CODE_BLOCK = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2[`~]*\s*$", re.MULTILINE | re.DOTALL)
WRONG = "wie" + "rd"  # in two parts, for codespell reads this file too
MATHS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)


@functools.cache
def prose(page):
    """What a page says outside its code."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return text


def links(page):
    text = MATHS.sub("", CODE.sub("", prose(page)))
    return [target for pattern in LINKS for target in pattern.findall(text)]


def anchors(page):
    """The names of a page's headings: GitHub's, and JupyterLab's, which keeps case and signs."""
    names = set(re.findall(r"""\b(?:id|name)=["']([^"']+)["']""", prose(page)))
    for title in re.findall(r"^#+\s+(.+?)\s*#*$", CODE_BLOCK.sub("", prose(page)), re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        github = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        names |= {github, title.replace(" ", "-")}
    return names


def wrong(page, target):
    """Say what is wrong with a link, or return None."""
    parts = urllib.parse.urlsplit(target)
    if parts.scheme in ("http", "https"):
        host = re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", parts.hostname or "")
        return None if host and " " not in target else "is no address"
    if parts.scheme == "mailto":
        return None
    if parts.scheme or target.startswith(("/", "www.")):
        return "leads out of the repository: use https:// or a relative path"
    place = (page.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else page
    if not place.is_relative_to(ROOT) or not place.exists():
        return "does not exist"
    readable = place.suffix in (".md", ".ipynb")
    if parts.fragment and readable and urllib.parse.unquote(parts.fragment) not in anchors(place):
        return f"has no such heading: {', '.join(sorted(anchors(place)))}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page):
    found = {target: wrong(page, target) for target in links(page) if "NN-" not in target}
    assert not {target: reason for target, reason in found.items() if reason}


BAD = {
    "[a](missing.md)": "does not exist",
    "[a](../../outside.md)": "does not exist",
    "[a](README.md#no-such-heading)": "has no such heading",
    "[a](#nowhere)": "has no such heading",
    "![a](figures/missing.png 'title')": "does not exist",
    '<img alt="a" src="missing.png">': "does not exist",
    "[a]: missing.md": "does not exist",
    "[a](https://nohost)": "is no address",
    "[a](https:///x)": "is no address",
    "[a](file:///etc/x)": "leads out",
    "[a](/notebooks)": "leads out",
}
GOOD = [
    "[a](README.md)",
    "[a](README.md#title-of-it)",
    "[a](#here)",
    "`[a](missing.md)`",
    "```\n[a](missing.md)\n```",
    "$f[x](y)$",
    "[a](https://arxiv.org/abs/1512.03385)",
]


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("# Title: of `it`!\n", encoding="utf-8")

    def written(text):
        place = tmp_path / "page.md"
        place.write_text(f"# Here\n\n{text}\n", encoding="utf-8")
        prose.cache_clear()
        return place

    yield written
    prose.cache_clear()


@pytest.mark.parametrize("text", BAD)
def test_a_link_that_leads_nowhere_is_named(page, text):
    place = page(text)
    (target,) = links(place)
    assert BAD[text] in wrong(place, target)


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_passes(page, text):
    place = page(text)
    assert [wrong(place, target) for target in links(place)] in ([], [None])


def test_notebooks_are_spelled_right(tmp_path):
    """Their sources alone, for pictures are no words; `make test` has the rest read."""
    for page in ROOT.glob("notebooks/*.ipynb"):
        cells = nbformat.reads(page.read_text(encoding="utf-8"), as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells)
        (tmp_path / f"{page.stem}.md").write_text(text, encoding="utf-8")
    (tmp_path / "99.md").write_text(f"a {WRONG} wrong word", encoding="utf-8")
    command = [sys.executable, "-m", "codespell_lib", "--toml", str(ROOT / "pyproject.toml"), "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.splitlines() == [f"./99.md:1: {WRONG} ==> weird"], done.stderr
