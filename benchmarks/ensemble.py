"""Claim: many small networks as one cost little more than their largest matrix products.

100 networks 784-20-20-10 on MNIST, batch 128, Adam: at least 12 times faster a network-step than
training one after the other with torch's DataLoader, and at most 1.4 times the bare matrix
products of the same shapes (first layer: forward and gradient of the weights) on the same cores.

    STEELYARD_DATA=... python benchmarks/ensemble.py [--quick] [--json]

All contestants take turns in one run; ratios are paired by round. The bound of each comparison is
the fastest way found: of the loop with one thread or all, of the products in every layout of their
operands, as one product with all threads or in stacks side by side with one thread each. The clock
of an ensemble runs from the first step of its first stack to its last closed epoch; "end to end" is
the whole call. Reading and encoding the data is no contestant's time.

Convolutional networks, lower precision, torch.compile and, where there is a GPU, residual networks
on CIFAR-10 have rows of their own. ``--quick`` takes fewer steps and rounds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from bare_products import Products, one_product, products_side_by_side
from side_by_side import (
    cores,
    fastest,
    in_words,
    machine,
    ratio,
    spread,
    take_turns,
    torch_threads,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from steelyard.datasets import load
from steelyard.records import Recipe
from steelyard.training import Member, Prepared, fit_ensemble, prepare

FASTER, OVER_PRODUCTS = 12.0, 1.4
# A_STACK: how many networks the ensemble trains in one thread, so that the products can do the same
MEMBERS, A_STACK, BATCH, INPUTS, WIDTH = 100, 25, 128, 784, 20
PERCEPTRON = Recipe(
    "mlp", widths=(20, 20), batch_size=BATCH, learning_rate=1e-3, schedule="constant", epochs=2
)
CONVOLUTIONAL = replace(PERCEPTRON, model="cnn", widths=(16, 32, 64), batch_size=64, epochs=1)
RESIDUAL = replace(
    PERCEPTRON, model="resnet", widths=(32, 64, 128), normalisation="batch", epochs=2
)
COMPILE_SECONDS = 180


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, samples, and steps a round of what is timed step by step."""

    rounds: int
    digits: int
    steps: int
    products: int
    images: int
    objects: int


FULL = Size(rounds=7, digits=60_000, steps=400, products=60, images=2560, objects=12_800)
QUICK = Size(rounds=3, digits=12_800, steps=100, products=20, images=640, objects=2560)


# --- the ensemble


def fit_timed(
    name: str,
    prepared: Prepared,
    recipe: Recipe,
    n_members: int,
    record: bool = False,
    **options: str,
) -> dict[str, float]:
    """Return microseconds a network-step of an ensemble, from its first step and end to end."""
    marks = []
    members = [Member(recipe, repetition=k, record=record) for k in range(n_members)]
    started = time.perf_counter()
    fitted = fit_ensemble(
        prepared, members, progress=lambda *said: marks.append(time.perf_counter()), **options
    )
    ended = time.perf_counter()
    if any(one.losses[-1] > one.losses[0] for one in fitted):
        raise SystemExit(f"{name}: the loss of a network has grown")
    steps = n_members * recipe.epochs * -(-len(prepared.data) // recipe.batch_size)
    # the first mark is made before the first step, the last but one at the last closed epoch
    in_training, whole = marks[-2] - marks[0], ended - started
    return {name: 1e6 * in_training / steps, f"{name}, end to end": 1e6 * whole / steps}


# --- one network at a time, as anybody would write it


def perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Linear(INPUTS, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, 10),
    )


