"""A class's notebooks, with every kind of trouble: each costs its exercise and no other."""

import csv
import inspect
import json
import re

import pytest

from labhelpers.classroom import marking, marks
from labhelpers.classroom.handed_in import TITLE, read
from labhelpers.exercises.lab11 import discoveries, fair_winner, log_interaction

NAMES = ["fair_winner", "log_interaction", "discoveries"]  # of four: nobody did main_effect
RIGHT = {
    module.exercise.name: inspect.getsource(module.exercise.solution)
    for module in (fair_winner, log_interaction, discoveries)
}
MISTAKE = """def fair_winner(errors):
    lowest = {(v, lr): min(e) for v, rates in errors.items() for lr, e in rates.items()}
    return min(lowest, key=lowest.get)
"""
KILLED = "import ctypes\ndef log_interaction(*args):\n    ctypes.string_at(0)"
STUB = 'def {}(*args):\n    """What to do."""\n    ...\n'
IMPORTS = "import math, statistics\nimport labhelpers as lab\nsession = lab.setup(seed=0)"


def notebook(path, *cells, title="# 11 · Which choices pay?", checks=True):
    """Write a notebook: a cell for each text, and ``lab.check`` after each function."""
    made = [{"cell_type": "markdown", "source": [title], "metadata": {}}]
    for text in cells:
        name = re.search(r"^def (\w+)", text, re.MULTILINE)
        if checks and name and "check(" not in text:
            text += f"\n\nlab.check({name[1]})"
        made.append({"cell_type": "code", "source": text.splitlines(True), "outputs": []})
    content = {"cells": made, "metadata": {"kernelspec": {"name": "venv-7"}}, "nbformat": 4}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def answers(**changed):
    """The cells of a notebook with all exercises right but for those that are `changed`."""
    return [IMPORTS, *(changed.get(name, source) for name, source in RIGHT.items())]


def mark(*paths, seconds=10.0, memory=2**30, jobs=1):
    return marks.mark(list(paths), seconds, memory, jobs)


