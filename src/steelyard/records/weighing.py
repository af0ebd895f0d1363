"""`Weighing`: every record of one weighing, and the run folder that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError, SteelyardError, unreadable
from steelyard._support.storage import header, read_json, read_parquet, write_json, write_parquet
from steelyard.records.evaluation import Evaluation
from steelyard.records.hardness import Hardness, load_scores, save_scores
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.predictions_table import load_predictions, save_predictions
from steelyard.records.run_folder import (
    ALWAYS,
    EVALUATION,
    GALLERY,
    MANIFEST,
    PLAN,
    PREDICTIONS,
    SAMPLES,
    SCORES,
    VERDICT,
    claim_folder,
    digest,
    require_inside,
    require_unchanged,
)
from steelyard.records.study import Study
from steelyard.records.verdict import Verdict

_WRITTEN_BY_SAVE = ("record", "format", "status", "study", "gallery", "files")

KINDS = ("ordinary", "rare", "hard", "suspect")


@dataclass(frozen=True, eq=False)
class Weighing:
    """What `steelyard.weigh` returns.

    Parameters
    ----------
    study : Study
        The arms and repetitions that were trained.
    hardness : mapping of str to Hardness
        Scores of the training part, by name.
    kinds : ndarray of shape (n,)
        For each training sample "ordinary", "rare", "hard" or "suspect" (looks mislabelled).
    plan : Plan
        What the verdict recommends for its first prior; the identity where that is to leave the
        data as they are.
    predictions : tuple of Predictions
        Every model on the validation and test parts.
    validation, test : Evaluation
        Choices were made on the first and are reported on the second.
    verdict : Verdict
        The answer.
    gallery : Labelled
        The hardest and the most suspect training samples, for the report.
    manifest : dict
        How it was done: data summary, versions, seeds, wall time.
    """

    study: Study
    hardness: Mapping[str, Hardness]
    kinds: np.ndarray
    plan: Plan
    predictions: tuple[Predictions, ...]
    validation: Evaluation
    test: Evaluation
    verdict: Verdict
    gallery: Labelled
    manifest: dict[str, Any]

    def __post_init__(self) -> None:
        if not self.hardness:
            raise DataError("A weighing needs at least one score. Got none.")
        kinds = frozen_array(self.kinds, np.str_)
        strange = sorted(set(kinds.ravel().tolist()) - set(KINDS))
        n = len(self._scored.ids)
        if strange or kinds.shape != (n,):
            raise DataError(
                f"A weighing needs one of {KINDS} for each of {n} training samples. "
                f"Got shape {kinds.shape}{f' and {strange[:5]}' if strange else ''}."
            )
        object.__setattr__(self, "hardness", dict(self.hardness))
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "predictions", tuple(self.predictions))

    def __repr__(self) -> str:
        return f"Weighing({self.verdict.data!r})\n{self.verdict}"

    @property
    def _scored(self) -> Hardness:
        return next(iter(self.hardness.values()))

    def samples(self) -> pd.DataFrame:
        """Return the table of training samples: ``id``, ``label`` (class name) and ``kind``."""
        names = np.asarray(self._scored.class_names, dtype=object)
        return pd.DataFrame(
            {"id": self._scored.ids, "label": names[self._scored.labels], "kind": self.kinds}
        )

    def save(self, folder: str | Path) -> None:
        """Write every record into a run folder; the manifest, written last, makes it complete.

        Raises
        ------
        OutputError
            If the folder holds files that are not a steelyard run, or cannot be written.
        """
        folder = claim_folder(folder)
        save_scores(self.hardness, folder / SCORES)
        self.plan.save(folder / PLAN)
        save_predictions(self.predictions, folder / PREDICTIONS)
        write_parquet(self.samples(), folder / SAMPLES, header("Samples"))
        self.validation.save(folder / EVALUATION["validation"])
        self.test.save(folder / EVALUATION["test"])
        self.verdict.save(folder / VERDICT)
        gallery = GALLERY[self.gallery.modality]
        self.gallery.save(folder / gallery)
        manifest = {
            **self.manifest,
            **header("Manifest", status="complete"),
            "study": self.study.to_dict(),
            "gallery": gallery,
            "files": {name: digest(folder / name) for name in (*ALWAYS, gallery)},
        }
        write_json(manifest, folder / MANIFEST)

    @classmethod
    def load(cls, folder: str | Path) -> Weighing:
        """Read a run folder. Nothing outside it is opened, whatever its manifest says.

        Raises
        ------
        DataNotFoundError
            If it holds no manifest.
        DataError
            If it holds no complete run, a file is not the one that was written or stands elsewhere,
            or the manifest names others than `save` writes.
        """
        folder = Path(folder)
        require_inside(folder, MANIFEST)
        manifest = read_json(folder / MANIFEST, "Manifest")
        if manifest.get("status") != "complete":
            raise DataError(
                f"The run in {str(folder)!r} did not finish.", hint="run the same command again."
            )
        require_unchanged(folder, manifest)
        try:
            return cls._read(folder, manifest)
        except SteelyardError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise unreadable(folder, "run folder", error) from error

    @classmethod
    def _read(cls, folder: Path, manifest: dict[str, Any]) -> Weighing:
        samples, _ = read_parquet(folder / SAMPLES, "Samples")
        return cls(
            Study.from_dict(manifest["study"]),
            load_scores(folder / SCORES),
            samples["kind"],
            Plan.load(folder / PLAN),
            tuple(load_predictions(folder / PREDICTIONS)),
            Evaluation.load(folder / EVALUATION["validation"]),
            Evaluation.load(folder / EVALUATION["test"]),
            Verdict.load(folder / VERDICT),
            Labelled.load(folder / manifest["gallery"]),
            {key: value for key, value in manifest.items() if key not in _WRITTEN_BY_SAVE},
        )
