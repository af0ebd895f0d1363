"""Readers of well-known data sets from local files: one function a set, official parts kept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from steelyard._support.errors import DataError
from steelyard._support.storage import read_npz
from steelyard.datasets.idx import read_idx
from steelyard.datasets.table_files import read_text_table
from steelyard.datasets.tables import labelled_from_table
from steelyard.records.labelled import Labelled

DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
OBJECTS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
ADULT_COLUMNS = (
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
)


def read_mnist(files: Sequence[Path]) -> Labelled:
    """Read MNIST: one npz of `x_train y_train x_test y_test`, or the four IDX files."""
    if len(files) == 1:
        arrays = _arrays(files[0], ("x_train", "y_train", "x_test", "y_test"))
        return _images(
            {
                "train": (arrays["x_train"], arrays["y_train"]),
                "test": (arrays["x_test"], arrays["y_test"]),
            },
            DIGITS,
            "MNIST",
        )
    return _from_idx(files, DIGITS, "MNIST")


def read_fashion_mnist(files: Sequence[Path]) -> Labelled:
    """Read Fashion-MNIST from the four IDX files."""
    return _from_idx(files, GARMENTS, "Fashion-MNIST")


def read_kmnist_test(files: Sequence[Path]) -> Labelled:
    """Read the test part of KMNIST: `images` and `labels` in one npz, or each in its own."""
    if len(files) == 1:
        arrays = _arrays(files[0], ("images", "labels"))
        images, labels = arrays["images"], arrays["labels"]
    else:
        images, labels = (_arrays(path, ("arr_0",))["arr_0"] for path in files)
    return _images({None: (images, labels)}, KANA, "KMNIST (test part)")


def read_pneumonia_mnist(files: Sequence[Path]) -> Labelled:
    """Read PneumoniaMNIST with its three parts."""
    keys = [f"{part}_{what}" for part in ("train", "val", "test") for what in ("images", "labels")]
    arrays = _arrays(files[0], keys)
    parts = {
        part: (arrays[f"{key}_images"], arrays[f"{key}_labels"].ravel())
        for part, key in (("train", "train"), ("validation", "val"), ("test", "test"))
    }
    return _images(parts, ("normal", "pneumonia"), "PneumoniaMNIST")


def read_cifar10(files: Sequence[Path]) -> Labelled:
    """Read CIFAR-10: the six binary batches as published, or one npz of JPEG bytes."""
    if len(files) == 1:
        return _read_cifar10_jpeg(files[0])
    batches = [_cifar_batch(path) for path in files]
    images, labels = (np.concatenate(arrays) for arrays in zip(*batches[:-1], strict=True))
    return _images({"train": (images, labels), "test": batches[-1]}, OBJECTS, "CIFAR-10")


def read_adult(files: Sequence[Path]) -> Labelled:
    """Read Adult (Census Income): the training and the test table, without headers."""
    tables = [_adult_table(path) for path in files]
    data = labelled_from_table(
        pd.concat(tables, ignore_index=True), "income", name="Adult (Census Income)"
    )
    parts = np.repeat(["train", "test"], [len(table) for table in tables])
    return Labelled(data.inputs, data.labels, data.class_names, data.ids, parts, name=data.name)


def _from_idx(files: Sequence[Path], class_names: tuple[str, ...], name: str) -> Labelled:
    train_images, train_labels, test_images, test_labels = (read_idx(path) for path in files)
    return _images(
        {"train": (train_images, train_labels), "test": (test_images, test_labels)},
        class_names,
        name,
    )


def _images(
    parts: Mapping[Any, tuple[np.ndarray, np.ndarray]],
    class_names: tuple[str, ...],
    name: str,
) -> Labelled:
    """Join parts in their order; ids count through them. A part None leaves the data unsplit."""
    images = np.concatenate([images for images, _ in parts.values()])
    labels = np.concatenate([labels for _, labels in parts.values()])
    split = np.repeat([part or "" for part in parts], [len(y) for _, y in parts.values()])
    return Labelled(
        images[..., None] if images.ndim == 3 else images,
        labels,
        class_names,
        np.arange(len(labels)),
        None if None in parts else split,
        name=name,
    )


def _arrays(path: Path, keys: Sequence[str]) -> dict[str, np.ndarray]:
    arrays, _ = read_npz(path)
    missing = [key for key in keys if key not in arrays]
    if missing:
        raise DataError(
            f"{str(path)!r} must hold the arrays {list(keys)}. Missing: {missing}.",
            hint="is it the file of that name from the stated source?",
        )
    return arrays


def _read_cifar10_jpeg(path: Path) -> Labelled:
    arrays = _arrays(path, ("data", "length", "label", "is_train"))
    content = arrays["data"].tobytes()
    ends = np.cumsum(arrays["length"], dtype=np.int64)
    images = np.empty((len(ends), 32, 32, 3), np.uint8)
    for i, (start, end) in enumerate(zip(ends - arrays["length"], ends, strict=True)):
        with Image.open(io.BytesIO(content[start:end])) as image:
            images[i] = np.asarray(image.convert("RGB"))
    train = arrays["is_train"]
    return _images(
        {
            "train": (images[train], arrays["label"][train]),
            "test": (images[~train], arrays["label"][~train]),
        },
        OBJECTS,
        "CIFAR-10 (JPEG re-encoded)",
    )


def _cifar_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read records of one label byte and 3 x 32 x 32 pixels, channels first."""
    content = np.fromfile(path, np.uint8)
    if len(content) == 0 or len(content) % 3073:
        raise DataError(
            f"{str(path)!r} is no whole number of CIFAR-10 records of 3,073 bytes.",
            hint="fetch the file again.",
        )
    records = content.reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images, records[:, 0]


def _adult_table(path: Path) -> pd.DataFrame:
    # the test table as published opens with a remark, "|1x3 Cross validator"
    table = read_text_table(path, header=False, comment="|")
    if table.shape[1] != len(ADULT_COLUMNS):
        raise DataError(
            f"{str(path)!r} must have {len(ADULT_COLUMNS)} columns. It has {table.shape[1]}.",
            hint="is it the table as published, without a header?",
        )
    table.columns = pd.Index(ADULT_COLUMNS)
    # labels of the test table end in a full stop
    return table.assign(income=table["income"].str.removesuffix("."))
