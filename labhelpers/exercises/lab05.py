"""Lab 05: the class activation map, Grad-CAM, the pointing game, intersection over union, rank correlation."""

from __future__ import annotations

import torch

from labhelpers.exercises import Exercise


def class_map(features, weight, k):
    """The feature maps, each times the class's weight for it, added up."""
    return torch.einsum("d,dhw->hw", weight[k], features)


def _mean_instead_of_sum(features, weight, k):
    return (weight[k][:, None, None] * features).mean(0)


def _pooled(features, weight, k):
    return weight[k] @ features.mean((1, 2))


def _weight_by_column(features, weight, k):
    return torch.einsum("d,dhw->hw", weight[:, k][: len(features)], features[: len(weight)])


def _unweighted(features, weight, k):
    return features.sum(0)


def _all_classes(features, weight, k):
    return torch.einsum("kd,dhw->khw", weight, features)


def _positive_only(features, weight, k):
    return class_map(features, weight, k).relu()


def _scaled_to_one(features, weight, k):
    cam = class_map(features, weight, k)
    return (cam - cam.min()) / (cam.max() - cam.min())


def grad_cam_map(activations, gradients):
    """Mean gradient of each map as its weight; weighted sum; then ReLU."""
    weights = gradients.mean((1, 2))
    return torch.einsum("d,dhw->hw", weights, activations).relu()


def _signed(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.mean((1, 2)), activations)


def _place_by_place(activations, gradients):
    return (activations * gradients).sum(0).relu()


def _relu_before_the_sum(activations, gradients):
    return (gradients.mean((1, 2))[:, None, None] * activations).relu().sum(0)


def _positive_gradients(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.relu().mean((1, 2)), activations).relu()


def _swapped(activations, gradients):
    return grad_cam_map(gradients, activations)


def _summed_gradients(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.sum((1, 2)), activations).relu()


def _absolute(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.mean((1, 2)), activations).abs()


def points_at(heat, mask):
    """Whether the mask is true where the map is highest."""
    return bool(mask.flatten()[heat.argmax()])


def _lowest(heat, mask):
    return bool(mask.flatten()[heat.argmin()])


def _largest_size(heat, mask):
    return bool(mask.flatten()[heat.abs().argmax()])


def _anywhere(heat, mask):
    return bool((mask & (heat > 0)).any())


def _rows_and_columns_swapped(heat, mask):
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    return bool(mask[column % mask.shape[0], row % mask.shape[1]])


def _on_average_higher(heat, mask):
    return bool(heat[mask].mean() > heat[~mask].mean())


def iou(heat, mask, share):
    """The region above the cut against the mask: pixels in both, by pixels in either."""
    region = heat.relu() >= share * heat.relu().max()
    return ((region & mask).sum() / (region | mask).sum()).item()


