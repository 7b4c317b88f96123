"""Lab 02, exercise `diagnosis`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def diagnosis(shallow, deep):
    """Better on validation, or else by whether the training loss went up too."""
    if deep["validation"] < shallow["validation"]:
        return "better"
    return "degradation" if deep["training"] > shallow["training"] else "overfitting"


def _loss_pairs():
    pairs = [(0.10, 0.20, 0.50, 0.55), (0.10, 0.20, 0.01, 0.30), (0.10, 0.20, 0.05, 0.15)]
    pairs += [(0.10, 0.20, 0.15, 0.40), (0.10, 0.30, 0.12, 0.20)]
    return [
        tuple({"training": t, "validation": v} for t, v in (pair[:2], pair[2:])) for pair in pairs
    ]


exercise = Exercise(
    diagnosis,
    _loss_pairs,
    hints=[
        "First: is the validation loss lower? Then there is no disease.",
        (
            "If not: did the deeper network at least fit its training images better than "
            "the shallower one?"
        ),
    ],
)


@exercise.mistake(
    "the gap between the two losses is not what decides: a network that fits even its "
    "training images worse than a shallower one suffers from degradation, however large its "
    "gap is."
)
def _by_gap(shallow, deep):
    if deep["validation"] < shallow["validation"]:
        return "better"
    gaps = [losses["validation"] - losses["training"] for losses in (shallow, deep)]
    return "overfitting" if gaps[1] > gaps[0] else "degradation"


@exercise.mistake(
    "a higher validation loss need not be overfitting: look at the training loss too."
)
def _always_overfitting(shallow, deep):
    return "better" if deep["validation"] < shallow["validation"] else "overfitting"


@exercise.mistake(
    "a higher training loss is no disease when the validation loss is lower: look at "
    "validation first."
)
def _training_decides(shallow, deep):
    if deep["training"] > shallow["training"]:
        return "degradation"
    return "better" if deep["validation"] < shallow["validation"] else "overfitting"


@exercise.mistake("the names are swapped: in overfitting the training loss is lower, not higher.")
def _the_other_way_round(shallow, deep):
    other = {"better": "better", "overfitting": "degradation", "degradation": "overfitting"}
    return other[diagnosis(shallow, deep)]


@exercise.mistake(
    "the training loss alone decides: a network that fits its training images better may still "
    "read new ones worse. Compare the validation losses first."
)
def _training_alone(shallow, deep):
    return "better" if deep["training"] < shallow["training"] else "degradation"


@exercise.mistake(
    "the training loss alone decides, and a higher one is called overfitting, though it is a sign "
    "of degradation. Compare the validation losses first."
)
def _training_alone_and_swapped(shallow, deep):
    return "better" if deep["training"] < shallow["training"] else "overfitting"


@exercise.mistake(
    "the training loss alone decides, so no network is ever better: ask first whether the "
    "validation loss is lower."
)
def _never_better(shallow, deep):
    return "degradation" if deep["training"] > shallow["training"] else "overfitting"


@exercise.mistake(
    "a higher validation loss need not be degradation: look at the training loss too."
)
def _always_degradation(shallow, deep):
    return "better" if deep["validation"] < shallow["validation"] else "degradation"
