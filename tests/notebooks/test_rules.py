"""The rules of evidence, as far as a notebook's text shows them: thresholds are fixed beforehand,
seeds that choose do not judge, margins have reasons, an optimum at the end of its list is named.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest

LABS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9][0-9]*-*.ipynb"))
SIDES = ("above", "below", "within")
CHOOSING = re.compile(r"tuning|sweep|rates?\b|learning-rate")  # in the name of a study
AT_THE_END = re.compile(
    r"(end|first|last|largest|smallest)\w*( rate)? (of (the|its) list|or the last column)|outside"
)
PLAIN = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Tuple, ast.Load)


class Text:
    """A notebook's code as one syntax tree, its prose, and where names get their values."""

    def __init__(self, path):
        cells = nbformat.read(path, 4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        self.tree = ast.parse(re.sub(r"^( *)%", r"\1pass  # %", code, flags=re.MULTILINE))
        self.prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
        self.values: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self.bind(target, node.value)

    def bind(self, target, value):
        if isinstance(target, ast.Name):
            self.values.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple):
            parts = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
            for name, part in zip(target.elts, parts, strict=False):
                self.bind(name, part)

    def calls(self, name):
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"lab.{name}":
                yield node, {word.arg: word.value for word in node.keywords}

    def is_fixed(self, value):
        """Whether an expression is a number, or made of choices that were fixed beforehand."""
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                given = self.values.get(node.id, [])
                if not given or not all(self.is_choice(found) for found in given):
                    return False
            elif not isinstance(node, PLAIN):
                return False
        return True

    def is_choice(self, value):
        """A choice of the notebook: a number, or one picked per budget."""
        text = ast.unparse(value)
        return text.startswith(("session.pick(", "math.")) or self.is_fixed(value)


@pytest.fixture(params=LABS, ids=lambda path: path.stem)
def text(request):
    return Text(request.param)


def test_thresholds_and_margins_are_fixed_beforehand(text):
    for call, words in text.calls("claim"):
        for name in (*SIDES, "margin"):
            if name in words:
                assert text.is_fixed(words[name]), ast.unparse(call)


def test_seeds_that_choose_do_not_judge(text):
    judging = {
        ast.unparse(words["seeds"])
        for _, words in text.calls("study")
        if not CHOOSING.search(ast.unparse(words["run"]))
    }
    for call, words in text.calls("study"):
        if CHOOSING.search(ast.unparse(words["run"])):
            assert ast.unparse(words["seeds"]) not in judging, ast.unparse(call)


def test_an_optimum_at_the_end_of_its_list_is_spoken_of(text):
    if any(CHOOSING.search(ast.unparse(words["run"])) for _, words in text.calls("study")):
        assert any(AT_THE_END.search(prose) for prose in text.prose)


def test_headlines_are_announced_with_their_margins_before_the_runs(text):
    headlines = [words for _, words in text.calls("claim") if "headline" in words]
    announced = [prose for prose in text.prose[:4] if "**headline claim" in prose]
    assert headlines and len(announced) == 1
    items = re.findall(r"^\d\. .*", announced[0], re.MULTILINE)
    assert 1 <= len(items) <= 3
    assert "argin" in announced[0] or "within" in announced[0]


def seeds_picked(tree):
    """(laptop, full) of every choice that is called seeds, as expressions of numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = ast.unparse(node.targets[0]).strip("()").split(", ")
            for call in (part for part in ast.walk(node.value) if isinstance(part, ast.Call)):
                picked = {word.arg: word.value for word in call.keywords}
                if {"laptop", "full"} <= picked.keys():
                    for place in (i for i, name in enumerate(names) if "seeds" in name):
                        yield [
                            budget.elts[place] if len(names) > 1 else budget
                            for budget in (picked["laptop"], picked["full"])
                        ]


def test_the_full_budget_has_no_fewer_seeds(text):
    for laptop, full in seeds_picked(text.tree):
        few, many = (eval(ast.unparse(found), {"range": range}) for found in (laptop, full))
        assert many >= few if isinstance(few, int) else len(many) >= len(few)


def global_names(function):
    """The names that a function reads and does not bind itself."""
    names = [part for part in ast.walk(function) if isinstance(part, ast.Name)]
    own = {part.arg for part in ast.walk(function) if isinstance(part, ast.arg)}
    own |= {part.id for part in names if isinstance(part.ctx, ast.Store)}
    return {part.id for part in names} - own


def names_reached(tree, name):
    """The names that a function of the notebook reads, those of the functions it calls included."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found, waiting = {name}, [name]
    while waiting:
        node = functions.get(waiting.pop())
        names = global_names(node) - found if node else set()
        waiting += names
        found |= names
    return found


def test_no_experiment_reads_what_was_trained_beside_it(text):
    # Weights differ from machine to machine, and published rows are found by what is read.
    trained = ("lab.fit(", "lab.train(", "lab.predict(", ".model")
    for call, _ in text.calls("study"):
        for name in names_reached(text.tree, ast.unparse(call.args[0])):
            for value in text.values.get(name, []):
                assert not any(word in ast.unparse(value) for word in trained), (name, call.lineno)