def _recall(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return ((region & mask).sum() / mask.sum()).item()


def _precision(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return ((region & mask).sum() / region.sum()).item()


def _dice(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return (2 * (region & mask).sum() / (region.sum() + mask.sum())).item()


def _agreement(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return (region == mask).float().mean().item()


def _above_the_cut(heat, mask, share):
    region = heat.relu() > share * heat.relu().max()
    return ((region & mask).sum() / (region | mask).sum()).item()


def _share_of_pixels(heat, mask, share):
    region = heat >= heat.quantile(share)
    return ((region & mask).sum() / (region | mask).sum()).item()


def _share_of_the_range(heat, mask, share):
    region = heat >= heat.min() + share * (heat.max() - heat.min())
    return ((region & mask).sum() / (region | mask).sum()).item()


def spearman(a, b):
    """The ordinary correlation of the ranks."""
    a, b = (value.flatten().argsort().argsort().double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def _pearson(a, b):
    return torch.corrcoef(torch.stack([a.flatten(), b.flatten()]).double())[0, 1].item()


def _sorted_once(a, b):
    a, b = (value.flatten().argsort().double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def _sorted_values(a, b):
    a, b = (value.flatten().sort().values.double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def _within_rows(a, b):
    a, b = (value.argsort(1).argsort(1).flatten().double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def _not_centred(a, b):
    a, b = (value.flatten().argsort().argsort().double() for value in (a, b))
    return torch.nn.functional.cosine_similarity(a, b, dim=0).item()


def _maps_and_weights():
    generator = torch.Generator().manual_seed(51)
    return [
        (torch.rand(d, h, w, generator=generator), torch.randn(10, d, generator=generator), k)
        for d, h, w, k in ((3, 2, 2, 0), (8, 4, 4, 3), (16, 4, 6, 9))
    ]


def _activations_and_gradients():
    generator = torch.Generator().manual_seed(52)
    shapes = ((4, 2, 2), (6, 4, 4), (8, 4, 6))
    return [tuple(torch.randn(shape, generator=generator) for _ in range(2)) for shape in shapes]


def _heats_and_masks():
    """Peaks on and off the object, so that every two ways of looking differ in some case."""
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[0, 2:5] = True
    cases = []
    for peak, dip, low, more in (
        ((0, 3), (2, 0), -2.0, []),  # peak on the object, a dip of larger size off it
        ((3, 5), (0, 3), -0.5, []),  # the other way round, with a shallow dip
        ((3, 1), (2, 5), -2.0, [(0, 2), (0, 3)]),  # the object is high on average, but the peak is elsewhere
        ((3, 4), (0, 4), -2.0, [(0, 2)]),  # positive somewhere on the object, but low on average
        ((0, 2), (1, 0), -0.5, []),  # on the object; with rows and columns swapped it would be off it
    ):
        heat = torch.full((4, 6), -0.1)
        heat[peak], heat[dip] = 1.0, low
        for place in more:
            heat[place] = 0.9
        cases.append((heat, mask))
    below = torch.full((4, 6), -1.0)
    below[0, 3] = -0.5  # a map that is negative everywhere has a highest point too
    return [*cases, (below, mask)]


def _heats_masks_and_shares():
    generator = torch.Generator().manual_seed(54)
    heats = [torch.randn(6, 6, generator=generator) for _ in range(3)]
    masks = [torch.rand(6, 6, generator=generator) < 0.3 for _ in range(3)]
    heats[2] = (2 * heats[2]).round().clamp(max=2)  # whole numbers up to 2: some of them lie on the cut
    return list(zip(heats, masks, (0.2, 0.5, 0.5), strict=True))


def _two_maps():
    generator = torch.Generator().manual_seed(55)
    a, b = torch.randn(4, 4, generator=generator), torch.randn(4, 4, generator=generator)
    return [(a, b), (a, a.exp()), (a + 0.5 * b, -a), (a, (a + b).sigmoid())]


EXERCISES = [
    Exercise(
        class_map,
        _maps_and_weights,
        [
            "Section 2: which weights belong to class k, and what does each of them multiply?",
            "weight[k] has D numbers, one for each of the D feature maps.",
            "(weight[k][:, None, None] * features) has shape (D, H, W): now add up over the maps.",
        ],
        {
            "this is the mean over the feature maps: the head adds them up.": _mean_instead_of_sum,
            "this is the logit without its bias: do not average over the positions, that is what the map is for.": (
                _pooled
            ),
            "the row of weight belongs to the class, the column to the feature map: take weight[k].": _weight_by_column,
            "the weights are missing: a feature map can speak against the class.": _unweighted,
            "these are the maps of all classes: return that of class k.": _all_classes,
            "the negative part is cut off: evidence against the class belongs to the logit too, so the mean no longer "
            "fits.": _positive_only,
            "scaled to 0…1: the values are no longer logits, and a weak map looks as strong as any.": _scaled_to_one,
        },
    ),
    Exercise(
        grad_cam_map,
        _activations_and_gradients,
        [
            "Each of the D maps gets one weight. Where does it come from?",
            "The weight is the mean of the gradient over the map: gradients.mean((1, 2)).",
            "First the weighted sum of the activations, then the ReLU, once.",
        ],
        {
            "the last step is missing: the paper keeps only the positive part.": _signed,
            "gradient times activation at each place is another method: Grad-CAM averages the gradient over the map "
            "first.": _place_by_place,
            "the ReLU comes before the sum: then nothing can speak against the class. Add up first.": (
                _relu_before_the_sum
            ),
            "negative gradients are dropped before they are averaged: keep their sign until the end.": (
                _positive_gradients
            ),
            "activations and gradients are swapped: the weights come from the gradients.": _swapped,
            "the gradient is summed, not averaged: the map is H·W times too large.": _summed_gradients,
            "the absolute value turns evidence against the class into evidence for it: keep the positive part.": (
                _absolute
            ),
        },
    ),
    Exercise(
        points_at,
        _heats_and_masks,
        [
            "Find the position of the highest value, then look into the mask there.",
            "heat.argmax() counts through the rows; mask.flatten() is in the same order.",
        ],
        {
            "this looks at the lowest point of the map.": _lowest,
            "this looks at the value of largest size, which may be negative, and then speaks against the class.": (
                _largest_size
            ),
            "one positive pixel on the object is not enough: the game is about the highest point.": _anywhere,
            "rows and columns are swapped: position = row · W + column.": _rows_and_columns_swapped,
            "a higher average on the object is another score: the game is about the highest point.": _on_average_higher,
        },
    ),
    Exercise(
        iou,
        _heats_masks_and_shares,
        [
            "First the region: where the positive part of the map reaches share × its maximum.",
            "Intersection: region & mask. Union: region | mask. Count pixels with .sum().",
        ],
        {
            "you divide by the mask: that is the share of the object that was found (recall). A region that covers "
            "the whole image would be perfect.": _recall,
            "you divide by the region: that is the share of the region that is object (precision).": _precision,
            "twice the intersection by the sum of both is the Dice coefficient: here divide by the union.": _dice,
            "this is the share of pixels on which both agree: with small objects the background makes it high.": (
                _agreement
            ),
            "the cut itself counts as above: >=, not >.": _above_the_cut,
            "you keep a share of the pixels: the cut is at a share of the maximum.": _share_of_pixels,
            "you cut between minimum and maximum: take the positive part first, so that zero stays zero.": (
                _share_of_the_range
            ),
        },
    ),
    Exercise(
        spearman,
        _two_maps,
        [
            "Replace the values by their ranks 0, 1, 2, …, then take the ordinary correlation.",
            "argsort gives the positions in order; argsort of that gives each position's rank.",
            "torch.corrcoef(torch.stack([ranks_a, ranks_b]))[0, 1], with the ranks as floats.",
        ],
        {
            "this is the correlation of the values (Pearson's): it changes when a map is squeezed. Use ranks.": (
                _pearson
            ),
            "argsort once gives positions, not ranks: apply it twice.": _sorted_once,
            "sorting the values forgets where they were: compare ranks at the same position.": _sorted_values,
            "the ranks are taken within each row: flatten the maps first.": _within_rows,
            "the mean rank is not subtracted: then even opposite orders look alike.": _not_centred,
        },
    ),
]
