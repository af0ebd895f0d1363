"""The claims of arXiv 2409.14401: each point of its figures, and each sentence with a number in it.

A point comes with two published standard deviations as its tolerance: "within their own spread".
Where none is published the tolerance is ours, and the sentence or `docs/claims.md` says so. What
speaks of hard sets is claimed of both ways to find them: "shared", which produced the published
numbers, and "snapshot", which is what the text describes.
"""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.records.claim import Claim
from steelyard.studies import in_class_published as published

PROTOCOLS = ("shared", "snapshot")
DATA = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "kmnist": "KMNIST's test part"}
IDENTIFIERS = {"straggler": "stragglers", "max-logit": "max logit", "energy": "energy"}
METRICS = {"recall": "macro recall", "precision": "macro precision", "f1": "macro F1"}
# ours
SHARE_OF_COUNTS = 0.15  # by which totals and hard:easy ratios may differ from the published
OF_CORRELATIONS = 0.05
OF_EPOCHS = 50.0  # minima are flat, and the curves of single networks noisy
NO_EFFECT = {"hard": 5.0, "easy": 1.0}  # points: about one published standard deviation
BARS_ALIKE = 0.97  # Pearson's r between our counts and the published ones


def claims() -> tuple[Claim, ...]:
    """Return every claim."""
    found = [_agreement(), *_radii(), *_figure_5(), *_errors(), *_all_samples()]
    for protocol in PROTOCOLS:
        for family in (_figure_7, _counts, _sets, _sentences, _benchmark):
            found += family(protocol)
    return tuple(found)


def _claim(
    where: str,
    figure: str,
    sentence: str,
    relation: str,
    published: float | None = None,
    spread: float | None = None,
    *,
    tolerance: float,
    unit: str,
    protocol: str = "",
    of: str = "",
) -> Claim:
    """Return a claim; its key is its place and its figure, and which it is of several there."""
    key = "/".join([where.replace(" ", "-"), figure, *([of] if of else [])])
    return Claim(
        key, sentence, where, figure, relation, published, spread, tolerance, unit, protocol
    )


def _kept(row: str) -> str:
    """Return in words what a row of a figure trained on."""
    which, share = row.removeprefix("keep-").split("=")
    return f"{100 * float(share):g} % of {which} kept"


