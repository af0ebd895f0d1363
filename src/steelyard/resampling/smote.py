"""SMOTE: rows made up between a sample and one of its nearest neighbours of the same class.

**What it tells you.** Whether interpolated samples serve better than repeated ones.

**When it misleads.** Distances are Euclidean in the units that the columns have: a column of large
numbers decides who is near, so scale the columns first. Whole numbers come out as fractions. A
wrong label is interpolated with right ones. Of images the pixels are mixed, which gives double
exposures. And it cannot help a class whose samples do not surround what is missing.

**Kinds.** "smote" draws parents alike; "borderline" takes parents with many, but not only, others
around; "adasyn" more rows the more others are around. Where a table has categories, "smote" is
SMOTE-NC: the neighbours vote. SVM-SMOTE is left out: it extrapolates beyond the samples, and what
imbalanced-learn 0.14 makes by it falls short of the number asked for.

**Reference.** Chawla et al. (2002); Han et al. (2005); He et al. (2008), by imbalanced-learn. For
flattened images: arXiv 2504.07031.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import generator, uniform_by_id
from steelyard._support.validation import check_choice, check_integer
from steelyard.records.labelled import Labelled
from steelyard.resampling.added_rows import synthetic_rows
from steelyard.resampling.selection import first_in_class

KINDS = ("smote", "borderline", "adasyn")
_SURROUNDINGS = 10  # nearest samples of any class that "borderline" looks at: imbalanced-learn's
_OF_CLASS, _OTHER = 1, 0


@dataclass(frozen=True)
class Smote:
    """Rows between neighbours of one class.

    Parameters
    ----------
    kind : {"smote", "borderline", "adasyn"}
        Where parents are taken.
    n_neighbours : int
        Nearest samples of the class that a parent may be mixed with; a class that grows needs
        one sample more than that.
    """

    kind: str = "smote"
    n_neighbours: int = 5

    def __post_init__(self) -> None:
        check_choice(self.kind, "kind", "Smote", KINDS)
        check_integer(self.n_neighbours, "n_neighbours", "Smote", 1)

    @property
    def words(self) -> str:
        """How a scheme's name tells of it."""
        return f"grown by {self.kind} of {self.n_neighbours} neighbours"

    @property
    def note(self) -> str:
        """What to know before training on such rows."""
        return "Added rows are synthetic, mixed from neighbours of the same class."

    def rows_for(self, data: Labelled, wanted: np.ndarray, seed: int) -> Labelled:
        """Return ``wanted`` rows a class; rounded to whole grey values, where they are images.

        Raises
        ------
        DataError
            If values are missing, a class has too few samples, or the kind finds no parent.
        ParameterError
            If the kind does not take categories.
        """
        _require_neighbours(data, wanted, self.n_neighbours)
        by_id = np.argsort(data.ids, kind="stable")
        points, categories = _points(data)
        points, labels = points[by_id], data.labels[by_id]
        if categories.any():
            _require_takes_categories(self.kind, categories)
        first = first_in_class(data.ids, data.labels, data.n_classes)
        ties = uniform_by_id(data.ids, seed, purpose="plan")[by_id]
        made, codes = [], []
        for code in np.argsort(first, kind="stable"):  # by what the classes hold, not by code
            if wanted[code]:
                mine = labels == code
                # known by a draw of its ids, so that code and name do not matter
                draw = generator(seed, purpose="smote", known_by=ties[mine].min())
                made.append(
                    self._between(
                        points, mine, categories, int(wanted[code]), draw, data.class_names[code]
                    )
                )
                codes.append(np.full(wanted[code], code))
        inputs = _as_inputs(np.concatenate(made), data)
        labels = np.concatenate(codes)
        return synthetic_rows(inputs, labels, np.arange(len(labels)), data)

    def _between(
        self,
        points: np.ndarray,
        mine: np.ndarray,
        categories: np.ndarray,
        wanted: int,
        draw: np.random.Generator,
        name: str,
    ) -> np.ndarray:
        """Return ``wanted`` new points of one class, shape (wanted, d)."""
        own = int(mine.sum())
        if self.kind == "smote":
            # others play no part, but imbalanced-learn refuses data of one class
            points = np.concatenate([points[mine], points[:1]])
            labels = np.append(np.full(own, _OF_CLASS), _OTHER)
        else:
            labels = np.where(mine, _OF_CLASS, _OTHER)
        # adasyn rounds for each parent: with one more each it makes enough, of which some go
        asked = wanted + own if self.kind == "adasyn" else wanted
        maker = self._maker(
            categories,
            min(_SURROUNDINGS, len(points) - 1),
            sampling_strategy={_OF_CLASS: own + asked},
            random_state=int(draw.integers(2**31)),
        )
        try:
            made = maker.fit_resample(points, labels)[0][len(points) :]
        except (RuntimeError, ValueError) as error:
            made, reason = points[:0], " ".join(str(error).split()).removesuffix(".")
        else:
            reason = "no sample of it stands on a border"
        if len(made) < wanted:
            raise DataError(
                f"{self.kind!r} made {len(made)} of {wanted} rows of class {name!r}: {reason}.",
                hint="choose Smote(kind='smote').",
            )
        return made[np.sort(draw.permutation(len(made))[:wanted])]

    def _maker(self, categories: np.ndarray, around: int, **options: Any) -> Any:
        """Return imbalanced-learn's sampler; imported here, for only who uses it should wait."""
        from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, BorderlineSMOTE

        if self.kind == "adasyn":
            return ADASYN(n_neighbors=self.n_neighbours, **options)
        if self.kind == "borderline":
            return BorderlineSMOTE(k_neighbors=self.n_neighbours, m_neighbors=around, **options)
        if categories.any():
            columns = np.flatnonzero(categories).tolist()
            return SMOTENC(columns, k_neighbors=self.n_neighbours, **options)
        return SMOTE(k_neighbors=self.n_neighbours, **options)


