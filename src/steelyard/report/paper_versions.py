"""What came of the claims of each version of the paper, and what of a run is not the paper's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.records.claim import OUTCOMES, Outcome
from steelyard.report.digits import count
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.names import listed, one_line, shortened

VERSIONS = {  # the protocol of a claim: whose it is, and what that found
    "paper-v1": "Version 1 of the paper (2025), which finds no meaningful effect",
    "paper-v2": "Version 2 of the paper (2026), which finds that gaps narrow by up to a third",
    "both": "Both versions",
}
_PAPERS = {"cifar10", "cifar100"}
_COPIES = {"cifar10-jpeg": "a JPEG copy of CIFAR-10"}
_RESNET18 = {"model": "resnet", "widths": (64, 128, 256, 512), "blocks": 2}
_EPOCHS, _SAMPLES = 200, 50_000


def versions(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return a sentence a version: what came of its primary claims, and of all of them."""
    if not outcomes:
        return ()
    sentences = [
        f"{words}: {_primary(mine)}{counted(mine)}."
        for protocol, words in VERSIONS.items()
        if (mine := [one for one in outcomes if one.claim.protocol == protocol])
    ]
    if others := [one for one in outcomes if one.claim.protocol not in VERSIONS]:
        sentences.append(f"Other claims: {counted(others)}.")
    return tuple(sentences)


def _primary(outcomes: Sequence[Outcome]) -> str:
    """Return what came of the claims that the version stands or falls by, with what follows."""
    mine = [one for one in outcomes if one.claim.primary]
    if not mine:
        return ""
    return f"{counted(mine).replace('of ', 'of its ', 1).replace(' claim', ' main claim', 1)}; "


def counted(outcomes: Sequence[Outcome]) -> str:
    """Return "of 5 claims, 3 reproduced, 2 not run"."""
    counts = Counter(one.outcome for one in outcomes)
    found = ", ".join(f"{count(counts[word])} {word}" for word in OUTCOMES if counts[word])
    n = len(outcomes)
    return f"of {count(n)} {'claim' if n == 1 else 'claims'}, {found}"


def not_run(quantities: HardnessQuantities, outcomes: Sequence[Outcome]) -> str:
    """Return which data sets are claimed about but were not run, and why; or nothing."""
    if not quantities.not_run:
        return ""
    why = [
        one_line(one.why)
        for one in outcomes
        if any(one.claim.figure.startswith(f"{data}/") for data in quantities.not_run)
    ]
    reasons = " ".join(dict.fromkeys(why)) if len(set(why)) <= 2 else ""
    titles = [data_title(one) for one in quantities.not_run]
    return f"Not run: {listed(titles)}. {reasons}".strip()


def not_the_papers(quantities: HardnessQuantities, data: str) -> str:
    """Return in what data, network and sizes a run departs from the paper; "" where in nothing."""
    facts = quantities.facts(data)
    protocol = facts.get("protocol")
    recipe = protocol.get("recipe") if isinstance(protocol, Mapping) else None
    parts = []
    name = data.removesuffix("-fast").removesuffix("-resnet18")
    if name not in _PAPERS:
        parts.append(f"the data ({_COPIES.get(name, 'the paper has CIFAR-10 and CIFAR-100')})")
    if isinstance(recipe, Mapping):
        if not _is_resnet18(recipe):
            parts.append(f"the network ({network(recipe)}; the paper has ResNet-18)")
        if recipe.get("epochs") != _EPOCHS:
            parts.append(f"the epochs ({recipe.get('epochs')}; the paper has {_EPOCHS})")
    n_train = facts.get("n_train")
    if isinstance(n_train, int) and n_train != _SAMPLES:
        parts.append(f"the training samples ({count(n_train)}; the paper has {count(_SAMPLES)})")
    if not parts:
        return ""
    return (
        f"Not the paper\N{RIGHT SINGLE QUOTATION MARK}s: {', '.join(parts)}. Numbers are not those "
        f"of the paper; directions can be compared."
    )


def network(recipe: Mapping[str, Any]) -> str:
    """Return a network in words."""
    model = {
        "mlp": "perceptron", "cnn": "small convolutional network", "resnet": "residual network",
    }.get(str(recipe.get("model")), shortened(recipe.get("model"), 20))  # fmt: skip
    widths = recipe.get("widths") or ()
    return f"{model}, widths {', '.join(str(one) for one in widths)}" if widths else model


def _is_resnet18(recipe: Mapping[str, Any]) -> bool:
    found = {**recipe, "widths": tuple(recipe.get("widths") or ())}
    return all(found.get(name) == value for name, value in _RESNET18.items())
