"""Built-in sets: what comes with the package, what a local folder holds, what is missing."""

from pathlib import Path

import numpy as np
import pytest
from idx_files import idx_bytes

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.datasets import built_in_sets, load

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
HERE = {"digits", "mnist-5k", "mnist-5k-tail"}
LOCAL = {"mnist", "fashion-mnist", "kmnist-test", "cifar10", "pneumonia-mnist", "adult"}
OFFICIAL = {"train": 60_000, "test": 10_000}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STEELYARD_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def shared(monkeypatch):
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: no local data sets to read")
    monkeypatch.setenv("STEELYARD_DATA", str(SHARED))


def part_counts(data):
    parts, counts = np.unique(data.split, return_counts=True)
    return dict(zip(parts.tolist(), counts.tolist(), strict=True))


def test_the_registry_tells_what_is_at_hand(monkeypatch):
    monkeypatch.delenv("STEELYARD_DATA", raising=False)
    sets = {candidate.name: candidate for candidate in built_in_sets()}
    assert set(sets) == HERE | LOCAL
    assert {name for name, candidate in sets.items() if candidate.available} == HERE
    assert all(c.title and c.source and c.licence and c.note for c in sets.values())


@pytest.fixture(scope="module")
def mnist_5k():
    return load("mnist-5k")


def test_digits():
    data = load("digits")
    assert data.inputs.shape == (1797, 8, 8, 1)
    assert (data.inputs.min(), data.inputs.max()) == (0, 255)
    assert data.class_counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.split is None


def test_mnist_5k(mnist_5k):
    data = mnist_5k
    assert data.inputs.shape == (5000, 28, 28, 1)
    assert data.class_counts.tolist() == [500] * 10
    assert data.split is None


def test_the_demo_is_long_tailed_in_train_and_balanced_in_test(mnist_5k):
    data = load("mnist-5k-tail")
    assert data.part("test").class_counts.tolist() == [150] * 10
    train = data.part("train").class_counts
    assert sorted(train, reverse=True) == [350, 250, 179, 128, 92, 66, 47, 34, 24, 17]
    assert not (np.diff(train) <= 0).all()  # rare is not the same as late
    assert data.ids.sum() == 6_816_457  # the draw is fixed
    assert (mnist_5k.inputs[data.ids] == data.inputs).all()
    assert (mnist_5k.labels[data.ids] == data.labels).all()