def _points(data: Labelled) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs as points of shape (n, d), and which coordinates are categories."""
    data.require_inputs("Smote")
    if data.modality == "image":
        flat = data.inputs.reshape(len(data), -1).astype(np.float32)
        return flat / np.float32(255), np.zeros(flat.shape[1], bool)
    missing = data.inputs.isna().any()
    if missing.any():
        raise DataError(
            f"Smote cannot mix missing values; {int(missing.sum())} columns have some, first "
            f"{str(missing.index[missing.argmax()])!r}.",
            hint="fill them in first, or repeat samples: over='random'.",
        )
    categories = np.array([dtype == "category" for dtype in data.inputs.dtypes])
    columns = [
        column.cat.codes if is_category else column
        for is_category, (_, column) in zip(categories, data.inputs.items(), strict=True)
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1), categories


def _as_inputs(points: np.ndarray, data: Labelled) -> np.ndarray | pd.DataFrame:
    """Return points as the data's kind of inputs."""
    if data.modality == "image":
        grey = np.rint(points * 255).clip(0, 255).astype(np.uint8)
        return grey.reshape(len(points), *data.inputs.shape[1:])
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(
                points[:, place].astype(np.int64), categories=column.cat.categories
            )
            if column.dtype == "category"
            else points[:, place].astype(np.float64)
            for place, (name, column) in enumerate(data.inputs.items())
        }
    )


def _require_neighbours(data: Labelled, wanted: np.ndarray, n_neighbours: int) -> None:
    few = (wanted > 0) & (data.class_counts <= n_neighbours)
    if not few.any():
        return
    code = int(np.where(few, data.class_counts, len(data) + 1).argmin())
    there = int(data.class_counts[code])
    fewer = f"n_neighbours={there - 1}, " if there > 1 else ""
    raise DataError(
        f"Smote of {n_neighbours} neighbours needs {n_neighbours + 1} samples of each class that "
        f"grows. Got {there} of class {data.class_names[code]!r}; classes with too few: "
        f"{int(few.sum())}.",
        hint=f"choose {fewer}over='random', or a Pool of synthetic samples.",
    )


def _require_takes_categories(kind: str, categories: np.ndarray) -> None:
    if categories.all():
        raise DataError(
            "Smote needs a column of numbers; the data have categories only.",
            hint="repeat samples: over='random'.",
        )
    if kind != "smote":
        raise ParameterError(
            f"Smote(kind={kind!r}) takes no categories; {int(categories.sum())} columns are.",
            hint="choose kind='smote', which lets the neighbours vote on them.",
        )
