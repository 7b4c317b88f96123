"""Models: their architecture, settings and hooks, for `describe`."""

from typing import Any

import torch
from torch import nn

from labhelpers.store import code
from labhelpers.store.describe import Context, part, plain
from labhelpers.store.own import is_own
from labhelpers.store.tensors import tensor_digest

_MODULE_PARTS = {*vars(nn.Module()), "training"}
_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
)


@plain.register(nn.Module)
def _(model: nn.Module, context: Context) -> Any:
    compiled = getattr(model, "_orig_mod", None)  # torch.compile
    if isinstance(compiled, nn.Module):
        return part(compiled, context)
    for name, parameter in model.named_parameters(remove_duplicate=False):
        context.parameters.setdefault(id(parameter), name)
    parts = [
        [name, type(module).__qualname__, _module(module, context)]
        for name, module in model.named_modules()
    ]
    classes = [part(cls, context) for cls in dict.fromkeys(map(type, model.modules()))]
    return code.short([parts, classes, *_tied(model), *_frozen(model, context)])


def _tied(model: nn.Module) -> list[Any]:
    """The names of parameters that are one and the same."""
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    tied = [found for found in names.values() if len(found) > 1]
    return [tied] if tied else []


def _frozen(model: nn.Module, context: Context) -> list[Any]:
    """The weights of a model that nothing trains, and whose weights nobody else hashes."""
    weights = dict(model.state_dict(keep_vars=True))
    if context.trained is None or any(weight.requires_grad for weight in model.parameters()):
        return []
    hashed = {
        name: tensor_digest(weight)
        for name, weight in weights.items()
        if isinstance(weight, torch.Tensor) and id(weight) not in context.trained
    }
    return [hashed] if hashed else []


def _module(module: nn.Module, context: Context) -> Any:
    """One module: its settings, the form of its weights, and its hooks."""
    own = is_own(type(module))
    settings = {
        key: part(item, context)
        for key, item in vars(module).items()
        if key not in _MODULE_PARTS
        and (own or key[0] != "_")
        and not context.is_moving(module, key)
    }
    weights = {
        name: None
        if weight is None
        else [shape_of(weight), str(weight.dtype), weight.requires_grad, *_hooks(weight, context)]
        for name, weight in module._parameters.items()
    }
    buffers: dict[str, Any] = {}
    for name, buffer in module._buffers.items():
        hidden = name in module._non_persistent_buffers_set
        if context.is_moving(module, name):
            continue
        if buffer is not None:  # persistent ones are hashed with the initial weights
            buffers[name] = (
                part(buffer, context) if hidden else [list(buffer.shape), str(buffer.dtype)]
            )
    hooks: list[Any] = [
        [part(hook, context) for hook in getattr(module, kind).values()] for kind in _HOOKS
    ]
    with_words = [len(getattr(module, f"{kind}_with_kwargs")) for kind in _HOOKS[:2]]
    hooks += [with_words] if any(with_words) else []
    return [settings, weights, buffers, hooks if any(hooks) else []]


def _hooks(weight: torch.Tensor, context: Context) -> list[Any]:
    kinds = (weight._backward_hooks, getattr(weight, "_post_accumulate_grad_hooks", None))
    found = [part(hook, context) for hooks in kinds for hook in (hooks or {}).values()]
    return [found] if found else []


def shape_of(weight: torch.Tensor) -> Any:
    """The sizes of a weight; those of a lazy layer are known after its first batch."""
    lazy = isinstance(weight, nn.parameter.UninitializedParameter | nn.UninitializedBuffer)
    return "not known yet" if lazy else list(weight.shape)
