"""A table of predictions, held against the data that it speaks of.

Reading the same table to judge it stops at the first mistake; here all of them are told. Samples
are matched by id, ids are compared as text. Each guard takes plain arrays.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from steelyard._support.validation import named_few
from steelyard.guards.copies import EXAMPLES
from steelyard.records.finding import Finding

_SUM = 1e-3  # as in reading such tables: float16 and rounded text pass
_RANGE = 1e-6


def ids_of_predictions(
    ids: np.ndarray,
    model: np.ndarray,
    data_ids: np.ndarray,
    name: str,
    elsewhere: dict[str, np.ndarray],
) -> list[Finding]:
    """G401, G402 and G403: samples that are missing, unknown, or predicted twice.

    Parameters
    ----------
    ids, model : ndarray of shape (n,)
        Which sample each row predicts, and by which model.
    data_ids : ndarray of shape (m,)
        The samples of the part.
    name : str
        What to call the part.
    elsewhere : dict of str to ndarray
        Ids of other parts, in which an unknown one may be found.
    """
    rows = pd.DataFrame({"id": ids, "model": model})
    known = pd.Index(np.asarray(data_ids).astype(np.str_).astype(object))
    found = []
    per_sample = rows.drop_duplicates().groupby("id").size().reindex(known, fill_value=0)
    missing = per_sample.index[per_sample < rows["model"].nunique()]
    if len(missing):
        found.append(
            Finding(
                "G401",
                "error",
                f"{len(missing)} of {len(known)} {name} samples lack a prediction by "
                f"{'the model' if rows['model'].nunique() == 1 else 'at least one model'}: figures "
                "are of the rest, which may be the easier ones.",
                len(missing),
                len(known),
                tuple(missing[:EXAMPLES]),
                "predict every sample; a model that abstains must be judged with what it left out.",
            )
        )
    unknown = pd.Index(ids).unique().difference(known, sort=False)
    if len(unknown):
        of_parts = [
            f"{one.isin(unknown).sum()} are {part} samples"
            for part, other in elsewhere.items()
            if (one := pd.Index(np.asarray(other).astype(np.str_).astype(object)))
            .isin(unknown)
            .any()
        ]
        found.append(
            Finding(
                "G402",
                "error",
                f"{len(unknown)} of {len(pd.Index(ids).unique())} predicted ids are not in the "
                f"{name} part{': ' + ', '.join(of_parts) if of_parts else ''}.",
                len(unknown),
                len(pd.Index(ids).unique()),
                tuple(unknown[:EXAMPLES]),
                "predict the samples of the part, under their ids.",
            )
        )
    again = rows.duplicated().to_numpy()
    if again.any():
        found.append(
            Finding(
                "G403",
                "error",
                f"{int(again.sum())} of {len(rows)} rows predict a sample that the same model "
                "predicted before.",
                int(again.sum()),
                len(rows),
                tuple(pd.unique(rows.loc[again, "id"])[:EXAMPLES]),
                "predict each sample once; tell models apart by the columns arm and seed.",
            )
        )
    return found


def truth_of_predictions(
    ids: np.ndarray, truth: np.ndarray, data_ids: np.ndarray, data_truth: np.ndarray
) -> Finding | None:
    """G404: the truth that stands beside a prediction is not the label of that sample.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Which sample each row predicts; unknown ones are left out.
    truth : ndarray of shape (n,) or (n, K)
        Class names, or 0 and 1 for each label.
    data_ids : ndarray of shape (m,)
        Samples, each once.
    data_truth : ndarray of shape (m,) or (m, K)
        The same of the data.
    """
    place = pd.Index(np.asarray(data_ids).astype(np.str_).astype(object)).get_indexer(pd.Index(ids))
    rows = np.flatnonzero(place >= 0)
    if not len(rows):
        return None
    n, stated, right = len(rows), truth[rows], data_truth[place[rows]]
    differs = np.asarray(stated != right, dtype=bool).reshape(n, -1).max(axis=1)
    count = int(differs.sum())
    if not count:
        return None
    key = [pd.Series(list(map(str, values))).value_counts() for values in (stated, right)]
    permuted = key[0].sort_index().equals(key[1].sort_index())
    in_order = len(truth) == len(data_truth) and bool((truth == data_truth).all())
    why = (
        " In the order of the rows they agree: the ids are mixed up."
        if in_order
        else " Each class is as frequent in both: the rows seem to be in another order."
        if permuted and count > 1
        else ""
    )
    odd = rows[differs]
    return Finding(
        "G404",
        "error",
        f"{count} of {n} rows state another truth than the data have for that id.{why}",
        count,
        n,
        tuple(
            f"{ids[at]}: {truth[at]}, not {data_truth[place[at]]}"
            if truth.ndim == 1
            else str(ids[at])
            for at in odd[:EXAMPLES]
        ),
        "keep ids, truth and predictions of a sample in one row, and sort them together.",
    )


def probabilities(
    values: np.ndarray, ids: np.ndarray, model: np.ndarray, *, multi_label: bool = False
) -> list[Finding]:
    """G405 to G408: numbers that are no probabilities, or that say less than they seem to.

    Parameters
    ----------
    values : ndarray of shape (n, K)
        What is given for probabilities.
    ids, model : ndarray of shape (n,)
        Which sample each row predicts, and by which model.
    multi_label : bool
        Whether each label has a probability of its own, so that they need not sum to one.
    """
    found = []
    # NaN fails both
    inside: np.ndarray = np.all((values >= -_RANGE) & (values <= 1 + _RANGE), axis=1)
    if not inside.all():
        odd = np.flatnonzero(~inside)
        missing = int((~np.isfinite(values)).any(axis=1).sum())
        logits = odd.size - missing > len(values) / 2
        finite = values[np.isfinite(values)]
        low, high = (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)
        found.append(
            Finding(
                "G405",
                "error",
                f"{len(odd)} of {len(values)} rows hold numbers outside [0, 1], from {low:.4g} to "
                f"{high:.4g}; {missing} miss a number."
                + (" They look like logits." if logits else ""),
                len(odd),
                len(values),
                tuple(map(str, ids[odd[:EXAMPLES]])),
                "hand in probabilities: the sigmoid of the log-odds of each label."
                if multi_label
                else "hand in probabilities: the softmax of the logits.",
            )
        )
    sums = values.sum(axis=1)
    off = inside & (np.abs(sums - 1) > _SUM)
    if off.any() and not multi_label:
        odd = np.flatnonzero(off)
        found.append(
            Finding(
                "G406",
                "error",
                f"{len(odd)} of {len(values)} rows sum to something else than one, from "
                f"{sums[off].min():.4g} to {sums[off].max():.4g}.",
                len(odd),
                len(values),
                tuple(map(str, ids[odd[:EXAMPLES]])),
                "normalise each row; where a sample may have several labels, give its truth as "
                "columns 't_<label>' of 0 and 1.",
            )
        )
    by_model = {one: np.flatnonzero(model == one) for one in dict.fromkeys(model.tolist())}
    hard = [
        one
        for one, rows in by_model.items()
        if inside[rows].all() and _all_or_nothing(values[rows])
    ]
    if hard:
        found.append(
            Finding(
                "G407",
                "warning",
                f"All numbers of {len(hard)} of {len(by_model)} models are 0 or 1: decisions, not "
                "probabilities. Log loss, calibration, ranking, thresholds and prior correction "
                "mean nothing for them.",
                len(hard),
                len(by_model),
                tuple(hard[:EXAMPLES]),
                "hand in what the model gives before it decides (predict_proba).",
            )
        )
    found += _constant(values, by_model, multi_label=multi_label)
    return found


def classes_of_predictions(
    predicted: np.ndarray,
    class_names: tuple[str, ...],
    seen: set[str],
    held_out: set[str],
    name: str,
) -> list[Finding]:
    """G409 and G410: classes that training never saw, and classes without a column.

    Parameters
    ----------
    predicted : ndarray of int
        Code of the most probable class of each row.
    class_names : tuple of str
        The columns.
    seen, held_out : set of str
        Classes that have samples in the training part, and in the part that judges.
    name : str
        What to call that part.
    """
    found = []
    said = {class_names[code] for code in np.unique(predicted)}
    strange = sorted(said - seen)
    if strange:
        rows = int(np.isin(predicted, [class_names.index(one) for one in strange]).sum())
        found.append(
            Finding(
                "G409",
                "warning",
                f"{len(strange)} of {len(class_names)} classes are predicted ({rows} rows) though "
                f"training has no sample of them: {named_few(strange)}. The columns may be in "
                "another order, or the model saw other data.",
                len(strange),
                len(class_names),
                tuple(strange[:EXAMPLES]),
                "check which column is which class, and that this is the training part.",
            )
        )
    lacking = sorted(held_out - set(class_names))
    if lacking:
        found.append(
            Finding(
                "G410",
                "error",
                f"{len(lacking)} of {len(held_out)} classes of the {name} part have no column: "
                f"{named_few(lacking)}.",
                len(lacking),
                len(held_out),
                tuple(lacking[:EXAMPLES]),
                "give each class its column 'p_<class>', 0 where the model does not know it.",
            )
        )
    return found


def _all_or_nothing(values: np.ndarray) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _constant(
    values: np.ndarray, by_model: dict[str, np.ndarray], *, multi_label: bool
) -> list[Finding]:
    """Return G408: the same numbers for all samples, or the same decision (a note)."""
    same, one_class = [], []
    for one, rows in by_model.items():
        if len(rows) < 2 or not np.isfinite(values[rows]).all():
            continue
        if not np.ptp(values[rows], axis=0).any():
            same.append(one)
        elif not multi_label and len(np.unique(values[rows].argmax(axis=1))) == 1:
            one_class.append(one)
    models = same or one_class
    if not models:
        return []
    what = "the same numbers" if same else "the same class"
    return [
        Finding(
            "G408",
            "warning" if same else "note",
            f"{len(models)} of {len(by_model)} models predict {what} for every sample.",
            len(models),
            len(by_model),
            tuple(models[:EXAMPLES]),
            "look whether the model was trained, and on which inputs it was asked."
            if same
            else "accuracy is the share of that class; look at recall by class.",
        )
    ]
