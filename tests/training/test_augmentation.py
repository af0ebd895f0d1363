"""Flips and crops of a batch: by hand, by chance, and refused where there is nothing to augment."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_data import parted, toy_images, toy_table

from steelyard._support.errors import ParameterError
from steelyard.records import Labelled, Recipe
from steelyard.training import (
    Member,
    bytes_a_network,
    fit_ensemble,
    fit_subsets,
    fit_watched,
    prepare,
)
from steelyard.training.augmentation import Augmentation
from steelyard.training.inputs import Inputs

RECIPE = Recipe("mlp", widths=(9,), batch_size=16, epochs=2)
FLIP = replace(RECIPE, augmentation=("flip",))
CROP = replace(RECIPE, augmentation=("crop",), crop_padding=1)
BOTH = replace(CROP, augmentation=("flip", "crop"))
# luck that flips, or not, and that cuts at the top left, at the middle, or at the bottom right
FLIPPED, AS_IS = 0.49, 0.5
FIRST, MIDDLE, LAST = 0.0, 0.5, float(np.nextafter(np.float32(1), np.float32(0)))


def seen(recipe, image, *luck):
    images = torch.tensor(image, dtype=torch.uint8)[None, None]
    found, inside = Augmentation.of(recipe).seen(images, torch.tensor(luck)[:, None])
    return found[0, 0].tolist(), None if inside is None else inside[0, 0].tolist()


IMAGE = [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("recipe", "luck", "expected"),
    [
        (FLIP, (FLIPPED, FIRST, FIRST), [[3, 2, 1], [6, 5, 4]]),
        (FLIP, (AS_IS, FIRST, FIRST), IMAGE),
        (CROP, (FLIPPED, MIDDLE, MIDDLE), IMAGE),
        (CROP, (FLIPPED, FIRST, MIDDLE), [[0, 0, 0], [1, 2, 3]]),
        (CROP, (FLIPPED, LAST, MIDDLE), [[4, 5, 6], [0, 0, 0]]),
        (CROP, (FLIPPED, MIDDLE, FIRST), [[0, 1, 2], [0, 4, 5]]),
        (CROP, (FLIPPED, MIDDLE, LAST), [[2, 3, 0], [5, 6, 0]]),
        (BOTH, (FLIPPED, FIRST, FIRST), [[0, 0, 0], [0, 3, 2]]),
        (BOTH, (FLIPPED, LAST, LAST), [[5, 4, 0], [0, 0, 0]]),
        (replace(BOTH, crop_padding=2), (AS_IS, LAST, FIRST), [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_what_an_image_becomes_by_hand(recipe, luck, expected):
    found, inside = seen(recipe, IMAGE, *luck)
    assert found == expected
    if "crop" in recipe.augmentation:
        assert inside == (np.array(expected) > 0).tolist()
    else:
        assert inside is None


def test_no_recipe_that_augments_nothing_has_an_augmentation():
    assert Augmentation.of(RECIPE) is None


def test_half_are_flipped_and_every_window_comes_as_often():
    n = 20_000
    image = torch.arange(1, 36, dtype=torch.uint8).view(1, 1, 5, 7).expand(n, 1, 5, 7)
    luck = torch.rand(3, n, generator=torch.Generator().manual_seed(0))
    found, _ = Augmentation.of(replace(BOTH, crop_padding=2)).seen(image, luck)
    kinds, counts = np.unique(found.flatten(1).numpy(), axis=0, return_counts=True)
    assert len(kinds) == 2 * 5 * 5
    assert abs(counts / n - 1 / 50).max() < 0.004  # four standard errors


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("shape", [(5,), (3, 5)])
def test_padding_is_black_or_the_mean_colour_and_channels_move_together(model, shape):
    draws = np.random.default_rng(0)
    pixels = draws.integers(1, 256, (40, 6, 4, 3)).astype(np.uint8)
    data = Labelled(pixels, np.arange(40) % 2, ("a", "b"), np.arange(40))
    ready = prepare(data, model=model)
    inputs = Inputs(ready, torch.device("cpu"))
    rows = torch.randint(0, 40, shape, generator=torch.Generator().manual_seed(1))
    luck = torch.rand(3, *shape, generator=torch.Generator().manual_seed(2))
    luck[:, ..., 0] = torch.tensor([AS_IS, FIRST, FIRST]).view(3, *[1] * (len(shape) - 1))
    black, mean = (
        inputs.augmented(rows, Augmentation.of(replace(CROP, crop_fill=fill)), luck)
        for fill in ("black", "mean")
    )
    assert black.shape == mean.shape == inputs.batch(rows).shape
    black, mean, plain = (one.view(*shape, 3, 6, 4) for one in (black, mean, inputs.batch(rows)))
    middle, deviation = ready.channel_moments
    first = (..., 0, slice(None), 0, slice(None))  # of each first image the top row is padding
    assert (mean[first] == 0).all()
    np.testing.assert_allclose(
        black[first], np.broadcast_to((-middle / deviation)[:, None], black[first].shape), rtol=1e-5
    )
    # what is no padding is the image, in all channels, in both
    for one in (black, mean):
        assert torch.equal(one[..., 0, :, 1:, 1:], plain[..., 0, :, :-1, :-1])
    assert torch.equal(black[mean != 0], mean[mean != 0])


def test_training_images_stay_as_they_are():
    ready = prepare(parted(toy_images()).part("train"), model="cnn")
    before = ready.X.copy()
    cnn = replace(BOTH, model="cnn", crop_fill="mean")
    fit_ensemble(ready, [Member(cnn, record=True)])
    np.testing.assert_array_equal(ready.X, before)


def test_watched_networks_are_asked_about_images_as_they_are():
    ready = prepare(parted(toy_images()).part("train"))
    descent = replace(
        BOTH, batch_size=None, optimiser="sgd", momentum=0.0, learning_rate=0.1,
        schedule="constant", epochs=4,
    )  # fmt: skip
    history, logits = fit_watched(ready, descent, [0, 1])
    members = [Member(descent, repetition=k, record=True) for k in range(2)]
    for k, one in enumerate(fit_ensemble(ready, members)):
        own = logits[k, np.arange(len(ready.y)), ready.data.labels]
        rivals = np.where(np.eye(3, dtype=bool)[ready.data.labels], -np.inf, logits[k])
        expected = one.dynamics.channels["final_margin"][0]
        np.testing.assert_allclose(own - rivals.max(axis=1), expected, atol=1e-5)
        assert history.wrong(k, -1).sum() == (expected <= 0).sum()
    _, plain = fit_watched(ready, replace(descent, augmentation=()), [0, 1])
    assert abs(plain - logits).max() > 1e-3  # it did augment


@pytest.mark.parametrize(
    ("data", "recipe", "text"),
    [
        (toy_table(), BOTH, "The 'augmentation' parameter of Recipe must be () for a table. Got "
         "('flip', 'crop') instead. Hint: leave it out: flips and crops are of images."),
        (toy_images(), replace(BOTH, crop_padding=6), "The 'crop_padding' parameter of Recipe must "
         "be below the 6 pixels of an image's shorter side. Got 6 instead. Hint: pad by about an "
         "eighth of it."),
    ],
)  # fmt: skip
def test_what_cannot_be_augmented_is_refused(data, recipe, text):
    ready = prepare(parted(data).part("train"))
    n = len(ready.y)
    whole = replace(recipe, batch_size=None, optimiser="sgd", momentum=0.0, schedule="constant")
    for one in (recipe, whole):
        for fit in (
            lambda one: fit_ensemble(ready, [Member(RECIPE), Member(one)]),
            lambda one: fit_subsets(ready, one, np.ones((1, n), dtype=bool), [0]),
            lambda one: fit_watched(ready, one, [0]),
        ):
            with pytest.raises(ParameterError) as caught:
                fit(one)
            assert str(caught.value) == text


def test_images_that_are_only_flipped_may_be_smaller_than_the_padding():
    ready = prepare(parted(toy_images()).part("train"))
    (one,) = fit_ensemble(ready, [Member(replace(FLIP, crop_padding=50))])
    assert np.isfinite(one.losses).all()


def test_what_augmentation_takes_is_counted_before_training_starts():
    ready = prepare(parted(toy_images()).part("train"))
    plain, both = (bytes_a_network(ready, [Member(one)]) for one in (RECIPE, BOTH))
    # an index of 64 bits a pixel at least, for each image of a batch
    assert both - plain >= 8 * 36 * RECIPE.batch_size


def test_all_of_it_happens_where_the_images_lie():
    images = torch.empty(5, 3, 4, 6, dtype=torch.uint8, device="meta")
    found, inside = Augmentation.of(BOTH).seen(images, torch.empty(3, 5, device="meta"))
    assert (found.device, found.dtype, found.shape) == (images.device, torch.uint8, images.shape)
    assert inside.shape == (5, 1, 4, 6)
