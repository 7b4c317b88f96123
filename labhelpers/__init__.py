"""Helpers for learning deep learning by experiment; used in notebooks as ``import labhelpers as
lab``.

Each name is loaded from its module when it is first used, so that importing costs next to nothing.
"""

import importlib
from typing import Any

_NAMES = {
    "session": ["Session", "setup"],
    "seeds": ["seed_everything"],
    "data.images": ["ImageData", "load_data"],
    "data.checks": ["DataError"],
    "data.batches": ["Split", "random_crop_flip"],
    "data.text": ["load_text"],
    "data.grammar": ["Language"],
    "data.charts": ["draw_charts"],
    "data.sentences": ["labelled_sentences"],
    "data.environments": ["CartPole", "gridworld"],
    "data.breakout": ["Breakout"],
    "data.gymnasiums": ["Gymnasium"],
    "data.replay": ["Replay"],
    "models.vision": ["MLP", "DeepMLP", "LeNet5", "BasicBlock", "ResNet", "shortcut"],
    "models.language": ["GPT", "rotate"],
    "models.ngram": ["NGram"],
    "models.generation": ["generate"],
    "models.llama": ["Llama"],
    "models.lora": ["add_lora", "remove_lora"],
    "models.pretrained": ["load_pretrained"],
    "models.recipes": ["faults"],
    "models.clinic": ["admit"],
    "models.policy": ["QNetwork", "epsilon_greedy"],
    "measures.text": ["agreement", "bits_per_character", "excess_bits"],
    "measures.frozen": ["mean_features", "token_bits"],
    "measures.metrics": ["evaluate", "predict"],
    "measures.gradients": ["record_gradients"],
    "measures.generative": ["frechet_distance", "precision_recall"],
    "measures.returns": ["bootstrap", "interquartile_mean", "play", "value_iteration"],
    "measures.cam": ["class_activation_maps", "grad_cam"],
    "engine.epoch": ["NonFiniteLossError"],
    "engine.train": ["Run", "train"],
    "engine.fit": ["OPTIMIZERS", "fit"],
    "evidence.study": ["study"],
    "evidence.intervals": ["Interval", "interval", "proportion", "t_interval"],
    "evidence.comparisons": ["difference", "ratio"],
    "evidence.claims": ["claim", "verdict"],
    "plots.history": ["plot_history"],
    "plots.images": ["plot_images"],
    "plots.networks": ["plot_network"],
    "plots.carts": ["plot_film"],
    "plots.flights": ["plot_flight"],
    "plots.study": ["plot_study"],
    "plots.curves": ["plot_curves"],
    "plots.diagrams.show": ["diagram"],
    "plots.figure": ["save_figure"],
    "plots.claims": ["claims"],
    "exercises.check": ["check", "hint", "solution"],
    "classroom.guesses": ["compare", "guess", "plot_guess"],
    "classroom.report": ["report"],
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