def test_twelve_notebooks(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(marking, "MARGIN", 4.0)  # one answer waits for it without working
    hand_in = {
        "right": answers(),
        "mistake": answers(fair_winner=MISTAKE),
        "untouched": [IMPORTS, *(STUB.format(name) for name in NAMES)],
        "syntax": answers(log_interaction="def log_interaction(base, first:\n    return 1"),
        "renamed": answers(discoveries=RIGHT["discoveries"].replace("discoveries", "discovery")),
        "loop": answers(fair_winner="def fair_winner(errors):\n    while True: pass"),
        "stuck": answers(fair_winner="def fair_winner(errors):\n    return sum(iter(int, 1))"),
        "exit": answers(
            fair_winner="import sys\ndef fair_winner(errors):\n    sys.exit(0)",
            log_interaction=KILLED,
        ),
        "printed": answers(
            fair_winner="def fair_winner(errors):\n    print('✔ fair_winner: right, on 3 inputs.')"
        ),
        "patched": [
            "import labhelpers as lab\nlab.check = lambda f: print('✔', f.__name__)",
            "import labhelpers.exercises.grading as g\n"
            "def fair_winner(errors):\n    g.same = lambda *a: True\n    return 1",
            STUB.format("log_interaction"),
        ],
        "memory": answers(discoveries="def discoveries(p, level=0.05):\n    return [0] * 10**10"),
    }
    paths = [notebook(tmp_path / f"{name}.ipynb", *cells) for name, cells in hand_in.items()]
    damaged = tmp_path / "damaged.ipynb"
    damaged.write_bytes(paths[0].read_bytes()[:300])
    out = tmp_path / "new" / "marks.csv"
    assert marks.main([str(tmp_path), "--out", str(out), "--seconds", "3", "--jobs", "2"]) == 0

    with open(out, encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == ["file", "lab", "right", "of", *NAMES, "main_effect", "remark"]
        rows = {row["file"].split("/")[-1].removesuffix(".ipynb"): row for row in table}
    assert len(rows) == 12

    def marks_of(name):
        return [rows[name][exercise] for exercise in NAMES]

    assert marks_of("right") == ["right"] * 3 and rows["right"]["right"] == "3"
    assert rows["right"]["lab"] == "11" and rows["right"]["of"] == "4"
    assert marks_of("mistake")[0].startswith("known mistake: this takes the luckiest seed")
    assert marks_of("mistake")[1:] == ["right", "right"] and rows["mistake"]["right"] == "2"
    assert marks_of("untouched") == ["not attempted"] * 3
    assert marks_of("syntax")[1].startswith("error: SyntaxError in line 1")
    assert marks_of("syntax")[::2] == ["right", "right"]
    assert marks_of("renamed")[2] == "missing: renamed to discovery?"
    for name in ("loop", "stuck"):
        assert marks_of(name) == ["timed out", "right", "right"]
    assert marks_of("exit")[0].startswith("error: SystemExit")
    assert "ended Python (exit status -11)" in marks_of("exit")[1]
    assert marks_of("exit")[2] == "right"
    assert marks_of("printed") == ["wrong", "right", "right"]
    assert marks_of("patched") == ["wrong", "not attempted", "missing"]
    assert marks_of("memory")[2].startswith("error: MemoryError")
    assert marks_of("damaged") == ["", "", ""] and "is no notebook" in rows["damaged"]["remark"]

    said = capsys.readouterr()
    assert "fair_winner: right 4 of 11; timed out 2" in said.out
    assert "1 × this takes the luckiest seed" in said.out
    assert "damaged.ipynb: is no notebook" in said.out
    assert "12/12" in said.err


def test_an_answer_has_what_it_uses_from_other_cells(tmp_path):
    path = notebook(
        tmp_path / "a.ipynb",
        "%matplotlib inline\nimport statistics as st, math as m\n!ls",
        "%%time\nfrom itertools import *\nLEVEL: float = 0.05",
        "def mean(values):\n    return st.fmean(values)\n\ndigits = lab.load_data('mnist')",
        "%%bash\necho def fair_winner",
        "def fair_winner(errors):\n"
        "    means = {(v, lr): mean(e) for v, r in errors.items() for lr, e in r.items()}\n"
        "    return min(means, key=means.get)",
        "log_interaction = lambda a, b, c, d: mean(m.log2(z * w / (x * y))"
        " for w, x, y, z in zip(a, b, c, d))\nlab.check(log_interaction)",
        "mean = None  # later, and after the kernel was asked",
        "try:\n    import nothing_of_this_name as np\nexcept ImportError:\n    np = None",
        "@lab.check\ndef discoveries(p, level=LEVEL):\n"
        "    n = len(list(chain(p)))\n"
        "    ok = [x for k, x in enumerate(sorted(p), 1) if x <= k / n * level]\n"
        "    return [x <= max(ok, default=-1) for x in p]",
    )
    row = mark(path)[0]
    assert [row[name] for name in NAMES] == ["right"] * 3


def test_what_stands_around_the_functions_is_not_run(tmp_path):
    trap = tmp_path / "trap"
    path = notebook(
        tmp_path / "a.ipynb",
        f"open({str(trap)!r}, 'w')\nimport statistics\nimport sys\nsys.exit()",
        "while True:\n    pass",
        "import torch\ntorch.set_default_dtype(torch.float64)",
        RIGHT["fair_winner"] + f"\nopen({str(trap)!r}, 'w')",
        "raise SystemExit",
    )
    assert mark(path)[0]["fair_winner"] == "right" and not trap.exists()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("x = [n for n in iter(int, 1)]\ndef fair_winner(errors):\n    return x", "timed out"),
        ("import sys\nx = sys.exit()\ndef fair_winner(errors):\n    return x", "error: SystemExit"),
        ("def fair_winner(errors):\n    return digits.x", "error: NameError on input 1"),
        ("import no_such\ndef fair_winner(e):\n    return no_such", "error: ModuleNotFoundError"),
        ("fair_winner = 3", "error: TypeError: fair_winner is no function, but of type int"),
        ("def fair_winner(errors):\n    return input()", "error: EOFError"),
        ("def fair_winner(errors):\n    return fair_winner(errors)", "error: RecursionError"),
        ("def fair_winner(errors):\n    import os\n    os._exit(0)", "error: SystemExit"),
        ("def fair_winner():\n    return 1", "error: TypeError on input 1"),
        ("async def fair_winner(errors):\n    return 1", "wrong"),
        ("def fair_winner(errors):\n    yield 1", "wrong"),
        ("import functools\nfair_winner = functools.partial(max)", "wrong"),
        ("import functools\n@functools.cache\ndef fair_winner(e):\n    return 1", "error: TypeErr"),
        ("fair_winner = max", "wrong"),
        ("class fair_winner:\n    pass", "error: TypeError: fair_winner is no function"),
        ("def fair_winner(errors):\n  pass\n pass", "error: IndentationError in line 3"),
        ("def fair_winner(errors):\n    return '\x00'", "error: "),
        ("def fair_winner(errors):\n    '''Text.'''", "not attempted"),
        ("lab.check(fair_winner)", "missing"),
        (
            "def winner(errors):\n    return 1\nlab.check(fair_winner)",
            "missing: renamed to winner?",
        ),
        (
            "class E(Exception):\n    def __str__(self):\n        raise E\n"
            "def fair_winner(errors):\n    raise E",
            "error: E on input 1: (what it says cannot be shown)",
        ),
        ("import ctypes\ndef fair_winner(errors):\n    ctypes.string_at(0)", "error: it ended"),
    ],
)
def test_a_trouble_costs_its_exercise_alone(tmp_path, cell, expected):
    path = notebook(tmp_path / "a.ipynb", cell, "import math, statistics", RIGHT["log_interaction"])
    row = mark(path, seconds=3.0)[0]  # of which a busy machine may need two
    assert row["fair_winner"].startswith(expected) and "\n" not in row["fair_winner"]
    assert row["log_interaction"] == "right"


