"""Say in a sentence which Python is too old; everything else stands in pyproject.toml."""

import sys

if sys.version_info < (3, 11, 4):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit("labhelpers needs Python 3.11.4 or newer, and this is Python " + found)

from setuptools import setup

setup()
