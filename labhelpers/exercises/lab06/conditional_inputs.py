"""Lab 06, exercise `conditional_inputs`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def conditional_inputs(x, z, y, num_classes):
    """The label as K values, of which one is 1, behind the pixels and behind the code."""
    label = F.one_hot(y, num_classes).float()
    return torch.cat([x.flatten(1), label], dim=1), torch.cat([z, label], dim=1)


def _images_and_labels():
    generator = torch.Generator().manual_seed(65)
    found = []
    for n, size, latent, classes in ((2, 2, 3, 4), (5, 4, 2, 10)):
        x, z = (
            torch.rand(n, 1, size, size, generator=generator),
            torch.randn(n, latent, generator=generator),
        )
        y = torch.randint(1, classes - 1, (n,), generator=generator)  # no image of the last class
        found.append((x, z, y, classes))
    return found


exercise = Exercise(
    conditional_inputs,
    _images_and_labels,
    hints=[
        "torch.nn.functional.one_hot(y, num_classes) gives whole numbers: networks want float.",
        ("x.flatten(1) makes rows of pixels. torch.cat([a, b], dim=1) puts columns side by side."),
        "Return two tensors: pixels and label for the encoder, code and label for the decoder.",
    ],
)


@exercise.mistake(
    "the label enters as a number, as if a 9 were nine times a 1. Give each class a value "
    "of its own: one-hot."
)
def _label_as_a_number(x, z, y, num_classes):
    label = y[:, None].float()
    return torch.cat([x.flatten(1), label], dim=1), torch.cat([z, label], dim=1)


@exercise.mistake("the decoder is not told the label: then you cannot ask it for a digit.")
def _decoder_is_not_told(x, z, y, num_classes):
    return conditional_inputs(x, z, y, num_classes)[0], z


@exercise.mistake(
    "the encoder is not told the label. That can be trained, but the code has to be found "
    "without knowing the digit; here both networks are told."
)
def _encoder_is_not_told(x, z, y, num_classes):
    return x.flatten(1), conditional_inputs(x, z, y, num_classes)[1]


@exercise.mistake("append the label behind the pixels and behind the code, not in front of them.")
def _label_in_front(x, z, y, num_classes):
    label = F.one_hot(y, num_classes).float()
    return torch.cat([label, x.flatten(1)], dim=1), torch.cat([label, z], dim=1)


@exercise.mistake(
    "the decoder gets the pixels: then it needs no code, and there is nothing to sample. Give it z."
)
def _pixels_to_the_decoder(x, z, y, num_classes):
    inputs = conditional_inputs(x, z, y, num_classes)[0]
    return inputs, inputs


@exercise.mistake("the order is: the encoder's input, then the decoder's.")
def _decoder_first(x, z, y, num_classes):
    return conditional_inputs(x, z, y, num_classes)[::-1]


@exercise.mistake(
    "one_hot(y) makes only as many columns as the largest label of this batch needs: give "
    "it num_classes."
)
def _as_many_as_occur(x, z, y, num_classes):
    return conditional_inputs(x, z, y, int(y.max()) + 1)
