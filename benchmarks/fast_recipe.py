"""Claim: a short training ranks samples and classes by hardness as a long one does.

    STEELYARD_DATA=... python benchmarks/fast_recipe.py [--device cuda|cpu]
        [--data cifar10|fashion-mnist] [--networks 4] [--train 5000] [--quick] [--json]

N networks train by the long recipe and N by the fast one, each recorded; hardness is the area
under the margin, averaged over networks. The agreement is Spearman's correlation of half of the
long ones with the other half of the fast ones, at sample and at class level. It stands beside that
of the two halves of the long ones, the ceiling: no other recipe can be expected to agree better
with the long one than it does with itself. Both are taken over the same random halves, at most 20.

On a GPU: ResNet-18 as published (200 epochs) and the fast recipe of ours, all training images, one
network at a time, in float32; ``--precision bfloat16`` is for the fast one alone. Without a GPU
that reads "not run", and a pair for the CPU runs instead: the small CNN of the hardness studies as
the fast recipe, the same with four times the epochs as the long one, on 5,000 images averaged over
squares of 2 x 2 pixels. ``--train`` takes another number of images, equally many a class;
``--quick`` a fifth of all epochs, to see that everything runs.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.stats import spearmanr
from side_by_side import in_words, machine, spread

from steelyard.datasets import load
from steelyard.hardness import estimate
from steelyard.records import Labelled, Recipe
from steelyard.studies.hardness_resampling import RESNET, RESNET_FAST, SMALL_CNN
from steelyard.training import Member, Prepared, fit_ensemble, prepare

SCORE, HALVES = "aum", 20
BELOW = 0.02  # ours: by how much an agreement may lie below its ceiling
CPU_IMAGES, CPU_SHRINK, CPU_LONGER = 5000, 2, 4
NO_GPU = "not run: needs a GPU"
# K. Jordan, airbench: CIFAR-10, data on the GPU, one A100
AIRBENCH_SECONDS, AIRBENCH_ACCURACY = 2.59, 94.0


@dataclass(frozen=True)
class Trained:
    """What came of the networks of one recipe."""

    hardness: np.ndarray  # (networks, n)
    labels: np.ndarray  # of the samples, in that order
    accuracy: np.ndarray  # of each network, %
    seconds: float  # a network
    processor_seconds: float  # a network
    images_a_second: float


def main() -> None:
    """Print the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"))
    parser.add_argument("--data", choices=("cifar10", "fashion-mnist"), default="cifar10")
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--train", type=int)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.networks < 2:
        parser.error("--networks must be 2 or more, to have halves")
    has_gpu = torch.cuda.is_available()
    found: dict[str, object] = {"resnet18": NO_GPU}
    if has_gpu and options.device != "cpu":
        found["resnet18"] = on_gpu(options)
    elif options.device != "cuda":
        if has_gpu:
            found["resnet18"] = "not run: --device cpu"
        found["small cnn"] = on_cpu(options)
    found["machine"] = machine()
    print(json.dumps(found, indent=2) if options.json else in_words(found))


def on_gpu(options: argparse.Namespace) -> dict:
    """Compare the two recipes of ResNet-18."""
    prepared = parts(options.data, options.train, 1, "resnet")
    pair = {"long": RESNET, "fast": RESNET_FAST}
    found = compared(prepared, pair, options, "cuda", {"fast": options.precision})
    fast = found.pop("trained")["fast"]
    accuracy = fast.accuracy.mean()
    found["device"] = torch.cuda.get_device_name()
    found["beside airbench"] = (
        f"ours {accuracy:.1f} % in {fast.seconds:.1f} s a network on one {found['device']}; "
        f"published {AIRBENCH_ACCURACY:g} % in {AIRBENCH_SECONDS} s on one A100, another network: "
        f"{fast.seconds / AIRBENCH_SECONDS:.1f} times as long"
    )
    return found


def on_cpu(options: argparse.Namespace) -> dict:
    """Compare the small CNN with itself, trained for longer."""
    prepared = parts(options.data, options.train or CPU_IMAGES, CPU_SHRINK, "cnn")
    longer = replace(SMALL_CNN, epochs=CPU_LONGER * SMALL_CNN.epochs)
    found = compared(prepared, {"long": longer, "fast": SMALL_CNN}, options, "cpu", {})
    found.pop("trained")
    return found


