"""The names by which published rows know the package's own functions."""

import types

import labhelpers as lab

# A fingerprint has a function of the package by its full name: one that moves to another file makes
# every published row that uses it unfindable. Before you change a line here, see CONTRIBUTING.md.
HOMES = {
    "agreement": "measures.text",
    "bits_per_character": "measures.text",
    "class_activation_maps": "measures.cam",
    "evaluate": "measures.metrics",
    "excess_bits": "measures.text",
    "fit": "engine.fit",
    "frechet_distance": "measures.generative",
    "generate": "models.generation",
    "grad_cam": "measures.cam",
    "load_data": "data.images",
    "load_text": "data.text",
    "precision_recall": "measures.generative",
    "predict": "measures.metrics",
    "random_crop_flip": "data.batches",
    "record_gradients": "measures.gradients",
    "rotate": "models.language",
    "seed_everything": "seeds",
    "shortcut": "models.vision",
    "train": "engine.train",
}


def test_functions_that_experiments_use_stand_where_published_rows_know_them():
    found = {name: getattr(lab, name) for name in HOMES}
    assert all(isinstance(value, types.FunctionType) for value in found.values())
    homes = {name: value.__module__ for name, value in found.items()}
    assert homes == {name: f"labhelpers.{home}" for name, home in HOMES.items()}
