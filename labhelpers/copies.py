"""``python -m labhelpers.copies``: lay out copies to work in; see classroom/copies.py."""

from labhelpers.classroom.copies import main

if __name__ == "__main__":
    raise SystemExit(main())
