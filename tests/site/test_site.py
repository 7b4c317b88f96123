"""The web site: built without a network, every picture with its alternative text, every link with
an end, and no serious finding of axe on a light or a dark page. Pictures in runs/site/.
"""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from notebook_code import NOT_EXECUTED
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
PICTURES = ROOT / "runs" / "site"
PAGES = ("index.html", "results.html", "notebooks/02-residual-mlp.html")


class Page(HTMLParser):
    """The links, pictures, sources and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.pictures, self.loaded, self.anchors = [], [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors.add(found.get("id"))
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "img":
            self.pictures.append(found)
        if tag in ("script", "link", "img") and (found.get("src") or found.get("href")):
            self.loaded.append(found.get("src") or found.get("href"))


@pytest.fixture(scope="module")
def pages():
    subprocess.run([sys.executable, ROOT / "tools" / "website.py"], check=True)
    return {path: Page(path) for path in SITE.rglob("*.html")}


def test_every_lab_has_a_page_and_every_picture_an_alternative_text(pages):
    labs = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb")}
    shown = {path.stem: page for path, page in pages.items() if path.parent.name == "notebooks"}
    assert labs <= set(shown)
    for stem in labs:
        assert shown[stem].pictures or stem.partition("-")[0] in NOT_EXECUTED
        assert all(picture.get("alt") for picture in shown[stem].pictures), stem


def test_nothing_is_loaded_from_elsewhere(pages):
    badges = ("https://colab.research.google.com/assets", "https://kaggle.com/static")
    for path, page in pages.items():
        outside = [found for found in page.loaded if re.match(r"(https?:)?//", found)]
        assert not [found for found in outside if not found.startswith(badges)], path


def test_links_inside_the_site_lead_somewhere(pages):
    for path, page in pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:|//", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.exists(), f"{path.name}: {link}"
            if anchor and target in pages and target.suffix == ".html":
                assert anchor in pages[target].anchors, f"{path.name}: {link}"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found_chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


def found_chromium():
    """The system's browser, or None for playwright's own."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_serious_barrier_in_light_and_dark(pages, browser, name, scheme):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for device, width in (("phone", 390), ("laptop", 1366)):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
        page = context.new_page()
        page.goto((SITE / name).as_uri())
        page.wait_for_timeout(1000)  # mathematics is set
        page.screenshot(path=PICTURES / f"{Path(name).stem}-{device}-{scheme}.png")
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
        found = Axe().run(page).response["violations"]
        serious = [
            (rule["id"], [node["html"][:200] for node in rule["nodes"]][:3])
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]
        context.close()
        assert not serious, f"{device}: {serious}"
        assert not wide, f"{device}: the page scrolls sideways"