@pytest.mark.parametrize(
    ("name", "counts", "title"),
    [
        ("mnist", OFFICIAL, "MNIST"),
        ("fashion-mnist", OFFICIAL, "Fashion-MNIST"),
        ("kmnist-test", None, "KMNIST (test part)"),
        ("pneumonia-mnist", {"train": 4708, "validation": 524, "test": 624}, "PneumoniaMNIST"),
        ("adult", {"train": 32_561, "test": 16_281}, "Adult (Census Income)"),
        pytest.param(
            "cifar10",
            {"train": 50_000, "test": 10_000},
            "CIFAR-10 (JPEG re-encoded)",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_local_sets_have_their_published_sizes(shared, name, counts, title):
    data = load(name)
    assert data.name == title
    assert data.ids.tolist() == list(range(len(data)))
    if counts is None:
        assert data.split is None
        assert data.class_counts.tolist() == [1000] * 10
    else:
        assert part_counts(data) == counts
        in_order = [part for part in ("train", "validation", "test") if part in counts]
        assert data.split.tolist() == np.repeat(in_order, [counts[p] for p in in_order]).tolist()


def test_local_classes_have_their_published_counts(shared):
    mnist = load("mnist").part("train")
    expected = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.class_counts.tolist() == expected
    fashion = load("fashion-mnist")
    assert fashion.part("test").class_counts.tolist() == [1000] * 10
    assert fashion.class_names[fashion.labels[0]] == "Ankle boot"  # the published first image
    pneumonia = load("pneumonia-mnist").part("train")
    assert dict(zip(pneumonia.class_names, pneumonia.class_counts.tolist(), strict=True)) == {
        "normal": 1214,
        "pneumonia": 3494,
    }


def test_adult_joins_both_tables_and_their_labels(shared):
    data = load("adult")
    assert data.class_names == ("<=50K", ">50K")
    assert data.part("train").class_counts.tolist() == [24_720, 7_841]
    assert data.part("test").class_counts.tolist() == [12_435, 3_846]
    assert data.inputs.shape == (48_842, 14)
    assert data.inputs["workclass"].isna().sum() == 2799
    assert data.inputs["age"].dtype == np.float64


def test_adult_as_a_plain_table(shared):
    data = load(SHARED / "adult-train.csv", "-1", header=False)
    assert data.class_names == ("<=50K", ">50K")
    assert data.class_counts.tolist() == [24_720, 7_841]
    assert data.modality == "table"
    assert data.inputs.shape == (32_561, 14)
    assert (data.inputs.dtypes == np.float64).sum() == 6


def write_idx_files(folder, suffix=""):
    folder.mkdir(parents=True, exist_ok=True)
    for part, n in (("train", 4), ("t10k", 2)):
        images = np.arange(n * 784, dtype=np.uint8).reshape(n, 28, 28)
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(idx_bytes(np.arange(n)))


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_idx_files_as_published(folder, name, monkeypatch):
    write_idx_files(folder / name)
    data = load(name)
    assert part_counts(data) == {"train": 4, "test": 2}
    assert data.labels.tolist() == [0, 1, 2, 3, 0, 1]
    assert data.inputs[1, 0, 0, 0] == 784 % 256
    monkeypatch.setenv("STEELYARD_DATA", str(folder / name))  # the set's own folder will do
    assert load(name).fingerprint == data.fingerprint


def test_the_folder_of_another_set_of_the_same_file_names_is_not_taken(folder, monkeypatch):
    write_idx_files(folder / "fashion-mnist")
    monkeypatch.setenv("STEELYARD_DATA", str(folder / "fashion-mnist"))
    with pytest.raises(DataNotFoundError):
        load("mnist")
    monkeypatch.setenv("STEELYARD_DATA", str(folder / "beside"))
    with pytest.raises(DataNotFoundError):
        load("fashion-mnist")


def test_cifar10_in_its_binary_version(folder):
    (folder / "cifar-10-batches-bin").mkdir()
    for i, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        record = np.zeros((2, 3073), np.uint8)
        record[:, 0] = i
        record[:, 1 + 1024 + 33] = 200  # green, second row, second column
        record.tofile(folder / "cifar-10-batches-bin" / f"{name}.bin")
    data = load("cifar10")
    assert data.name == "CIFAR-10"
    assert data.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert part_counts(data) == {"train": 10, "test": 2}
    assert data.inputs[0, 1, 1].tolist() == [0, 200, 0]
    (folder / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(b"cut")
    with pytest.raises(DataError, match="3,073"):
        load("cifar10")


def test_kmnist_as_published(folder):
    np.savez(folder / "kmnist-test-imgs.npz", np.zeros((3, 28, 28), np.uint8))
    np.savez(folder / "kmnist-test-labels.npz", np.array([2, 0, 1], np.uint8))
    assert load("kmnist-test").labels.tolist() == [2, 0, 1]


def test_adult_as_published(folder):
    row = "39, State-gov, 1, Bachelors, 13, {}, Adm, Not, White, Male, 2174, 0, 40, ?, {}\n"
    train = row.format("Single", "<=50K") + row.format("Married", ">50K")
    (folder / "adult.data").write_text(train + "\n")
    (folder / "adult.test").write_text("|1x3 Cross validator\n" + train.replace("50K", "50K."))
    with pytest.warns(UserWarning, match="Left out"):
        data = load("adult")
    assert data.class_names == ("<=50K", ">50K")
    assert data.split.tolist() == ["train", "train", "test", "test"]
    assert data.labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("name", sorted(LOCAL))
def test_a_missing_set_says_which_files_from_where_into_which_folder(name, folder, monkeypatch):
    candidate = next(candidate for candidate in built_in_sets() if candidate.name == name)
    with pytest.raises(DataNotFoundError) as caught:
        load(name)
    assert all(file in caught.value.message for file in candidate.file_sets[0])
    assert str(folder) in caught.value.message
    assert candidate.source in caught.value.hint
    assert "export STEELYARD_DATA=" in caught.value.hint
    monkeypatch.delenv("STEELYARD_DATA")
    with pytest.raises(DataNotFoundError, match="STEELYARD_DATA is not set"):
        load(name)
    monkeypatch.setenv("STEELYARD_DATA", str(folder / "nowhere"))
    with pytest.raises(DataNotFoundError, match="which is no folder"):
        load(name)


def test_a_file_of_the_right_name_and_the_wrong_content_is_refused(folder):
    np.savez(folder / "mnist.npz", X=np.zeros(3))
    with pytest.raises(DataError, match=r"x_train.*Missing"):
        load("mnist")
    (folder / "adult-train.csv").write_text("1,2\n")
    (folder / "adult-test.csv").write_text("1,2\n")
    with pytest.raises(DataError, match=r"15 columns. It has 2"):
        load("adult")
