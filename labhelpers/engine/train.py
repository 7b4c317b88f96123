"""`train`: the one training loop of the package."""

import copy
import math
import numbers
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from tqdm import tqdm

from labhelpers import session
from labhelpers.engine import checks
from labhelpers.engine.checkpoint import Progress, RunStore
from labhelpers.engine.epoch import deferred_interrupt, train_epoch
from labhelpers.engine.events import events
from labhelpers.store.door import whole_number
from labhelpers.store.fingerprint import describe

Row = dict[str, float]  # an epoch's numbers


@dataclass(frozen=True)
class Run:
    """A training run that came to its end.

    Example:
        >>> data = lab.load_data("digits")
        >>> lab.fit(lab.MLP(784, 10), data, epochs=1).best["epoch"]  # doctest: +ELLIPSIS
        training: 1 epoch in ...
        1
    """

    name: str | None
    state: dict[str, Any] = field(repr=False)  # the trained objects
    history: list[Row] = field(repr=False)  # one dict per epoch
    best: Row  # the row with the lowest monitored value, or the last
    seconds: float  # spent training
    path: Path | None  # the folder

    @property
    def model(self) -> nn.Module:
        """The trained model, ``state["model"]``."""
        return self.state["model"]


def train(
    step: Callable[[Any], dict[str, Tensor]],
    batches: checks.Batched,
    *,
    epochs: int,
    state: dict[str, Any],
    evaluate: Callable[[], dict[str, float]] | None = None,
    monitor: str = "val_loss",
    patience: int | None = None,
    run: str | None = None,
    fresh: bool = False,
    seed: int | None = None,
    choices: dict[str, Any] | None = None,
) -> Run:
    """Call `step` on every batch for some epochs; keep history, checkpoints and TensorBoard events.

    Args:
        step: does forward, loss, `zero_grad`, `backward` and `step` on one batch and returns scalar
            tensors, ``{"loss": …}`` and any others; they are averaged over examples.
        batches: iterated once per epoch; `Split.batches` or any loader. The length of a batch's
            first tensor is its number of examples.
        epochs: passes over the batches, at most.
        state: what the steps change, by name: modules, optimizers, schedules, generators. Changed
            in place.
        evaluate: called after each epoch, with the modules in `eval()` mode; its numbers join the
            history.
        monitor: the number, lower is better, that early stopping and `Run.best` watch.
        patience: stop after this many epochs without a lower `monitor`, with the best epoch's
            weights.
        run: the folder's name under the runs folder, such as ``"06/vae"``; None writes nothing. A
            finished run of the same fingerprint is loaded, an unfinished one goes on exactly where
            it stood.
        fresh: train from the start whatever the folder holds.
        seed: seeds the global generators for this run alone; the session's seed by default.
        choices: further hyperparameters, for the fingerprint and for TensorBoard. What `step` reads
            from files or from the environment cannot be seen: name it here.

    Raises ValueError for epochs or patience below 1, no batches, or a `monitor` that is not
    reported; TypeError for a `state` that cannot be saved, or that lacks what a named run's `step`
    changes; NonFiniteLossError when the loss, or a weight at an epoch's end, became NaN or
    infinite; and KeyboardInterrupt when interrupted, saved after the running step. After any error
    the same call goes on from the last checkpoint.

    Example:
        >>> model = torch.nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> def step(x):
        ...     loss = model(x).square().mean()
        ...     optimizer.zero_grad()
        ...     loss.backward()
        ...     optimizer.step()
        ...     return {"loss": loss}
        >>> state = {"model": model, "optimizer": optimizer}
        >>> run = lab.train(step, [torch.ones(4, 1)], epochs=2, state=state)  # doctest: +ELLIPSIS
        training: 2 epochs in ...
    """
    # The door: bad input ends here, with a sentence.
    epochs = whole_number("epochs", epochs)
    patience = None if patience is None else whole_number("patience", patience)
    checks.require_batches(batches)
    checks.require_state(state)
    if not callable(step):
        raise TypeError(f"step={step!r} cannot be called: give the function itself, not its result")
    current = session.current()
    seed = current.seed if seed is None else whole_number("seed", seed, least=0)
    if run:
        checks.require_everything(step, evaluate, batches, state)

    # What was asked for, in plain values, decides what may be loaded.
    rules = {"epochs": epochs, "patience": patience, "monitor": monitor, "seed": seed}
    asked = rules | {key: describe(value) for key, value in (choices or {}).items()}
    seen = {"budget": current.budget, "step": step, "data": batches, "evaluate": evaluate, **state}
    folder = current.run_folder(run) if run else None
    fingerprint = asked | describe(seen, trained=state) if run else asked
    keep_gradients = bool(run) and checks.accumulates(step)

    loop = _Loop(step, batches, evaluate, epochs, monitor, patience, run or "training")
    store = RunStore(folder, state, fingerprint, keep_gradients)
    with store.alone(loop.name):
        trouble = "" if fresh else store.load()
        if trouble:
            loop.say(f"{loop.name}: {trouble}")
        loop.resume(store, seed, asked)
    progress = store.progress
    if progress.best:
        store.learned().load_state_dict(progress.best)  # environments stay as they are
    store.modules.eval()
    best = best_row(progress.history, monitor)
    return Run(run, state, progress.history, best, progress.seconds, store.folder)