def compared(
    prepared: Prepared,
    recipes: dict[str, Recipe],
    options: argparse.Namespace,
    device: str,
    precisions: dict[str, str],
) -> dict:
    """Return how two recipes agree, and what each costs and reaches."""
    if options.quick:
        recipes = {
            name: replace(one, epochs=max(1, one.epochs // 5)) for name, one in recipes.items()
        }
    trained = {
        name: networks(prepared, one, options.networks, device, precisions.get(name, "float32"))
        for name, one in recipes.items()
    }
    long, fast = trained["long"], trained["fast"]
    figures = agreements(long.hardness, fast.hardness, long.labels)
    short = {
        level: np.mean(
            [a - b for a, b in zip(of["long with long"], of["long with fast"], strict=True)]
        )
        for level, of in figures.items()
    }
    size = " x ".join(map(str, prepared.X.shape[1:]))
    return {
        "what": f"{options.networks} networks a recipe, {len(prepared.y):,} images of "
        f"{prepared.data.name}, {size}, on {device}"
        + (", a fifth of all epochs" if options.quick else ""),
        "recipes": {
            name: f"{one.epochs} epochs, batch {one.batch_size}, {one.schedule}, "
            f"{' and '.join(one.augmentation) or 'no augmentation'}, "
            f"{precisions.get(name, 'float32')}"
            for name, one in recipes.items()
        },
        **{
            f"rank_agreement_of_{level}": {name: spread(values) for name, values in of.items()}
            for level, of in figures.items()
        },
        "accuracy, %": {name: spread(list(one.accuracy)) for name, one in trained.items()},
        "seconds a network": {
            name: f"{one.seconds:.1f}, processor {one.processor_seconds:.1f}; "
            f"{one.images_a_second:,.0f} images a second"
            for name, one in trained.items()
        },
        "times_as_long": round(long.seconds / fast.seconds, 2),
        "claims": {
            f"{level}: {value:+.3f} below the ceiling on average, at most {BELOW:g}": bool(
                value <= BELOW
            )
            for level, value in short.items()
        },
        "trained": trained,
    }


def networks(prepared: Prepared, recipe: Recipe, n: int, device: str, precision: str) -> Trained:
    """Train networks, as one on a CPU, one after the other on a GPU, which one of them fills."""
    members = [Member(recipe, repetition=k, record=True) for k in range(n)]
    stacks = [members] if device == "cpu" else [[member] for member in members]
    if device != "cpu":  # chooses kernels, fills the allocator
        fit_ensemble(
            prepared, [Member(replace(recipe, epochs=1))], device=device, precision=precision
        )
    wall, processor = time.perf_counter(), time.process_time()
    fitted = [
        one
        for stack in stacks
        for one in fit_ensemble(prepared, stack, device=device, precision=precision)
    ]
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    scores = [estimate(one.dynamics, [SCORE])[SCORE] for one in fitted]
    tests = [one.predictions[0] for one in fitted]
    return Trained(
        np.stack([one.values for one in scores]),
        scores[0].labels,
        np.array([100 * (one.logits.argmax(axis=1) == one.truth).mean() for one in tests]),
        wall / n,
        processor / n,
        n * recipe.epochs * len(prepared.y) / wall,
    )


def agreements(
    long: np.ndarray, fast: np.ndarray, labels: np.ndarray
) -> dict[str, dict[str, list[float]]]:
    """Return correlations of random halves, of samples and of classes; few networks have few."""
    draw, half = np.random.default_rng(0), len(long) // 2
    orders = [draw.permutation(len(long)) for _ in range(HALVES)]
    halves = {(tuple(sorted(o[:half])), tuple(sorted(o[half : 2 * half]))) for o in orders}
    found: dict[str, dict[str, list[float]]] = {"samples": {}, "classes": {}}
    for one, other in sorted(halves):
        for name, left, right in (
            ("long with long", long, long),
            ("long with fast", long, fast),
            ("fast with fast", fast, fast),
        ):
            means = left[list(one)].mean(axis=0), right[list(other)].mean(axis=0)
            by_class = [
                [mean[labels == code].mean() for code in np.unique(labels)] for mean in means
            ]
            for level, pair in (("samples", means), ("classes", by_class)):
                found[level].setdefault(name, []).append(float(spearmanr(*pair).statistic))
    return found


def parts(name: str, n: int | None, shrink: int, model: str) -> Prepared:
    """Return training images, equally many a class, and all test images, encoded."""
    data = load(name)
    train, test = data.part("train"), data.part("test")
    if n is not None:
        order = np.random.default_rng(0).permutation(len(train))
        a_class = n // data.n_classes
        codes = range(data.n_classes)
        rows = [order[train.labels[order] == code][:a_class] for code in codes]
        train = train.take(np.concatenate(rows))
    return prepare(shrunk(train, shrink), [shrunk(test, shrink)], model=model)


def shrunk(data: Labelled, side: int) -> Labelled:
    """Return images averaged over squares of so many pixels a side."""
    n, height, width, channels = data.inputs.shape
    squares = data.inputs.reshape(n, height // side, side, width // side, side, channels)
    means = np.rint(squares.mean(axis=(2, 4))).astype(np.uint8)
    return replace(data, inputs=means)


if __name__ == "__main__":
    main()
