"""`import labhelpers` costs next to nothing, and every public name is there and explained."""

import subprocess
import sys

import pytest

import labhelpers as lab


def test_importing_loads_none_of_the_heavy_libraries():
    heavy = [
        "torch",
        "matplotlib",
        "pandas",
        "sklearn",
        "seaborn",
        "scipy",
        "tensorboard",
        "torchvision",
        "joblib",
    ]
    code = f"import sys, labhelpers; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


def test_setting_up_and_training_need_no_scikit_learn_nor_tensorboard():
    code = (
        "import sys, labhelpers as lab\nlab.fit, lab.load_data, lab.evaluate, lab.study\n"
        "names = ('matplotlib', 'sklearn', 'pandas', 'tensorboard', 'torchvision')\n"
        "print([n for n in names if n in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize("name", lab.__all__)
def test_every_public_name_resolves_and_is_documented(name):
    value = getattr(lab, name)
    assert name in dir(lab)
    assert name == "OPTIMIZERS" or (value.__doc__ and not value.__doc__.startswith(f"{name}("))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="labhelpers has no 'fti'"):
        lab.fti  # noqa: B018