@dataclass(frozen=True)
class _Loop:
    """What a run does, apart from the state that it changes."""

    step: Callable
    batches: checks.Batched
    evaluate: Callable[[], dict[str, float]] | None
    epochs: int
    monitor: str
    patience: int | None
    name: str

    def say(self, line: str) -> None:
        if not session.current().quiet:
            print(line)

    def is_done(self, history: list[Row]) -> bool:
        waited = len(history) - best_row(history, self.monitor).get("epoch", 0)
        gave_up = self.patience is not None and waited >= self.patience
        return len(history) >= self.epochs or gave_up

    def resume(self, store: RunStore, seed: int, choices: dict[str, Any]) -> None:
        """Train from where the store stands to the end, and say how it went in one line."""
        progress = store.progress
        if self.is_done(progress.history):
            self.say(f"{self.name}: loaded · {self._summary(progress)}")
            return
        done = len(progress.history) * len(self.batches) + progress.step
        bar = tqdm(
            total=self.epochs * len(self.batches),
            initial=done,
            disable=session.current().quiet,
            leave=False,
            file=sys.stdout,
        )
        try:
            with (
                session.isolated_random_state(seed),
                deferred_interrupt() as interrupted,
                events(store, choices) as write_events,
                bar,
            ):
                if progress.now:
                    session.set_random_state(progress.now, store.generators)
                while not self.is_done(progress.history):
                    self._epoch(store, bar, interrupted, write_events)
        except BaseException:  # also Ctrl-C: the objects in memory are half trained
            store.failed()
            raise
        again = f"resumed after step {done} · " if done else ""
        self.say(f"{self.name}: {again}{self._summary(progress)}")

    def _epoch(
        self, store: RunStore, bar: tqdm, interrupted: Callable, write_events: Callable
    ) -> None:
        progress = store.progress
        epoch = len(progress.history) + 1
        bar.set_description_str(f"{self.name} · epoch {epoch}/{self.epochs}", refresh=False)
        row = train_epoch(self.step, self.batches, store, bar, interrupted)
        store.modules.eval()
        row |= self._evaluated()
        if self.patience and self.monitor not in row:
            known = ", ".join(row)
            raise ValueError(f"monitor={self.monitor!r} is not reported: choose from {known}")

        # The epoch is over: its row joins the history, and the next one begins at its first step.
        progress.history.append(row)
        progress.step, progress.examples, progress.sums = 0, 0, {}
        if self.patience and best_row(progress.history, self.monitor) is row:
            progress.best = copy.deepcopy(store.learned().state_dict())
        write_events(row)
        if self.is_done(progress.history):
            store.save()
        else:
            store.save_if_due()

    def _evaluated(self) -> Row:
        found = self.evaluate() if self.evaluate else {}
        if not isinstance(found, dict):
            kind = type(found).__name__
            raise TypeError(f"evaluate returned a {kind}: return a dict of numbers by name")
        return {key: _number(key, value) for key, value in found.items()}

    def _summary(self, progress: Progress) -> str:
        best = best_row(progress.history, self.monitor)
        passes = f"{(n := len(progress.history))} epoch{'s' * (n != 1)}"
        took = f"{passes} in {progress.seconds:.1f} s"
        if self.monitor not in best:
            return took
        return f"{took} · best {self.monitor} {best[self.monitor]:.4f} in epoch {best['epoch']}"


def best_row(history: list[Row], monitor: str) -> Row:
    """Return the row with the lowest monitored value (the first of equals), or the last row."""
    if not history or monitor not in history[-1]:
        return history[-1] if history else {}

    def value(row: Row) -> float:
        return row[monitor] if math.isfinite(row[monitor]) else math.inf

    return min(history, key=value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, numbers.Real) or getattr(value, "numel", lambda: 0)() == 1:
        return float(value)
    raise TypeError(f"evaluate returned {name}={value!r}: return numbers, such as float(x)")
