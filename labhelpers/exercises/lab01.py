"""Lab 01: the loss, honest averages, evaluation mode, early stopping, the test set."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import nn

from labhelpers.exercises import Exercise


def mean_cross_entropy(logits, labels):
    """Mean over the batch of -log softmax(logits)[label], in nats."""
    log_probabilities = logits - logits.logsumexp(1, keepdim=True)  # (N, K)
    return -log_probabilities[torch.arange(len(labels)), labels].mean()


def _softmax_first(logits, labels):
    return F.cross_entropy(logits.softmax(1), labels)


def _sum_over_batch(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")


def _mean_over_all(logits, labels):
    return F.cross_entropy(logits, labels) / logits.shape[1]


def _no_minus(logits, labels):
    return -F.cross_entropy(logits, labels)


def _underflow(logits, labels):
    return -logits.softmax(1)[torch.arange(len(labels)), labels].log().mean()


def _no_softmax(logits, labels):
    return F.nll_loss(logits, labels)


def dataset_accuracy(batches):
    """Share of right answers over all examples of all batches."""
    right = sum((logits.argmax(1) == labels).sum().item() for logits, labels in batches)
    return right / sum(len(labels) for _, labels in batches)


def _mean_of_batches(batches):
    shares = [(logits.argmax(1) == labels).float().mean().item() for logits, labels in batches]
    return sum(shares) / len(shares)


def _first_batch_only(batches):
    logits, labels = batches[0]
    return (logits.argmax(1) == labels).float().mean().item()


def _all_as_large_as_first(batches):
    right = sum((logits.argmax(1) == labels).sum().item() for logits, labels in batches)
    return right / (len(batches) * len(batches[0][1]))


def _count_not_share(batches):
    return sum((logits.argmax(1) == labels).sum().item() for logits, labels in batches)


def logits_at_test_time(model, x):
    """Logits without dropout and with running statistics; the model's mode stays as it was."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(x)
    model.train(was_training)
    return logits


def _forget_eval(model, x):
    return model(x)


def _leave_in_eval(model, x):
    model.eval()
    return model(x)


def _leave_in_train(model, x):
    model.eval()
    logits = model(x)
    model.train()
    return logits


def early_stopping(val_losses, patience):
    """The epoch (from 1) after which training stops, and the epoch whose weights are kept."""
    best = 1
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < val_losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(val_losses), best


def _compare_with_last(val_losses, patience):
    worse, best = 0, 1
    for epoch in range(2, len(val_losses) + 1):
        worse = worse + 1 if val_losses[epoch - 1] >= val_losses[epoch - 2] else 0
        best = epoch if val_losses[epoch - 1] < val_losses[best - 1] else best
        if worse >= patience:
            return epoch, best
    return len(val_losses), best


def _keep_last(val_losses, patience):
    stopped, _ = early_stopping(val_losses, patience)
    return stopped, stopped


def _one_late(val_losses, patience):
    return early_stopping(val_losses, patience + 1)


def _count_from_zero(val_losses, patience):
    stopped, best = early_stopping(val_losses, patience)
    return stopped - 1, best - 1


def _never_stop(val_losses, patience):
    return len(val_losses), 1 + min(range(len(val_losses)), key=lambda i: val_losses[i])


def _ties_count(val_losses, patience):
    return early_stopping([loss - 1e-9 * i for i, loss in enumerate(val_losses)], patience)  # equal: now lower


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


def reported_accuracy(history):
    """The test accuracy of the epoch with the lowest validation loss."""
    return min(history, key=lambda row: row["val_loss"])["test_accuracy"]


def _best_on_test(history):
    return max(row["test_accuracy"] for row in history)


def _stop_on_test(history):
    return min(history, key=lambda row: row["test_loss"])["test_accuracy"]


def _stop_on_training(history):
    return min(history, key=lambda row: row["loss"])["test_accuracy"]


def _report_validation(history):
    return min(history, key=lambda row: row["val_loss"])["val_accuracy"]


def _chosen_by_accuracy(history):
    return max(history, key=lambda row: row["val_accuracy"])["test_accuracy"]


def _logits_inputs():
    generator = torch.Generator().manual_seed(1)
    sizes = [(4, 3), (8, 10), (1, 2), (5, 10)]
    large = (torch.tensor([[200.0, 0.0, -1.0], [1.0, 2.0, -200.0]]), torch.tensor([1, 2]))

    def draw(n, k):
        return 3 * torch.randn(n, k, generator=generator), torch.randint(k, (n,), generator=generator)

    return [*(draw(n, k) for n, k in sizes), large]


def _batch_inputs():
    generator = torch.Generator().manual_seed(2)

    def batch(size):
        return torch.randn(size, 4, generator=generator), torch.randint(4, (size,), generator=generator)

    return [([batch(size) for size in sizes],) for sizes in ((8, 8, 3), (5, 1), (6,), (4, 4, 4, 1))]


def _model_inputs():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))
        model(torch.randn(32, 6))  # the running statistics leave their initial values
        trained = copy.deepcopy(model).eval()
        return [(model, torch.randn(4, 6)), (model, torch.randn(2, 6)), (trained, torch.randn(4, 6))]