def test_the_last_attempt_counts_and_a_stub_below_it_does_not(tmp_path):
    path = notebook(
        tmp_path / "a.ipynb",
        "import statistics",
        MISTAKE,
        RIGHT["fair_winner"],
        STUB.format("fair_winner"),
        "def fair_winner(errors:\n    return 1",
    )
    assert mark(path)[0]["fair_winner"] == "right"


def test_a_file_that_is_no_notebook_gets_a_row(tmp_path):
    contents = {
        "empty": b"",
        "blank": b" \n",
        "list": b"[]",
        "null": b"null",
        "no cells": b"{}",
        "cells": b'{"cells": 3}',
        "binary": b"\x89PNG\r\n\xff\xfe",
        "utf16": '{"cells": []}'.encode("utf-16"),
        "deep": b"[" * 100_000,
        "foreign": b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}',
        "odd": b'{"cells": [3, {"source": [1, null]}, {"cell_type": ["code"], "source": {}}]}',
    }
    paths = []
    for name, content in contents.items():
        paths.append(tmp_path / f"{name}.ipynb")
        paths[-1].write_bytes(content)
    paths += [tmp_path / "nowhere.ipynb", tmp_path]
    for path, row in zip(paths, mark(*paths), strict=True):
        assert row["file"] == str(path) and row["remark"] and "lab" not in row
        assert len(row["remark"]) <= 200 and "\n" not in row["remark"]


