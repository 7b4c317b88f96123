"""A plugin of pytest, ``-p tests.light``: what nothing here needs is not loaded.

`import nbformat` loads jsonschema, which builds 39 grammars for international web addresses where
it finds the package for them: three seconds for each process. No notebook's schema asks for those.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # as if it were not installed
