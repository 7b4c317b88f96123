"""Helpers for learning deep learning by experiment; used in notebooks as ``import labhelpers as lab``.

Each name is loaded from its module when it is first used, so that importing costs next to nothing.
"""

import importlib
from typing import Any

_NAMES = {
    "session": ["Session", "setup", "seed_everything"],
    "data": ["ImageData", "load_data"],
    "datafiles": ["DataError"],
    "batches": ["Split", "random_crop_flip"],
    "models": ["MLP", "DeepMLP", "LeNet5", "BasicBlock", "ResNet", "shortcut"],
    "epoch": ["NonFiniteLossError"],
    "training": ["OPTIMIZERS", "Run", "fit", "train"],
    "metrics": ["evaluate", "predict"],
    "studies": ["Interval", "claim", "interval", "study", "t_interval"],
    "gradients": ["record_gradients"],
    "generative": ["frechet_distance", "precision_recall"],
    "cam": ["class_activation_maps", "grad_cam"],
    "plots": ["plot_history", "plot_images", "plot_study", "save_figure"],
    "exercises": ["check", "hint", "solution"],
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"labhelpers has no {name!r}")
    value = getattr(importlib.import_module(f"labhelpers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