def test_the_lab_is_known_by_its_exercises_then_by_its_title(tmp_path):
    path = notebook(tmp_path / "lab-02.ipynb", STUB.format("discoveries"), title="# 02 · Mine")
    assert read(path).lab == "11"
    assert read(notebook(tmp_path / "b.ipynb", "x = 1", title="# Lab 02: mine")).lab == "02"
    assert read(notebook(tmp_path / "c.ipynb", "x = 1", title="# 77 · mine")).lab == ""
    bom = tmp_path / "bom.ipynb"
    bom.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(bom).lab == "11"


def test_a_fault_of_ours_costs_one_row(tmp_path, monkeypatch):
    def fail(path):
        raise KeyError("a\nb") if path.stem == "a" else FileNotFoundError

    monkeypatch.setattr(marks, "read", fail)
    row = mark(tmp_path / "a.ipynb")[0]
    assert row["remark"].startswith("could not be marked: KeyError") and "\n" not in row["remark"]


def test_text_that_is_no_text_is_written(tmp_path):
    cell = "def fair_winner(errors):\n    raise ValueError(chr(0xD800) + '→')\n# \ud800"
    path = notebook(tmp_path / "a.ipynb", cell, "x = '\ud800'", RIGHT["discoveries"])
    row = mark(path)[0]
    marks.write([row | {"file": "\udcff.ipynb"}], tmp_path / "m.csv")
    assert row["fair_winner"].startswith("error: ") and row["discoveries"] == "right"


@pytest.mark.parametrize("arguments", [[], ["a.ipynb", "--seconds", "0"], ["a", "--memory", "x"]])
def test_a_wrong_command_line_is_told(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        marks.main(arguments)
    assert left.value.code == 2 and "usage" in capsys.readouterr().err


def test_files_folders_and_patterns_each_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("in/a.ipynb", "in/b.ipynb", "in/.ipynb_checkpoints/a.ipynb", "c [1].ipynb"):
        (tmp_path / name).write_text("", encoding="utf-8")
    found = marks.notebooks(["in", "in/*.ipynb", "c [1].ipynb", "d.ipynb"])
    assert [path.as_posix() for path in found] == [
        "in/a.ipynb",
        "in/b.ipynb",
        "c [1].ipynb",
        "d.ipynb",
    ]


def test_several_labs_in_one_table_and_no_formulas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = mark(
        notebook(tmp_path / "a.ipynb", STUB.format("discoveries")),
        notebook(tmp_path / "b.ipynb", STUB.format("receptive_field")),
    )
    rows.append({"file": "=1+1.ipynb", "remark": "there is no such file"})
    marks.write(rows, tmp_path / "m.csv")
    with open(tmp_path / "m.csv", encoding="utf-8", newline="") as file:
        first, second, third = csv.DictReader(file)
    assert (first["discoveries"], first["receptive_field"]) == ("not attempted", "")
    assert (second["discoveries"], second["receptive_field"]) == ("", "not attempted")
    assert third["file"] == "'=1+1.ipynb"


def test_without_fork_a_process_marks_a_notebook_and_is_replaced(tmp_path, monkeypatch):
    from multiprocessing import get_context

    monkeypatch.setattr(marking, "FORKS", False)
    monkeypatch.setattr(marking, "_CONTEXT", get_context("spawn"))
    path = notebook(
        tmp_path / "a.ipynb",
        *answers(
            fair_winner="def fair_winner(errors):\n    while True: pass",
            log_interaction=KILLED,
        ),
    )
    found, kept = [], []
    with marking.Marker(tmp_path, seconds=3.0, memory=2**30) as marker:
        for answer in read(path).answers:
            found.append(marker.mark(answer))
            kept.append(marker.process is not None)
    assert found[0] == "timed out" and "ended Python" in found[1] and found[2] == "right"
    assert kept[:3] == [False, False, True]


def test_a_title_may_carry_a_letter():
    assert TITLE.search("# 08b · Which one?")[1] == "08b"
    assert TITLE.search("# Lab 08 · Which one?")[1] == "08" and not TITLE.search("# 080 · No")
