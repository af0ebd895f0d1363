"""Hand-made scores of hand-made data."""

import numpy as np

from steelyard.records import Hardness


def scored(data, values, name="score"):
    n = len(data)
    return Hardness(
        name,
        data.ids,
        data.labels,
        data.class_names,
        np.broadcast_to(np.asarray(values, float), n),
        np.full(n, np.nan),
        1,
        data.fingerprint,
    )
