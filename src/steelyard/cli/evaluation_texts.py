"""An evaluation as tables: levels, deployments, comparisons, classes, groups."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from steelyard.cli.terminal import one_line, print_table
from steelyard.records.evaluation import AS_TRAINED, Evaluation

_MANY = 24  # rows before the rest are counted
_WIDE = 3  # arms and decisions that stand side by side
_HEAD = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "macro_average_precision")
_TITLES = {
    "brier": "Brier score",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "f1": "F1",
    "mcc": "MCC",
    "macro_mcc": "macro MCC",
    "ece_mass": "ECE, equal mass",
    "ece_width": "ECE, equal width",
    "recall_mad": "recall MAD",
    "precision_mad": "precision MAD",
    "macro_average_precision": "macro average precision (mAP)",
    "macro_fixed_prior_average_precision": "mAP at a prior of .01",
    "d_prime": "d'",
    "mean_d_prime": "mean d'",
    "d_prime_of_mean_auroc": "d' of the mean AUROC",
}
_LESS_IS_BETTER = ("log_loss", "brier", "ece", "recall_max", "recall_top", "recall_s", "recall_mad",
                   "precision_max", "precision_top", "precision_s", "precision_mad")  # fmt: skip
_SHOWN = 0.05  # p by Holm
_COMPARED = ("accuracy", "log_loss")
_OF_CLASSES = ("recall", "precision", "f1", "average_precision")


def print_evaluation(judged: Evaluation, n: int, base: str) -> None:
    """Print what was judged, the first deployment in full and the others in brief."""
    first = next(iter(judged.priors))
    left_out = _names(judged.no_data)
    without = f"; no data: {left_out}" if left_out else ""
    print(f"{judged.split}: {n:,} samples, {len(judged.class_names)} classes{without}\n")
    _print_answers(judged, base)
    _print_levels(judged, first)
    if len(judged.priors) > 1:
        _print_deployments(judged)
    _print_differences(judged)
    _print_classes(judged, first, base)
    _print_class_changes(judged, first)
    _print_groups(judged, first)
    _print_costs(judged)


def _print_answers(judged: Evaluation, base: str) -> None:
    """Print, for each deployment, what is shown to be better than the base arm as trained."""
    rows = judged.differences
    rows = rows[(rows["base_arm"] == base) & (rows["base_decision"] == AS_TRAINED)]
    metrics = _headed(list(dict.fromkeys(rows["metric"])))
    if not metrics:
        return
    metric = metrics[0]
    sign = -1 if metric.startswith(_LESS_IS_BETTER) else 1
    for prior, mine in rows[rows["metric"] == metric].groupby("prior", sort=False):
        tested = mine[mine["p_holm"].notna()]
        if tested.empty:
            continue
        shown = tested[tested["p_holm"] < _SHOWN]
        better = shown[sign * shown["mean"] > 0].sort_values(
            "mean", ascending=sign < 0, kind="stable"
        )
        worse = shown[sign * shown["mean"] < 0]
        said = [_told(row) for row in better.to_dict("records")]
        answer = f"{_title(metric)} is shown better than of {base} by {'; '.join(said)}"
        if better.empty:
            least = tested["detectable"].max()
            answer = (
                f"nothing is shown to have a better {_title(metric)} than {base}; a difference of "
                f"{least:.2g} would have been seen four times of five"
            )
        if len(worse):
            answer += f". Shown worse: {'; '.join(_told(row) for row in worse.to_dict('records'))}"
        print(one_line(f"Under {_deployment(str(prior))}: {answer}."))
    print()


def _told(row: dict) -> str:
    return f"{_cell(row['arm'], row['decision'])} ({_signed(row)})"


def _print_levels(judged: Evaluation, prior: str) -> None:
    rows = judged.overall[judged.overall["prior"] == prior]
    cells = list(dict.fromkeys(zip(rows["arm"], rows["decision"], strict=True)))
    by_key = {(row["metric"], row["arm"], row["decision"]): row for row in rows.to_dict("records")}
    metrics = list(dict.fromkeys(rows["metric"]))
    title = f"Under {_deployment(prior)}: mean and 95 % interval"
    if len(cells) <= _WIDE:
        lines = [
            [_title(metric), *(_level(by_key[metric, *cell]) for cell in cells)]
            for metric in metrics
        ]
        columns = ["metric", *(_cell(arm, decision) for arm, decision in cells)]
        print_table(title, columns, lines)
    else:
        lines = [
            [_cell(arm, decision), _title(metric), _level(by_key[metric, arm, decision])]
            for metric in _headed(metrics)
            for arm, decision in cells
        ]
        print_table(title, ["arm", "metric", "mean"], lines, left=2)
    chance = judged.chance[
        (judged.chance["prior"] == prior) & (judged.chance["metric"] == "recall_max_min")
    ]
    for row in chance.head(1).to_dict("records"):
        print(
            f"\nWere all classes equally easy, best and worst recall would lie {row['mean']:.3f} "
            f"apart by chance (19 of 20 times below {row['end']:.3f})."
        )


def _print_deployments(judged: Evaluation) -> None:
    metrics = list(dict.fromkeys(judged.overall["metric"]))
    if not metrics:
        return
    metric = _headed(metrics)[0]
    rows = judged.overall[judged.overall["metric"] == metric]
    cells = list(dict.fromkeys(zip(rows["arm"], rows["decision"], strict=True)))
    by_key = {(row["prior"], row["arm"], row["decision"]): row for row in rows.to_dict("records")}
    few = len(cells) <= _WIDE
    lines = [
        [prior, *(_level(by_key.get((prior, *cell))) for cell in cells)]
        if few
        else [prior, _cell(*cell), _level(by_key.get((prior, *cell)))]
        for prior in judged.priors
        for cell in (cells[:1] if few else cells)
    ]
    columns = ["deployment", *(_cell(arm, decision) for arm, decision in cells)]
    print()
    print_table(
        f"{_capital(_title(metric))} under every deployment",
        columns if few else ["deployment", "arm", _title(metric)],
        _cut(lines),
        left=1 if few else 2,
    )


def _print_differences(judged: Evaluation) -> None:
    rows = judged.differences
    same = (rows["mean"] == 0) & (rows["low"] == 0) & (rows["high"] == 0)
    metrics = list(dict.fromkeys(rows["metric"]))
    compared = [name for name in _COMPARED if name in metrics] or metrics[:1]
    rows = rows[rows["metric"].isin(compared) & ~same]
    for metric, mine in rows.groupby("metric", sort=False):
        lines = [
            [
                row["prior"],
                _cell(row["arm"], row["decision"]),
                _cell(row["base_arm"], row["base_decision"]),
                _signed(row),
                _p(row["p_holm"]),
                "" if pd.isna(row["detectable"]) else f"{row['detectable']:.4f}",
            ]
            for row in mine.to_dict("records")
        ]
        print()
        print_table(
            f"{_capital(_title(metric))}: paired differences (p by Holm; the least that could be "
            "detected)",
            ["deployment", "arm", "minus", "difference", "p", "least"],
            _cut(lines),
            left=3,
        )


def _print_classes(judged: Evaluation, prior: str, base: str) -> None:
    rows = judged.by_class
    rows = rows[(rows["prior"] == prior) & (rows["arm"] == base) & (rows["decision"] == AS_TRAINED)]
    metrics = [name for name in _OF_CLASSES if name in set(rows["metric"])]
    if not metrics:
        return
    tables = {name: rows[rows["metric"] == name].set_index("class") for name in metrics}
    order = tables[metrics[0]].sort_values("mean", kind="stable", na_position="last")
    lines = [
        [
            name,
            f"{row['n']:,}",
            *(_level(tables[metric].loc[name]) for metric in metrics),
        ]
        for name, row in order.iterrows()
    ]
    print()
    print_table(
        f"By class, {base} as trained, lowest {_title(metrics[0])} first",
        ["class", "samples", *map(_title, metrics)],
        _cut(lines),
    )


def _print_class_changes(judged: Evaluation, prior: str) -> None:
    rows = judged.class_differences
    rows = rows[rows["prior"] == prior]
    for (metric, arm, decision, base, base_decision), mine in rows.groupby(
        ["metric", "arm", "decision", "base_arm", "base_decision"], sort=False
    ):
        tested = mine[mine["p"].notna()]
        if tested.empty:  # nothing differs on any sample, or nothing could be tested
            continue
        shown = tested[tested["p_holm"] < 0.05]
        who = f"{_cell(arm, decision)} minus {_cell(base, base_decision)}"
        print()
        print(
            one_line(
                f"{_capital(_title(metric))} by class, {who}: {len(shown)} of {len(tested)} "
                "classes are shown to change; smaller changes than "
                f"{tested['detectable'].median():.3f} (the middle class) could not be seen."
            )
        )
        for row in shown.head(_MANY).to_dict("records"):
            print(one_line(f"  {row['class']}: {_signed(row)}, p {_p(row['p_holm'])}"))
        against = judged.rarity
        against = against[
            (against["prior"] == prior)
            & (against["metric"] == metric)
            & (against["arm"] == arm)
            & (against["decision"] == decision)
            & (against["base_arm"] == base)
            & (against["base_decision"] == base_decision)
        ]
        for row in against.to_dict("records"):
            print(
                f"  {row['statistic'].capitalize()} of the change with the log training share: "
                f"{_signed(row)}, p {_p(row['p'])}, {row['n_classes']} classes"
            )


def _print_groups(judged: Evaluation, prior: str) -> None:
    rows = judged.by_group
    rows = rows[(rows["prior"] == prior) & (rows["metric"] == "accuracy")]
    if rows.empty:
        return
    lines = [
        [
            f"{row['grouping']}: {row['group']}",
            _cell(row["arm"], row["decision"]),
            f"{row['n']:,}",
            _level(row),
        ]
        for row in rows.to_dict("records")
    ]
    print()
    print_table(
        f"Accuracy by group, under {_deployment(prior)}",
        ["group", "arm", "samples", "accuracy"],
        _cut(lines),
        left=2,
    )


def _print_costs(judged: Evaluation) -> None:
    for prior, rows in judged.costs.groupby("prior", sort=False):
        unit = rows["unit"].iloc[0]
        lines = [
            [
                f"{row['arm']}, {row['rule']}",
                f"{row['cost']:.4g} [{row['low']:.4g}, {row['high']:.4g}]",
                f"{row['saved']:+.4g} [{row['saved_low']:+.4g}, {row['saved_high']:+.4g}]",
            ]
            for row in rows.to_dict("records")
        ]
        print()
        print_table(
            f"Cost a sample{f' in {unit}' if unit else ''} under {_deployment(prior)}, and what is "
            "saved",
            ["arm, rule of decision", "cost", "saved"],
            _cut(lines),
        )


def _cell(arm: str, decision: str) -> str:
    return arm if decision == AS_TRAINED else f"{arm}, {decision}"


def _headed(metrics: Sequence[str]) -> list[str]:
    """Return the metrics that stand where there is room for few."""
    return [name for name in _HEAD if name in metrics] or list(metrics[: len(_HEAD)])


def _cut(lines: list[list[str]]) -> list[list[str]]:
    if len(lines) <= _MANY:
        return lines
    rest = [f"and {len(lines) - _MANY} more (--out)", *[""] * (len(lines[0]) - 1)]
    return [*lines[:_MANY], rest]


def _deployment(name: str) -> str:
    known = {"train": "the training prior", "test": "the part's own shares"}
    return known.get(name, f"{name!r}")


def _title(metric: str) -> str:
    return _TITLES.get(metric, metric.replace("_", " ").replace("auroc", "AUROC"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _level(row: dict | pd.Series | None) -> str:
    if row is None:
        return ""
    if pd.isna(row["mean"]):
        return "no data"
    if pd.isna(row["low"]):
        return f"{row['mean']:.4f}"
    return f"{row['mean']:.4f} [{row['low']:.4f}, {row['high']:.4f}]"


def _signed(row: dict) -> str:
    if pd.isna(row["low"]):
        return f"{row['mean']:+.4f}"
    return f"{row['mean']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"


def _p(value: float) -> str:
    if pd.isna(value):
        return ""
    return "< .001" if value < 0.001 else f"{value:.3f}"


def _names(names: Sequence[str]) -> str:
    more = [f"and {len(names) - 12} more"] if len(names) > 12 else []
    return ", ".join([one_line(name) for name in names[:12]] + more)
