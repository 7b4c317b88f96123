"""Class activation maps and Grad-CAM: where in the image the evidence for a class lies."""

import torch
from torch import Tensor, nn

from labhelpers.metrics import evaluating


@torch.no_grad()
def class_activation_maps(model: nn.Module, x: Tensor) -> Tensor:
    """Return the map of every class, (N, K, H', W') in logits, for normalised images x (N, C, H, W).

    `model` averages its ``features(x)`` (N, D, H', W') over space and reads them with one linear ``head``, as `ResNet`
    does. A map's mean plus the class's bias is the logit (Zhou et al. 2016, arXiv:1512.04150, equations 1 and 2).
    Raises TypeError for a model of another form.
    """
    features, head = getattr(model, "features", None), getattr(model, "head", None)
    if not isinstance(features, nn.Module) or not isinstance(head, nn.Linear):
        form = "features, their mean over space and one linear head, as in lab.ResNet; lab.grad_cam takes any"
        raise TypeError(f"{type(model).__name__} has no class activation maps, which need {form}")
    with evaluating(model):
        return torch.einsum("kd,ndhw->nkhw", head.weight, features(x))


def grad_cam(model: nn.Module, layer: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Return Grad-CAM's map (N, H', W') of one class for each image x (N, C, H, W), from the output of `layer`.

    Each of the layer's D maps is weighted with the mean of the logit's gradient over it (Selvaraju et al. 2017,
    arXiv:1610.02391, equations 1 and 2); ``.relu()`` on the result is the paper's last step, left to the caller because
    it hides the evidence against a class. Parameters get no gradient.

    Args:
        layer: a module of `model` that gives (N, D, H', W').
        labels: (N,), the class whose logit is explained; a wrong one may be asked for.

    Raises ValueError when `layer` takes no part in the logits, or gives another kind of output.
    """
    outputs: list[Tensor] = []
    with evaluating(model), torch.enable_grad():
        hook = layer.register_forward_hook(lambda module, args, output: outputs.append(output))
        try:
            logits = model(x.detach().requires_grad_())  # a gradient for x, so that frozen weights do no harm
        finally:
            hook.remove()
        if len(outputs) != 1 or outputs[0].ndim != 4:
            given = tuple(outputs[0].shape) if outputs else "nothing"
            raise ValueError(f"the layer gives {given}: choose one that gives maps (N, D, H', W') once per pass")
        chosen = logits.gather(1, labels[:, None]).sum()  # images do not mix in eval mode
        (gradient,) = torch.autograd.grad(chosen, outputs[0])
    weights = gradient.mean((2, 3))  # (N, D)
    return torch.einsum("nd,ndhw->nhw", weights, outputs[0].detach())
