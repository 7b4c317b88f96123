"""How Sphinx builds the site; `make site` lays out what it reads (see tools/website.py)."""

project = "Deep learning by experiment"
author = "The labhelpers contributors"
copyright = "2026, the labhelpers contributors. Texts and figures CC BY 4.0, code MIT"
language = "en"

extensions = ["myst_nb", "sphinx-mathjax-offline", "sphinx_copybutton"]
nb_execution_mode = "off"  # the notebooks are committed executed
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
suppress_warnings = ["misc.highlighting_failure", "mystnb.unknown_mime_type"]

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["labs.css"]
html_js_files = ["labs.js"]
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_last_updated_fmt = None
copybutton_exclude = ".linenos, .gp, .go"
