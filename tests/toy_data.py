"""Small data whose answers are known by construction."""

import numpy as np
import pandas as pd

from steelyard.records import Labelled


def toy_images(counts=(60, 40, 20), size=6, noise=40.0, seed=0, names=None):
    """Blobs: class c is bright in its own row of pixels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = rng.normal(60, noise, (len(labels), size, size, 1))
    images[np.arange(len(labels)), labels % size] += 120
    names = names or tuple(f"class {c}" for c in range(len(counts)))
    order = rng.permutation(len(labels))
    pixels = np.clip(images, 0, 255).astype(np.uint8)
    return Labelled(pixels[order], labels[order], names, np.arange(len(labels)), name="toy images")


def toy_table(counts=(150, 50), seed=0, shift=1.5, names=None):
    """Two numbers and a category that carry the class, and a number that does not."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    order = rng.permutation(len(labels))
    labels = labels[order]
    height = rng.normal(labels * shift, 1.0)
    height[::17] = np.nan
    frame = pd.DataFrame(
        {
            "height": height,
            "noise": rng.normal(size=len(labels)),
            "shop": pd.Categorical(
                np.where(rng.random(len(labels)) < 0.7, labels % 2, rng.integers(0, 2, len(labels)))
            ).rename_categories({0: "north", 1: "south"}),
        }
    )
    names = names or tuple(f"class {c}" for c in range(len(counts)))
    return Labelled(frame, labels, names, np.arange(len(labels)), name="toy table")


def renamed_and_permuted(data, seed=1):
    """The same samples under other label names, in another code order and another row order."""
    rng = np.random.default_rng(seed)
    code = rng.permutation(data.n_classes)
    while data.n_classes > 1 and (code == np.arange(data.n_classes)).all():
        code = rng.permutation(data.n_classes)
    names = np.empty(data.n_classes, dtype=object)
    names[code] = [f"renamed {name}" for name in data.class_names]
    rows = rng.permutation(len(data))
    taken = data.take(rows)
    return (
        Labelled(taken.inputs, code[taken.labels], tuple(names), taken.ids, taken.split),
        code,
    )


def parted(data, seed=0):
    """Every fifth sample of each class is validation, every next test."""
    split = np.full(len(data), "train", dtype="<U10")
    for c in range(data.n_classes):
        rows = np.flatnonzero(data.labels == c)
        split[rows[::5]] = "validation"
        split[rows[1::5]] = "test"
    return Labelled(data.inputs, data.labels, data.class_names, data.ids, split, name=data.name)