def _loss_inputs():
    return [
        ([0.50, 0.40, 0.30, 0.31, 0.32, 0.33, 0.29], 3),
        ([0.50, 0.40, 0.45, 0.44, 0.43, 0.42, 0.41], 2),
        ([0.9, 0.8, 0.7], 2),
        ([0.3, 0.4, 0.5, 0.2], 1),
        ([0.5, 0.4, 0.4, 0.4, 0.3], 2),  # as low as the best is not lower
        ([0.6, 0.7, 0.5, 0.55, 0.4, 0.45], 2),  # each new best starts the patience anew
    ]


def _history_inputs():
    generator = torch.Generator().manual_seed(4)
    names = ("loss", "val_loss", "val_accuracy", "test_loss", "test_accuracy")
    tables = torch.rand(3, 6, len(names), generator=generator).tolist()
    return [([dict(zip(names, row, strict=True)) for row in table],) for table in tables]


EXERCISES = [
    Exercise(
        mean_cross_entropy,
        _logits_inputs,
        [
            "Write the softmax of one row as exp(z) / sum(exp(z)) and take its logarithm.",
            "log softmax(z) = z - log sum exp(z); torch.logsumexp(logits, 1, keepdim=True) is the stable way.",
            "Pick the entry of the true class with logits[torch.arange(N), labels]; then the minus and the mean.",
        ],
        {
            "softmax before F.cross_entropy: that function takes logits and applies log-softmax itself, so the "
            "probabilities are squashed twice and the loss can never come near 0.": _softmax_first,
            "this is the sum over the batch: the loss, and with it the gradient, would grow with the batch size.": (
                _sum_over_batch
            ),
            "divided by the number of classes too: each example has one true class, so average over N only.": (
                _mean_over_all
            ),
            "the sign is wrong: minimising this makes the true class less likely.": _no_minus,
            "these are logits, not log-probabilities: subtract logsumexp first.": _no_softmax,
            "right on paper, but in float32 the exponential of 200 is infinite and that of -200 is 0: work with "
            "logarithms, logits - logsumexp.": _underflow,
        },
    ),
    Exercise(
        dataset_accuracy,
        _batch_inputs,
        [
            "The last batch is smaller. How much should it count?",
            "Add up right answers and examples separately; divide once, at the end.",
        ],
        {
            "this averages over batches: the few images of a small last batch count as much as a full batch. "
            "Count right answers and divide by the number of examples.": _mean_of_batches,
            "only the first batch is counted: is the `return` inside the loop?": _first_batch_only,
            "not every batch is as large as the first: add up len(labels).": _all_as_large_as_first,
            "this is the number of right answers; divide it by the number of examples.": _count_not_share,
        },
    ),
    Exercise(
        logits_at_test_time,
        _model_inputs,
        [
            "Two kinds of layers act differently in training: dropout, and batch normalisation.",
            "model.eval() switches both; torch.no_grad() switches neither, it only saves memory.",
            "Remember model.training before, and call model.train(remembered) afterwards.",
        ],
        {
            "eval() is forgotten: dropout still drops units and batch normalisation uses this batch's own mean, so "
            "the answer for one image depends on chance and on its neighbours. no_grad() does not change that.": (
                _forget_eval
            ),
            "the logits are right, but the model is left in eval mode: training would go on without dropout.": (
                _leave_in_eval
            ),
            "the logits are right, but train() is called whatever the mode was before: remember model.training.": (
                _leave_in_train
            ),
        },
        observe=lambda model, x: model.training,
    ),
    Exercise(
        early_stopping,
        _loss_inputs,
        [
            "Which loss must a new epoch beat: the one before it, or the best so far?",
            "Keep the number of the best epoch. Stop when epoch - best reaches patience.",
        ],
        {
            "this compares with the epoch before: a loss that rises once and then creeps down, never below its best, "
            "would go on for ever. Compare with the best so far.": _compare_with_last,
            "the epoch is right, but the weights kept are the last ones: keep those of the best epoch.": _keep_last,
            "one epoch too late: stop as soon as `patience` epochs have passed without a new best.": _one_late,
            "epochs are counted from 1 here, list positions from 0.": _count_from_zero,
            "a loss that only equals the best so far is not better: it has to be lower.": _ties_count,
            "the patience starts anew with each new best: the count of worse epochs is never set back.": (
                _count_never_reset
            ),
            "this looks at the whole list: in training, the epochs after the stop do not exist.": _never_stop,
        },
    ),
    Exercise(
        reported_accuracy,
        _history_inputs,
        [
            "Which of the three data sets may choose the epoch?",
            "Choose by validation loss, report on the test set: min(history, key=…)[…].",
        ],
        {
            "the test set has leaked: it chose the epoch with its own best accuracy, so it can no longer say how "
            "well unseen digits are read. Choose by validation loss.": _best_on_test,
            "the test set has leaked into early stopping: its loss chose the epoch. Choose by validation loss.": (
                _stop_on_test
            ),
            "the training loss chose the epoch: it nearly always falls, also while the network overfits.": (
                _stop_on_training
            ),
            "this is the validation accuracy of the chosen epoch: it chose that epoch, so it is flattered by it. "
            "Report the test accuracy.": _report_validation,
            "honest, since the test set had no part in it; but this lab stops by the validation loss, so let that "
            "choose the epoch.": _chosen_by_accuracy,
        },
    ),
]
