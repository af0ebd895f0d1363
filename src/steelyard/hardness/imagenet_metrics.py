"""The ImageNet metrics of Sorscher and others: their csv files read as hardness.

They published one file a metric (EL2N, forgetting, memorisation, prototypes, ...), named
``ImageNet-1K_<metric>.csv``: a line of column names, then the image's file name and its value in
the last two columns. All are turned so that *high* means that keeping the image is worth while;
that is the hard end, and higher is harder here too. Their active-learning file holds only 0 and 1.

**What is known of the shape.** The direction stands in their description, the columns are as public
code that uses the files reads them; the files themselves were not at hand.

**Reference.** Sorscher, Geirhos, Shekhar, Ganguli and Morcos (2022), Beyond neural scaling laws:
beating power law scaling via data pruning, arXiv 2206.14486;
github.com/rgeirhos/dataset-pruning-metrics.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard.hardness.read_scores import read_csv, scored
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled

_WORDNET = re.compile(r"n\d{8}")


def read_imagenet_metric(path: str | Path, data: Labelled | None = None) -> Hardness:
    """Read one file of ImageNet metric scores.

    Parameters
    ----------
    path : path
        For instance ``ImageNet-1K_EL2N-1-model.csv``.
    data : Labelled, optional
        Gives order, labels and classes; its ids are the file names of the images. Without it the
        class of an image is the WordNet id in its name, or "unknown" if some name has none.

    Returns
    -------
    Hardness
        Named after the file, for instance "el2n_1_model"; higher is harder, one run.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no file, it has not two columns or three, or an image comes twice.
    MismatchError
        If a sample of the data is not in the file.
    """
    frame = read_csv(path)
    if frame.shape[1] not in (2, 3):
        raise DataError(
            f"{str(path)!r} must have two columns or three, the last two an image's name and its "
            f"value. Got {list(frame)[:8]}."
        )
    images = frame.iloc[:, -2]
    values = pd.to_numeric(frame.iloc[:, -1], errors="coerce").to_numpy(np.float64)
    metric = Path(path).stem.removeprefix("ImageNet-1K_")
    name = re.sub(r"\W+", "_", metric).strip("_").lower()
    hardness = scored(name, images, values, data, path)
    return hardness if data is not None else _with_classes(hardness)


def _with_classes(hardness: Hardness) -> Hardness:
    """Return the hardness with the classes that the names of the images tell, if all do."""
    found = [_WORDNET.search(image) for image in hardness.ids.astype(str)]
    if not all(found):
        return hardness
    names, labels = np.unique([match[0] for match in found if match], return_inverse=True)
    return replace(hardness, labels=labels, class_names=tuple(names.tolist()))