def _pairs(numbers: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """Yield mean and standard deviation of each cell of a row."""
    return zip(numbers[::2], numbers[1::2], strict=True)


def _figure_5() -> Iterator[Claim]:
    for row, numbers in published.FIGURE_5.items():
        for (identifier, part), (mean, spread) in zip(
            published.CELLS, _pairs(numbers), strict=True
        ):
            yield _claim(
                "figure 5",
                f"mnist-70000/shared/{identifier}/{row}/{part}/accuracy",
                f"All of MNIST, {IDENTIFIERS[identifier]}, {_kept(row)}: accuracy on {part}",
                "=", mean, spread, tolerance=2 * spread, unit="%", protocol="shared",
            )  # fmt: skip


def _figure_7(protocol: str) -> Iterator[Claim]:
    for row, numbers in published.FIGURE_7.items():
        for cell, ((identifier, part), (mean, spread)) in enumerate(
            zip(published.CELLS, _pairs(numbers), strict=True)
        ):
            figure = f"mnist/{protocol}/{identifier}/{row}/{part}"
            start = f"MNIST, {IDENTIFIERS[identifier]}, {_kept(row)}"
            yield _claim(
                "figure 7", f"{figure}/accuracy", f"{start}: accuracy on {part}",
                "=", mean, spread, tolerance=2 * spread, unit="%", protocol=protocol,
            )  # fmt: skip
            for metric, table in published.FIGURE_7_MACRO.items():
                # published without a deviation; that of the accuracy beside it serves (ours)
                yield _claim(
                    "figure 7", f"{figure}/{metric}", f"{start}: {METRICS[metric]} on {part}",
                    "=", table[row][cell], tolerance=2 * spread, unit="%", protocol=protocol,
                )  # fmt: skip


def _agreement() -> Claim:
    """Return what is asked of the points together."""
    return _claim(
        "figure 7", "mnist/agreement/figure-7",
        "MNIST: 80 % of the 84 accuracies lie within two published deviations (bound ours)",
        ">", tolerance=80, unit="%", protocol="shared",
    )  # fmt: skip


def _counts(protocol: str) -> Iterator[Claim]:
    for data, identifier, column, rows in _bars():
        # KMNIST's test part has half the samples that the published counts are of
        share, half = (0.5, "half of ") if data == "kmnist" else (1.0, "")
        start = f"{DATA[data]}, {IDENTIFIERS[identifier]}"
        for name, numbers in rows.items():
            mean, spread = share * numbers[column], share * numbers[column + 1]
            yield _claim(
                "figure 8",
                f"{data}/{protocol}/{identifier}/count/class={name}",
                f"{start}: hard samples of class {name}"
                + (f", {half}the published {numbers[column]:g}" if half else ""),
                "=", mean, spread, tolerance=2 * spread, unit="samples", protocol=protocol,
            )  # fmt: skip
        if identifier != "straggler":
            continue
        total = share * sum(numbers[column] for numbers in rows.values())
        yield _claim(
            "figure 8",
            f"{data}/{protocol}/count/total",
            f"{start}: hard samples in all"
            + (f", {half}the published {total / share:,.1f}" if half else "")
            + " (tolerance, 15 %, ours)",
            "=", total, tolerance=SHARE_OF_COUNTS * total, unit="samples", protocol=protocol,
        )  # fmt: skip
        yield _claim(
            "figure 8",
            f"{data}/{protocol}/correlation/count~published-count",
            f"{start}: our counts of classes correlate with the published bars (bound ours)",
            ">", tolerance=BARS_ALIKE, unit="", protocol=protocol,
        )  # fmt: skip


def _bars() -> list[tuple[str, str, int, published.Rows]]:
    """Return data, identifier, column of the mean, and rows of each panel of bars in figure 8."""
    return [
        ("mnist", "straggler", 0, published.FIGURE_8_MNIST),
        ("mnist", "max-logit", 2, published.FIGURE_8_MNIST),
        ("mnist", "energy", 4, published.FIGURE_8_MNIST),
        ("fashion-mnist", "straggler", 0, published.FIGURE_8_FASHION),
        ("kmnist", "straggler", 0, published.FIGURE_8_KMNIST),
    ]


def _errors() -> Iterator[Claim]:
    for data, called, rows in (
        ("mnist", "MNIST", published.FIGURE_8_MNIST),
        ("fashion-mnist", "Fashion-MNIST", published.FIGURE_8_FASHION),
        ("kmnist-70000", "All of KMNIST", published.FIGURE_8_KMNIST),
    ):
        for name, numbers in rows.items():
            mean, spread = numbers[-2:]
            yield _claim(
                "figure 8",
                f"{data}/error/class={name}",
                f"{called}: error of class {name}, trained on 10,000, tested on 60,000",
                "=", mean, spread, tolerance=2 * spread, unit="share",
            )  # fmt: skip


def _sets(protocol: str) -> Iterator[Claim]:
    """Claims of the hard sets themselves: correlations, overlaps, easy samples for a hard one."""
    for (data, identifier), value in published.CORRELATIONS.items():
        figure = f"{data}/{protocol}/{identifier}/correlation/count~error"
        start = f"{DATA[data]}, {IDENTIFIERS[identifier]}: counts and errors of classes correlate"
        slip = ""
        if data == "kmnist":
            value = published.CORRECTED_FOR_KMNIST
            slip = (
                "; the paper prints 0.9577, with 78.3 typed for class 0 where its figure has "
                "178.30, which gives 0.9784; here networks train on 1,428 of 10,000"
            )
        yield _claim(
            "appendix E", figure, f"{start} (tolerance ours){slip}", "=", value,
            tolerance=OF_CORRELATIONS, unit="", protocol=protocol,
        )  # fmt: skip
        yield _claim(
            "section 4", figure, f"{start} above 0.9", ">", value,
            tolerance=0.9, unit="", protocol=protocol,
        )  # fmt: skip
    for pair, (mean, spread) in published.OVERLAPS.items():
        one, other = (IDENTIFIERS[name] for name in pair.split("~"))
        yield _claim(
            "section 4", f"mnist/{protocol}/overlap/{pair}",
            f"MNIST: overlap of the hard sets of {one} and {other}",
            "=", mean, spread, tolerance=2 * spread, unit="%", protocol=protocol,
        )  # fmt: skip
    for data, ratio, counts in (
        ("mnist", 13.0, 13.03), ("fashion-mnist", 6.0, 4.58), ("kmnist", 6.0, 4.85),
    ):  # fmt: skip
        for where, value, told in (
            ("section 4", ratio, f"as the text has it; the published counts give {counts:g}"),
            ("figure 8", counts, "from the published counts"),
        ):
            yield _claim(
                where, f"{data}/{protocol}/easy-per-hard",
                f"{DATA[data]}: easy samples for one straggler (tolerance, 15 %, ours), {told}",
                "=", value, tolerance=SHARE_OF_COUNTS * value, unit="", protocol=protocol,
            )  # fmt: skip
    for data, called in DATA.items():
        yield _claim(
            "section 3", f"{data}/{protocol}/overlap/straggler~other-straggler",
            f"{called}: stragglers of two networks overlap substantially (bound, 50 %, ours)",
            ">", tolerance=50, unit="%", protocol=protocol,
        )  # fmt: skip


def _sentences(protocol: str) -> Iterator[Claim]:
    """Section 4, of stragglers; the published numbers are those of figure 7, of MNIST alone."""
    for data, called in DATA.items():
        helps = data != "fashion-mnist"
        for what, sentence, relation in (
            ("transfer", "hard alone serves easy better than easy alone serves hard", ">"),
            ("change/keep-hard/hard", "hard samples in training help on hard ones", ">"),
            ("change/keep-easy/easy", "easy samples in training help on easy ones", ">"),
            ("change/keep-easy/hard", "easy samples in training harm on hard ones", "<"),
            (
                "change/keep-hard/easy",
                f"hard samples in training {'help' if helps else 'harm'} on easy ones",
                ">" if helps else "<",
            ),
        ):
            yield _claim(
                "section 4", f"{data}/{protocol}/straggler/{what}", f"{called}: {sentence}",
                relation, _in_figure_7("straggler", what) if data == "mnist" else None,
                tolerance=0, unit="points", protocol=protocol,
            )  # fmt: skip
        for part, nothing in NO_EFFECT.items():
            yield _claim(
                "section 4", f"{data}/{protocol}/straggler/change/ratio/{part}",
                f"{called}: the train:test ratio does not matter on {part} (tolerance ours)",
                "=", 0.0, tolerance=nothing, unit="points", protocol=protocol,
            )  # fmt: skip
    mnist = f"mnist/{protocol}/straggler"
    yield _claim(
        "section 4", f"{mnist}/gap",
        "MNIST: hard is far below easy when all is trained on (bound, 50 points, ours)",
        ">", _in_figure_7("straggler", "gap"), tolerance=50, unit="points", protocol=protocol,
    )  # fmt: skip
    yield _claim(
        "section 4", f"{mnist}/keep-easy=0.25/easy/accuracy",
        "MNIST: some 3,000 easy samples (25 % of 20,000, 3,250 on average) are enough for 90 %",
        ">", _accuracy("straggler", "keep-easy=0.25", "easy"),
        tolerance=90, unit="%", protocol=protocol,
    )  # fmt: skip
    yield _claim(
        "section 4", f"{mnist}/change/keep-hard/hard",
        "MNIST: all hard samples help little on hard ones (bound, 15 points, ours)",
        "<", _in_figure_7("straggler", "change/keep-hard/hard"),
        tolerance=15, unit="points", protocol=protocol, of="little",
    )  # fmt: skip


def _benchmark(protocol: str) -> Iterator[Claim]:
    """Section 5: the larger the gap, the better the identifier."""
    for data, called in DATA.items():
        for identifier, by in IDENTIFIERS.items():
            yield _claim(
                "section 5", f"{data}/{protocol}/{identifier}/gap",
                f"{called}, {by}: networks do better on easy than on hard",
                ">", _in_figure_7(identifier, "gap") if data == "mnist" else None,
                tolerance=0, unit="points", protocol=protocol,
            )  # fmt: skip
    for where, one, other in (
        ("section 5", "straggler", "max-logit"),
        ("section 5", "straggler", "energy"),
        ("figure 7", "max-logit", "energy"),
    ):
        yield _claim(
            where, f"mnist/{protocol}/gap/{one}-minus-{other}",
            f"MNIST: the gap by {IDENTIFIERS[one]} is larger than by {IDENTIFIERS[other]}",
            ">", round(_in_figure_7(one, "gap") - _in_figure_7(other, "gap"), 2),
            tolerance=0, unit="points", protocol=protocol,
        )  # fmt: skip
    for identifier in ("max-logit", "energy"):
        start, figure = f"MNIST, {IDENTIFIERS[identifier]}", f"mnist/{protocol}/{identifier}"
        yield _claim(
            "section 5", f"{figure}/change/keep-easy/hard",
            f"{start}: easy samples in training cost next to nothing on hard ones (bound ours)",
            ">", _in_figure_7(identifier, "change/keep-easy/hard"),
            tolerance=-5, unit="points", protocol=protocol,
        )  # fmt: skip
        easy = _accuracy(identifier, "keep-easy=0", "easy")
        yield _claim(
            "section 5", f"{figure}/keep-easy=0/easy/accuracy",
            f"{start}: hard alone gives over 70 % on easy; figure 7 itself has {easy} %",
            ">", easy, tolerance=70, unit="%", protocol=protocol,
        )  # fmt: skip


def _accuracy(identifier: str, row: str, part: str) -> float:
    """Return a mean of figure 7."""
    return published.FIGURE_7[row][2 * published.CELLS.index((identifier, part))]


def _in_figure_7(identifier: str, what: str) -> float:
    """Return a difference of two means of figure 7, in points."""
    if what == "gap":
        more, less = ("keep-easy=1", "easy"), ("keep-easy=1", "hard")
    elif what == "transfer":
        more, less = ("keep-easy=0", "easy"), ("keep-hard=0", "hard")
    else:
        _, which, part = what.split("/")
        more, less = (f"{which}=1", part), (f"{which}=0", part)
    return round(_accuracy(identifier, *more) - _accuracy(identifier, *less), 2)


def _all_samples() -> Iterator[Claim]:
    """Numbers that the text gives of stragglers of all 70,000 samples of MNIST."""
    for where, row, part, value, tolerance, of in (
        ("section 4", "keep-hard=1", "hard", 23.0, 5.0, "18 to 28 %"),
        ("section 4", "keep-hard=1", "easy", 97.5, 0.5, "97 to 98 %"),
        ("section 4", "keep-easy=0", "easy", 55.5, 5.5, "50 to 61 %"),
        ("section 4", "keep-hard=0", "hard", 16.5, 2.5, "14 to 19 %"),
        ("section 4", "keep-easy=0.05", "easy", 91.5, 1.5, "90 to 93 %"),
        # against the line above: one of the two is wrong
        ("section 1", "keep-easy=0.05", "easy", 80.0, 5.0, "80 % (tolerance ours)"),
        ("section 1", "keep-easy=0", "easy", 47.0, 8.1, "47 % (tolerance of figure 5)"),
        ("section 1", "keep-easy=0", "easy", 50.0, 8.1, "50 % (tolerance of figure 5)"),
        ("section 1", "keep-hard=0", "hard", 17.0, 3.5, "17 % (tolerance of figure 5)"),
        ("section 1", "keep-hard=0", "hard", 15.0, 3.5, "15 % (tolerance of figure 5)"),
        ("section 1", "keep-hard=1", "hard", 24.0, 3.7, "24 % (tolerance of figure 5)"),
    ):
        yield _claim(
            where, f"mnist-70000/shared/straggler/{row}/{part}/accuracy",
            f"All of MNIST, stragglers, {_kept(row)}: {of} on {part}",
            "=", value, tolerance=tolerance, unit="%", protocol="shared", of=f"{value:g}",
        )  # fmt: skip
    for identifier in ("max-logit", "energy"):
        yield _claim(
            "section 5", f"mnist-70000/shared/{identifier}/keep-easy=0/easy/accuracy",
            f"All of MNIST, {IDENTIFIERS[identifier]}: hard alone gives over 70 % on easy",
            ">", published.FIGURE_5["keep-easy=0"][6 if identifier == "max-logit" else 10],
            tolerance=70, unit="%", protocol="shared",
        )  # fmt: skip


def _radii() -> Iterator[Claim]:
    """Figures 2 and 6: how class manifolds shrink and grow; no hard set is needed for them."""
    for data, rows in published.RADII.items():
        where = "figure 2" if data == "mnist" else "figure 6"
        for name, (start, least, epoch, end) in rows.items():
            figure, sentence = f"{data}/radius/class={name}", f"{DATA[data]}, class {name}: radius"
            for landmark, at, value in (
                ("start", "at epoch 21", start), ("minimum", "at its minimum", least),
                ("end", "at epoch 499", end),
            ):  # fmt: skip
                yield _claim(
                    where, f"{figure}/{landmark}", f"{sentence} {at}", "=", value,
                    published.RADIUS_SPREAD, tolerance=2 * published.RADIUS_SPREAD, unit="",
                )  # fmt: skip
            yield _claim(
                where, f"{figure}/minimum-epoch",
                f"{sentence} is smallest at this epoch (tolerance ours)",
                "=", epoch, tolerance=OF_EPOCHS, unit="epochs",
            )  # fmt: skip
            yield _claim(
                "section 3", f"{figure}/minimum-epoch",
                f"{sentence} has a minimum, after the first epoch that is looked at"
                + ("; figure 6 itself has none" if epoch == 21 else ""),
                ">", epoch, tolerance=21, unit="epochs",
            )  # fmt: skip
    yield _claim(
        "section 3", "mnist/radius/class=1/minimum-epoch",
        "MNIST, class 1: it turns over sooner than others (115 to 250; bound, 100, ours)",
        "<", 37, tolerance=100, unit="epochs", of="sooner",
    )  # fmt: skip
    for data, called in DATA.items():
        yield _claim(
            "section 3", f"{data}/inversion/share-missing",
            f"{called}: networks in which a class has no inversion are rare (bound, 0.1, ours)",
            "<", tolerance=0.1, unit="share",
        )  # fmt: skip
