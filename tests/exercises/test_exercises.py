"""Every solution passes, every known mistake is named, every stub in a notebook counts as not
attempted.
"""

import contextlib
import inspect
import json

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

from labhelpers.exercises import check as checking
from labhelpers.exercises import grading, outcomes
from labhelpers.exercises.check import check, hint, solution
from labhelpers.exercises.grading import Exercise, all_exercises, grade, same

ALL = all_exercises()


def rename(function, name):
    def renamed(*args):
        return function(*args)

    renamed.__name__ = name
    return renamed


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
def test_solution_passes_and_mistakes_are_named(exercise, monkeypatch):
    assert grade(exercise.solution).kind == "right"
    # No mistake of ours changes a name of PyTorch's, and looking for that takes half of the time.
    for module in (grading, outcomes):
        monkeypatch.setattr(module, "names_kept", contextlib.nullcontext)
    assert len(exercise.mistakes) >= 2 and exercise.hints
    assert len(exercise.inputs()) >= 2
    for sentence, wrong in exercise.mistakes.items():
        verdict = grade(rename(wrong, exercise.name))
        assert verdict.kind == "known mistake" and sentence in verdict.message, wrong.__name__


def test_names_are_unique():
    assert len({exercise.name for exercise in ALL}) == len(ALL)


def test_untouched_stubs_of_the_notebooks_are_not_attempted(request):
    seen = set()
    for path in sorted((request.config.rootpath / "notebooks").glob("[0-9]*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code" and "lab.check(" in cell.source:
                scope = {}
                exec(cell.source.split("lab.check(")[0], scope)
                name = cell.source.split("lab.check(")[1].split(")")[0]
                assert grade(scope[name]).kind == "not attempted", f"{path.name}: {name}"
                assert inspect.signature(scope[name]) == inspect.signature(
                    grading.find(name).solution
                )
                seen.add(name)
    assert seen == {exercise.name for exercise in ALL}


@pytest.fixture
def double(monkeypatch):
    def double(x):
        return 2 * x

    record = Exercise(
        double, lambda: [(1,), (3,)], ["first", "second"], {"halved": lambda x: x / 2}
    )
    monkeypatch.setattr(grading, "all_exercises", lambda: [record])
    checking._hints_given.clear()


def test_verdicts(double, capsys):
    assert grade(rename(lambda x: x + 1, "double")).kind == "wrong"
    message = grade(rename(lambda x: x + 1, "double")).message
    assert "input 2" in message and "yours     4" in message and "expected  6" in message
    assert "return" in grade(rename(lambda x: None, "double")).message
    error = grade(rename(lambda x: x / 0, "double"))
    assert error.kind == "error" and "ZeroDivisionError" in error.message
    check(rename(lambda x: x / 2, "double"))
    assert capsys.readouterr().out == "✘ double: halved\n"


def test_hints_rise_and_the_solution_is_shown(double, capsys):
    for _ in range(3):
        hint("double")
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["Hint 1 of 2: first", "Hint 2 of 2: second", "Hint 2 of 2: second"]
    solution("double")
    assert "return 2 * x" in capsys.readouterr().out
    with pytest.raises(ValueError, match="did you mean 'double'"):
        hint("doubel")


def test_inputs_are_not_changed_by_an_answer(monkeypatch):
    def total(values):
        return sum(values)

    def greedy(values):
        result = 0
        while values:
            result += values.pop()
        return result

    monkeypatch.setattr(
        grading,
        "all_exercises",
        lambda: [Exercise(total, lambda: [([1, 2],), ([3],)], ["h"], {})],
    )
    assert grade(rename(greedy, "total")).kind == "right"


def test_same_tells_numbers_apart():
    assert same(1.0, 1.0 + 1e-6) and not same(1.0, 1.001)
    assert (
        not same(True, 1) and not same((1, 2), (1, 2, 3)) and same([1, {"a": 2}], (1, {"a": 2.0}))
    )


def test_same_compares_models_by_structure_and_weights():
    def model(*more):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(2, 2), *more)

    assert same(model(), model())
    changed = model()
    changed[0].bias.data[0] += 1
    assert not same(model(), changed) and not same(model(), model(nn.ReLU()))


def test_same_takes_numpy_scalars_and_refuses_what_the_numbers_hide():
    values = torch.tensor([0.0, 1.0], requires_grad=True)
    assert same(np.float32(0.5), 0.5) and same(np.int64(3), 3) and same(np.bool_(True), True)
    assert same(torch.tensor(True), True) and not same(torch.tensor(1), True)
    assert same(values, values.detach()) and not same(
        values.detach(), values
    )  # a loss that was cut off
    assert not same(values.detach(), torch.tensor([0, 1])) and same(
        torch.tensor(1.0), torch.tensor(1)
    )


def test_a_constant_is_an_attempt(double):
    def zero(x):
        return 0

    assert grade(rename(zero, "double")).kind == "wrong"
    zero.__name__ = "double"
    assert grade(zero).kind == "wrong"

    def double(x):
        """Return twice x."""
        ...

    assert grade(double).kind == "not attempted"

    def double(x): ...

    assert grade(double).kind == "not attempted"


def test_results_that_look_alike_are_told_apart(monkeypatch):
    def ramp(n):
        return torch.arange(n, dtype=torch.float64)

    def last_one_off(n):
        return ramp(n) + (torch.arange(n) == n - 1)

    record = Exercise(ramp, lambda: [(5,), (20,)], ["h"], {})
    monkeypatch.setattr(grading, "all_exercises", lambda: [record])
    assert "expected  tensor of shape (5,)" in grade(rename(last_one_off, "ramp")).message
    monkeypatch.setattr(
        grading, "all_exercises", lambda: [Exercise(ramp, lambda: [(20,)], ["h"], {})]
    )
    assert (
        "first difference at [19]: 20, expected 19" in grade(rename(last_one_off, "ramp")).message
    )


def test_none_can_be_the_answer_and_an_error_shows_its_line(monkeypatch):
    def best(values):
        return min(values) if values else None

    monkeypatch.setattr(
        grading, "all_exercises", lambda: [Exercise(best, lambda: [([],), ([2, 1],)], ["h"], {})]
    )
    message = grade(rename(lambda values: None, "best")).message
    assert "return" not in message and "expected  1" in message

    def worst(values):
        return values[0] / 0 if values else None

    worst.__name__ = "best"
    assert "at        return values[0] / 0 if values else None" in grade(worst).message


def test_a_name_and_a_function_are_not_mixed_up(double, capsys):
    hint(rename(lambda x: x, "double"))
    hint("double")
    assert capsys.readouterr().out == "Hint 1 of 2: first\nHint 2 of 2: second\n"
    with pytest.raises(TypeError, match="the function itself, not quoted and not called"):
        check("double")
    with pytest.raises(TypeError, match="3 is not a name"):
        hint(3)


def test_the_report_is_told_the_last_state(double, session, capsys, monkeypatch):
    monkeypatch.setenv("LABHELPERS_NOTEBOOK", "02-mine.ipynb")
    check(rename(lambda x: x + 1, "double"))
    check(rename(lambda x: 2 * x, "double"))
    states = json.loads((session.runs / "exercises.json").read_text(encoding="utf-8"))
    assert states == {"02-mine": {"double": "right"}}
