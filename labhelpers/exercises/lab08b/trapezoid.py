"""Lab 08b, exercise `trapezoid`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def trapezoid(share, warmup, decay):
    """The lowest of the rising line, the level and the falling line; a ramp of no length does not
    count.
    """
    rise = share / warmup if warmup else 1.0
    fall = (1 - share) / decay if decay else 1.0
    return min(rise, 1.0, fall)


def _inputs():
    return [
        (0.05, 0.1, 0.2),
        (0.5, 0.1, 0.2),
        (0.95, 0.1, 0.2),
        (0.15, 0.3, 0.4),
        (0.8, 0.3, 0.4),
        (0.0, 0.0, 0.5),
        (1.0, 0.2, 0.0),
    ]


exercise = Exercise(
    trapezoid,
    _inputs,
    hints=[
        (
            "Three straight lines: one rises, one is level, one falls. Where is each of "
            "them the lowest?"
        ),
        (
            "The rising one is share / warmup. The falling one is 0 at share = 1 and 1 at "
            "share = 1 - decay."
        ),
        "A ramp of length 0 has no slope to divide by: leave it out.",
    ],
)


@exercise.mistake("a warm-up or a decay of 0 divides by zero: such a ramp has to be left out.")
def _no_guard(share, warmup, decay):
    return min(share / warmup, 1.0, (1 - share) / decay)


@exercise.mistake(
    "the decay begins right after the warm-up: it has to wait until only the share `decay` is left."
)
def _decays_at_once(share, warmup, decay):
    if warmup and share < warmup:
        return share / warmup
    return (1 - share) / (1 - warmup) if decay else 1.0


@exercise.mistake(
    "`decay` is the length of the last part, not the place where it begins: that is 1 - decay."
)
def _decay_is_the_start(share, warmup, decay):
    if warmup and share < warmup:
        return share / warmup
    return 1.0 if share < decay or not decay else (1 - share) / (1 - decay)


@exercise.mistake("the last part rises from 0 to 1: it has to fall.")
def _wrong_way_down(share, warmup, decay):
    if decay and share > 1 - decay:
        return (share - (1 - decay)) / decay
    return trapezoid(share, warmup, 0)


@exercise.mistake("the warm-up is missing.")
def _no_warmup(share, warmup, decay):
    return trapezoid(share, 0, decay)


@exercise.mistake("the decay at the end is missing.")
def _no_decay(share, warmup, decay):
    return trapezoid(share, warmup, 0)
