"""Two labs as a student meets them: JupyterLab in a real browser, with the smoke budget."""

import importlib
import inspect
import re

import pytest
import torch
import torch.nn.functional as F

from labhelpers.exercises import grading

TRAINING = """lab.seed_everything(0)
digits = lab.load_data("mnist")
lab.fit(lab.MLP(784, 64, 10), digits, epochs=300, run="browser/{number}").best["epoch"]"""


def outputs(lab):
    return [output for cell in lab.cells() for output in cell.get("outputs", [])]


def test_all_cells_run_in_order_without_errors_or_warnings(lab):
    assert not [o for o in outputs(lab) if o["output_type"] == "error" or o.get("name") == "stderr"]
    code = [cell for cell in lab.cells() if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not lab.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count()


def test_every_figure_is_rendered(lab):
    widths = lab.figure_widths()
    assert len(widths) == sum("image/png" in output.get("data", {}) for output in outputs(lab)) > 0
    assert min(widths) > 0


def test_every_figure_has_an_alternative_text_and_its_caption_as_text(lab):
    shown = lab.page.evaluate(
        """() => [...document.querySelectorAll(".jp-OutputArea figure")].map(
            figure => [figure.querySelector("img").alt, figure.textContent])"""
    )
    assert shown and all(alt for alt, _ in shown)
    captions = [
        output["metadata"]["image/png"]["caption"]
        for output in outputs(lab)
        if "image/png" in output.get("data", {})
    ]
    words = {" ".join(text.split()) for _, text in shown} - {""}  # a figure may have no caption
    assert words and words <= {" ".join(caption.split()) for caption in captions}


def test_progress_bars_came_and_went(lab):
    assert lab.bars()
    assert "%|" not in lab.page.locator(".jp-Notebook").inner_text()


def test_tensorboard_opens(lab):
    for cell in lab.cells():
        if "%tensorboard --logdir" in "".join(cell["source"]):
            assert "<iframe" in str(cell["outputs"])


def answers(number):
    """A lab's first exercise whose answers can be typed: its name, and pairs of a source and what
    is said to it.
    """
    for exercise in importlib.import_module(f"labhelpers.exercises.lab{number}").EXERCISES:
        for sentence, mistake in exercise.mistakes.items():
            typed = []
            for function, said in (
                (mistake, sentence),
                (exercise.solution, f"{exercise.name}: right"),
            ):
                source = inspect.getsource(function)
                source = source[source.index("def ") :]  # without its sentence
                source = source.replace(f"def {function.__name__}(", f"def {exercise.name}(")
                names = {"torch": torch, "F": F}
                exec(source, names)
                if said in grading.grade(names[exercise.name]).message:
                    typed.append((source.strip(), said))
            if len(typed) == 2:
                return exercise.name, typed
    pytest.fail(f"no exercise of lab {number} has answers that stand on their own")


def test_wrong_answer_names_the_mistake_and_right_answer_passes(lab):
    name, typed = answers(lab.number)
    i = lab.find(f"lab.check({name})")
    for (source, said), mark in zip(typed, "✘✔", strict=True):
        lab.type(i, f"{source}\n\n\nlab.check({name})")
        output = lab.run(i)
        lab.picture("wrong" if mark == "✘" else "right", i)
        assert output.startswith(mark) and said in output


def test_interrupted_training_goes_on_where_it_was(lab):
    i = lab.append(TRAINING.replace("{number}", lab.number))
    lab.start(i)
    lab.page.wait_for_function(
        "i => /epoch [1-9]\\d.*%\\|/.test(panel.content.widgets[i].node.innerText)", arg=i
    )
    lab.picture("training", i)
    lab.interrupt()
    stopped = lab.finish(i)
    lab.picture("interrupted", i)
    epoch, step, steps = map(
        int, re.search(r"interrupted in epoch (\d+), after step (\d+) of (\d+)", stopped).groups()
    )
    resumed = lab.run(i)
    lab.picture("resumed", i)
    assert (
        f"browser/{lab.number}: resumed after step {(epoch - 1) * steps + step} · 300 epochs"
        in resumed
    )
    assert "%|" not in stopped + resumed and "Error" not in resumed