def convolutional() -> nn.Module:
    layers: list[nn.Module] = []
    for channels, width in itertools.pairwise((1, *CONVOLUTIONAL.widths)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def plain_loop(
    name: str,
    network: Callable[[], nn.Module],
    batches: Callable[[], object],
    threads: int,
    n_steps: int,
) -> dict[str, float]:
    """Return microseconds a step of one network trained alone, after 20 steps to warm up."""
    model, entropy = network(), nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    endless = itertools.chain.from_iterable(batches() for _ in itertools.count())
    with torch_threads(threads):
        for step, (x, y) in enumerate(endless):
            if step == 20:
                started = time.perf_counter()
            if step == 20 + n_steps:
                return {name: 1e6 * (time.perf_counter() - started) / n_steps}
            optimiser.zero_grad()
            entropy(model(x), y).backward()
            optimiser.step()
    raise AssertionError  # batches are endless


def indexed(images: torch.Tensor, labels: torch.Tensor, batch_size: int) -> Callable[[], object]:
    """Return what gives an epoch of shuffled batches without a DataLoader."""

    def epoch() -> object:
        for rows in torch.randperm(len(images)).split(batch_size):
            yield images[rows], labels[rows]

    return epoch


# --- the comparisons


def perceptrons(size: Size) -> dict:
    """Compare 100 perceptrons with the loop and with the products."""
    prepared = prepared_images("mnist", size.digits, "mlp")
    images, labels = standardised(prepared).flatten(1), torch.from_numpy(prepared.y)
    loader = DataLoader(TensorDataset(images, labels), batch_size=BATCH, shuffle=True)
    in_memory = indexed(images, labels, BATCH)
    with torch_threads(cores()):
        whole = Products.in_fastest_layout(MEMBERS * WIDTH, INPUTS, BATCH)
    with torch_threads(1):
        stacks = [Products.in_fastest_layout(A_STACK * WIDTH, INPUTS, BATCH)]
        stacks += [
            Products.in_fastest_layout(A_STACK * WIDTH, INPUTS, BATCH, stacks[0].names)
            for _ in range(MEMBERS // A_STACK - 1)
        ]
    loop = {
        "loop, 1 thread": (lambda: loader, 1),
        "loop, all threads": (lambda: loader, cores()),
        "loop, 1 thread, no DataLoader": (in_memory, 1),
        "loop, all threads, no DataLoader": (in_memory, cores()),
    }
    fits = {
        "ensemble": {"order": "shared"},
        "ensemble, own orders": {"order": "own"},
        "ensemble, bfloat16": {"order": "shared", "precision": "bfloat16"},
    }
    contestants = {
        **{
            name: lambda name=name, batches=batches, threads=threads: plain_loop(
                name, perceptron, batches, threads, size.steps
            )
            for name, (batches, threads) in loop.items()
        },
        **{
            name: lambda name=name, options=options: fit_timed(
                name, prepared, PERCEPTRON, MEMBERS, **options
            )
            for name, options in fits.items()
        },
        "whole": lambda: one_product(whole, size.products, MEMBERS),
        "stacks": lambda: products_side_by_side(stacks, size.products, MEMBERS),
    }
    with torch_threads(cores()):
        rows = take_turns(contestants, size.rounds)
    reference = fastest(rows, "loop, 1 thread", "loop, all threads")
    no_loader = fastest(rows, *list(loop)[2:])
    floor = fastest(rows, "products, all threads", "products, stacks side by side")
    own = "ensemble, own orders"
    ratios = {
        f"{reference} / ensemble": ratio(rows[reference], rows["ensemble"]),
        f"{reference} / ensemble, end to end": ratio(rows[reference], rows["ensemble, end to end"]),
        f"ensemble / {floor}": ratio(rows["ensemble"], rows[floor]),
        f"{reference} / {own}": ratio(rows[reference], rows[own]),
        f"{own} / {floor}": ratio(rows[own], rows[floor]),
        f"{no_loader} / ensemble": ratio(rows[no_loader], rows["ensemble"]),
        "bfloat16 / float32": ratio(rows["ensemble, bfloat16"], rows["ensemble"]),
    }
    speedup, over = (list(ratios.values())[k]["median"] for k in (0, 2))
    return {
        "what": f"{MEMBERS} networks 784-20-20-10, {len(prepared.y):,} digits, batch {BATCH}, "
        f"Adam, {cores()} threads",
        "microseconds_a_network_step": {name: spread(values) for name, values in rows.items()},
        "ratios": ratios,
        "layouts": {"all threads": whole.names, "stacks side by side": stacks[0].names},
        "claims": {
            f"at least {FASTER:g} times faster than the loop": bool(speedup >= FASTER),
            f"at most {OVER_PRODUCTS:g} times the products": bool(over <= OVER_PRODUCTS),
        },
    }


def convolutionals(size: Size) -> dict:
    """Compare 10 convolutional networks as one with one at a time."""
    prepared = prepared_images("mnist", size.images, "cnn")
    batches = indexed(standardised(prepared), torch.from_numpy(prepared.y), 64)
    contestants = {
        "loop": lambda: plain_loop(
            "loop, no DataLoader", convolutional, batches, cores(), len(prepared.y) // 64
        ),
        "one": lambda: fit_timed("one at a time", prepared, CONVOLUTIONAL, 1),
        "ten": lambda: fit_timed("ensemble of 10", prepared, CONVOLUTIONAL, 10),
    }
    with torch_threads(cores()):
        rows = take_turns(contestants, size.rounds)
    return {
        "what": f"10 networks of widths 16, 32, 64, {len(prepared.y):,} digits, batch 64, own "
        f"orders, {cores()} threads",
        "microseconds_a_network_step": {name: spread(values) for name, values in rows.items()},
        "ratios": {
            f"{name} / ensemble of 10": ratio(rows[name], rows["ensemble of 10"])
            for name in ("loop, no DataLoader", "one at a time")
        },
    }


def residuals(size: Size, device: str = "cuda") -> dict:
    """Compare 10 residual networks as one with one at a time on the same device."""
    prepared = prepared_images("cifar10", size.objects, "resnet")
    contestants = {
        f"{name}, {precision}": lambda name=name, n=n, precision=precision: fit_timed(
            f"{name}, {precision}",
            prepared,
            RESIDUAL,
            n,
            order="shared",
            device=device,
            precision=precision,
        )
        for precision in ("float32", "bfloat16")
        for name, n in (("one at a time", 1), ("ensemble of 10", 10))
    }
    take_turns(contestants, 1)  # chooses kernels, fills the allocator
    rows = take_turns(contestants, size.rounds)
    rates = {name: [1e6 * BATCH / each for each in values] for name, values in rows.items()}
    return {
        "what": f"10 residual networks of widths 32, 64, 128, {len(prepared.y):,} CIFAR-10 images, "
        f"batch {BATCH}, batch normalisation, shared order",
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "network_samples_a_second": {name: spread(values) for name, values in rates.items()},
        "ratios": {
            f"ensemble of 10 / one at a time, {precision}": ratio(
                rates[f"ensemble of 10, {precision}"], rates[f"one at a time, {precision}"]
            )
            for precision in ("float32", "bfloat16")
        },
    }


def prepared_images(name: str, n: int, model: str) -> Prepared:
    """Return n training images of a set, drawn at random and encoded."""
    data = load(name)
    rows = np.random.default_rng(0).permutation(np.flatnonzero(data.split == "train"))
    return prepare(data.take(rows[:n]), model=model)


def standardised(prepared: Prepared) -> torch.Tensor:
    """Return images as the plain loops read them: float32, standardised by all pixels."""
    images = torch.from_numpy(prepared.X).float()
    return (images - images.mean()) / images.std()


def compiled() -> dict | str:
    """Run benchmarks/ensemble_compiled.py: a compiler that hangs or fails ends with its process."""
    command = [sys.executable, str(Path(__file__).with_name("ensemble_compiled.py")), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"not run: not compiled within {COMPILE_SECONDS} s"
    if done.returncode:
        return f"not run: {(done.stderr.strip().splitlines() or ['failed'])[-1]}"
    return json.loads(done.stdout)["torch.compile"]


def or_why_not(compare: Callable[[Size], dict], size: Size) -> dict | str:
    """Return a comparison, or that its data are not there."""
    try:
        return compare(size)
    except FileNotFoundError as error:
        return f"not run: {error}"


def main() -> None:
    """Run every comparison that the data and devices at hand allow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    torch.manual_seed(0)
    found: dict[str, object] = {
        "perceptrons": or_why_not(perceptrons, size),
        "cnn": or_why_not(convolutionals, size),
        "torch.compile": compiled(),
        "gpu": "not run: no CUDA device",
    }
    if torch.cuda.is_available():
        found["gpu"] = or_why_not(residuals, size)
    found["machine"] = machine()
    print(json.dumps(found, indent=2) if options.json else in_words(found))


if __name__ == "__main__":
    main()
