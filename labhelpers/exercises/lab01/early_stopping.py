"""Lab 01, exercise `early_stopping`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def early_stopping(val_losses, patience):
    """The epoch (from 1) after which training stops, and the epoch whose weights are kept."""
    best = 1
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < val_losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(val_losses), best


def _loss_inputs():
    return [
        ([0.50, 0.40, 0.30, 0.31, 0.32, 0.33, 0.29], 3),
        ([0.50, 0.40, 0.45, 0.44, 0.43, 0.42, 0.41], 2),
        ([0.9, 0.8, 0.7], 2),
        ([0.3, 0.4, 0.5, 0.2], 1),
        ([0.5, 0.4, 0.4, 0.4, 0.3], 2),  # as low as the best is not lower
        ([0.6, 0.7, 0.5, 0.55, 0.4, 0.45], 2),  # each new best starts the patience anew
    ]


exercise = Exercise(
    early_stopping,
    _loss_inputs,
    hints=[
        "Which loss must a new epoch beat: the one before it, or the best so far?",
        "Keep the number of the best epoch. Stop when epoch - best reaches patience.",
    ],
)


@exercise.mistake(
    "this compares with the epoch before: a loss that rises once and then creeps down, "
    "never below its best, would go on for ever. Compare with the best so far."
)
def _compare_with_last(val_losses, patience):
    worse, best = 0, 1
    for epoch in range(2, len(val_losses) + 1):
        worse = worse + 1 if val_losses[epoch - 1] >= val_losses[epoch - 2] else 0
        best = epoch if val_losses[epoch - 1] < val_losses[best - 1] else best
        if worse >= patience:
            return epoch, best
    return len(val_losses), best


@exercise.mistake(
    "the epoch is right, but the weights kept are the last ones: keep those of the best epoch."
)
def _keep_last(val_losses, patience):
    stopped, _ = early_stopping(val_losses, patience)
    return stopped, stopped


@exercise.mistake(
    "one epoch too late: stop as soon as `patience` epochs have passed without a new best."
)
def _one_late(val_losses, patience):
    return early_stopping(val_losses, patience + 1)


@exercise.mistake("epochs are counted from 1 here, list positions from 0.")
def _count_from_zero(val_losses, patience):
    stopped, best = early_stopping(val_losses, patience)
    return stopped - 1, best - 1


@exercise.mistake("a loss that only equals the best so far is not better: it has to be lower.")
def _ties_count(val_losses, patience):
    falling = [loss - 1e-9 * i for i, loss in enumerate(val_losses)]  # what was equal is lower now
    return early_stopping(falling, patience)


@exercise.mistake(
    "the patience starts anew with each new best: the count of worse epochs is never set back."
)
def _count_never_reset(val_losses, patience):
    worse, best = 0, 1
    for epoch in range(2, len(val_losses) + 1):
        if val_losses[epoch - 1] < val_losses[best - 1]:
            best = epoch
        else:
            worse += 1
        if worse >= patience:
            return epoch, best
    return len(val_losses), best


@exercise.mistake(
    "this looks at the whole list: in training, the epochs after the stop do not exist."
)
def _never_stop(val_losses, patience):
    return len(val_losses), 1 + min(range(len(val_losses)), key=lambda i: val_losses[i])


@exercise.mistake(
    "the two epochs are swapped: first the one after which training stops, then the one whose "
    "weights are kept."
)
def _swapped(val_losses, patience):
    return early_stopping(val_losses, patience)[::-1]
