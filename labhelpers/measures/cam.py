"""Class activation maps and Grad-CAM: where in the image the evidence for a class lies."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from labhelpers.measures.metrics import evaluating, logits_of


@torch.no_grad()
def class_activation_maps(model: nn.Module, x: Tensor) -> Tensor:
    """Return the map (N, K, H', W') of every class, in logits, for normalised images (N, C, H, W).

    `model` averages its ``features(x)`` (N, D, H', W') over space and reads them with one linear
    ``head``, as `ResNet` does. A map's mean plus the class's bias is the logit (Zhou et al. 2016,
    arXiv:1512.04150, equations 1 and 2). Raises TypeError for a model of another form.

    Example:
        >>> lab.class_activation_maps(lab.ResNet(3, width=4), torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 10, 4, 4])
    """
    features, head = getattr(model, "features", None), getattr(model, "head", None)
    if not isinstance(features, nn.Module) or not isinstance(head, nn.Linear):
        form = (
            "features, their mean over space and one linear head, as in lab.ResNet; "
            "lab.grad_cam takes any"
        )
        raise TypeError(f"{type(model).__name__} has no class activation maps, which need {form}")
    with evaluating(model):
        maps = features(x.clone())  # (N, D, H', W'); a first layer in place must not change x
    return torch.einsum("kd,ndhw->nkhw", head.weight, maps)


def grad_cam(model: nn.Module, layer: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Return Grad-CAM's map (N, H', W') of one class for each image x (N, C, H, W).

    Each of the D maps that `layer` gives is weighted with the mean of the logit's gradient over it
    (Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2); ``.relu()`` on the result is the
    paper's last step, left to the caller because it hides the evidence against a class. Parameters
    get no gradient, and the model stays in the mode it was in.

    Args:
        layer: a module of `model` that gives (N, D, H', W'), once in a pass.
        labels: (N,), the class whose logit is explained; a wrong one may be asked for.

    Raises ValueError when `layer` takes no part in the logits, takes part more than once or gives
    another kind of output, and for labels that are not one class for each image.

    Example:
        >>> model = lab.ResNet(3, width=4)
        >>> labels = torch.tensor([3, 5])
        >>> lab.grad_cam(model, model.features, torch.rand(2, 3, 16, 16), labels).shape
        torch.Size([2, 4, 4])
    """
    if not x.is_floating_point():
        raise ValueError(f"images are {x.dtype}: give them normalised, as split.batches does")
    # Gradients are wanted here even inside a caller's no_grad or inference_mode.
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        # A gradient for x, so that frozen weights do no harm; a copy, so that a first layer that
        # works in place changes neither the caller's images nor a leaf.
        images = x.detach().clone().requires_grad_().clone()
        with _recording(layer) as outputs:
            logits = logits_of(model, images)

        maps = _only_maps(outputs)
        labels = _classes(labels, logits)
        chosen = logits.gather(1, labels[:, None]).sum()  # images do not mix in eval mode
        (gradient,) = torch.autograd.grad(chosen, maps, allow_unused=True)

    if gradient is None:
        raise ValueError("the logits do not depend on the layer's output: choose one they rest on")
    weights = gradient.mean((2, 3))  # (N, D)
    return torch.einsum("nd,ndhw->nhw", weights, maps.detach())


@contextlib.contextmanager
def _recording(layer: nn.Module) -> Iterator[list[Any]]:
    """Collect what `layer` gives in each forward pass of the block."""
    outputs: list[Any] = []

    def record(module: nn.Module, args: Any, output: Any) -> Any:
        outputs.append(output)
        # What follows gets a copy: an operation in place, such as nn.ReLU(inplace=True), would
        # change the maps under our hands.
        return output.clone() if isinstance(output, Tensor) else None

    hook = layer.register_forward_hook(record)
    try:
        yield outputs
    finally:
        hook.remove()


def _only_maps(outputs: list[Any]) -> Tensor:
    fix = "choose one that gives maps (N, D, H', W') once in a pass"
    if len(outputs) > 1:
        raise ValueError(f"the layer is used {len(outputs)} times in a pass: {fix}")
    maps = outputs[0] if outputs else None
    if not isinstance(maps, Tensor):
        given = f"a {type(maps).__name__}" if outputs else "nothing"
        raise ValueError(f"the layer gives {given}: {fix}")
    if maps.ndim != 4:
        raise ValueError(f"the layer gives {tuple(maps.shape)}: {fix}")
    if not maps.requires_grad:
        raise ValueError(f"the layer's output does not depend on the images: {fix}")
    return maps


def _classes(labels: Tensor, logits: Tensor) -> Tensor:
    """Return `labels` as whole numbers beside the logits (N, K), or say what is wrong with them."""
    if logits.ndim != 2:
        raise ValueError(f"the model gives {tuple(logits.shape)}: let it return logits (N, K)")
    labels = torch.as_tensor(labels, device=logits.device)
    n, classes = logits.shape
    if labels.shape != (n,) or labels.is_floating_point() or labels.is_complex():
        given = f"{labels.dtype} of shape {tuple(labels.shape)}"
        raise ValueError(f"labels are {given}: give one whole number for each of {n} images")
    labels = labels.long()
    if n and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        given = f"{int(labels.min())} to {int(labels.max())}"
        raise ValueError(f"labels are {given}: the model has the classes 0 to {classes - 1}")
    return labels
