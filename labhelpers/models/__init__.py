"""Reference models, each short enough to read in class."""
