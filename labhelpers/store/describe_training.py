"""Optimizers, schedules and scalers, by what they were set to, for `describe`."""

from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from labhelpers.store import code
from labhelpers.store.describe import Context, part, plain
from labhelpers.store.describe_models import shape_of
from labhelpers.store.own import is_own

_MOVES = {  # how far a schedule has come
    "last_epoch",
    "T_cur",
    "T_i",
    "best",
    "num_bad_epochs",
    "cooldown_counter",
    "_step_count",
    "_last_lr",
    "_is_initial",
    "_get_lr_called_within_step",
    "_initial_step",
    "optimizer",
    "verbose",
}


@plain.register(torch.optim.Optimizer)
def _(optimizer: torch.optim.Optimizer, context: Context) -> Any:
    groups = {}
    for number, group in enumerate(optimizer.param_groups, start=1):
        settings = {key: item for key, item in group.items() if key not in ("params", "initial_lr")}
        if "initial_lr" in group:  # a schedule moves the rate itself
            settings["lr"] = group["initial_lr"]
        if "max_momentum" in group:  # and OneCycleLR or CyclicLR the momentum too
            settings = {k: v for k, v in settings.items() if k not in ("momentum", "betas")}
        by_hand = {key: optimizer.defaults[key] for key in context.set_by_hand & set(settings)}
        settings |= by_hand
        names = [context.parameters.get(id(weight), "?") for weight in group["params"]]
        shapes = [[shape_of(weight), weight.requires_grad] for weight in group["params"]]
        members = {"members": code.short([names, shapes])}
        groups[f"group {number}"] = part(settings, context) | members
    hooks = [
        part(hook, context)
        for kind in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
        for hook in getattr(optimizer, kind, {}).values()
    ]
    own = {}
    if is_own(type(optimizer)):
        usual = {*vars(torch.optim.SGD([torch.zeros(1)])), "param_groups", "state"}
        own = {
            name: part(item, context)
            for name, item in vars(optimizer).items()
            if name not in usual and not context.is_moving(optimizer, name)
        }
    return {
        type(optimizer).__qualname__: groups,
        "class": part(type(optimizer), context),
        "hooks": hooks,
        **({"settings": own} if own else {}),
    }


@plain.register(LRScheduler)
@plain.register(ReduceLROnPlateau)
def _(schedule: Any, context: Context) -> Any:
    settings = {key: item for key, item in vars(schedule).items() if key not in _MOVES}
    return {
        type(schedule).__qualname__: {
            key: part(item, context)
            for key, item in settings.items()
            if not context.is_moving(schedule, key) and not key.startswith("_wrapped")
        },
        "class": part(type(schedule), context),
    }


@plain.register(torch.amp.GradScaler)
def _(scaler: torch.amp.GradScaler, context: Context) -> Any:
    names = ("_init_scale", "_growth_factor", "_backoff_factor", "_growth_interval", "_enabled")
    return {"GradScaler": {name: part(getattr(scaler, name, None), context) for name in names}}
