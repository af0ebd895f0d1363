"""Ten million predictions of a thousand classes, judged in chunks from one parquet file.

    python benchmarks/streaming.py [--rows 10_000_000] [--classes 1_000] [--folder DIR]

The file is made first and deleted afterwards. Its row groups are few different ones (8), written
again and again in turns, because making them costs more than reading them; each is really read,
decoded and judged. Probabilities are softmax outputs of a model that is right on about 75 %,
rounded down to multiples of 2^-12 with the rest given to the largest, as float32; zstd. Most are
then 0, so that the file is small. Time is of `evaluate_in_chunks` alone, on one thread, in a
process of its own; memory is the most that process ever held (its imports included).
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from side_by_side import machine

DIFFERENT = 8  # row groups
_GROUP = 2**25  # probabilities in a row group


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--classes", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "predictions.parquet"
        began = time.perf_counter()
        alone(write, path, options.rows, options.classes)
        print(f"{options.rows:,} rows x {options.classes:,} classes, "
              f"{path.stat().st_size / 2**30:.2f} GiB, written in "
              f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
        found = alone(judged, path)
    values = options.rows * options.classes
    print(f"judged in {found['seconds']:.0f} s, of which it had a core for {found['used']:.0f} s: "
          f"{values / found['used'] / 1e6:,.0f} million probabilities a second")  # fmt: skip
    print(f"peak memory {found['peak']:.0f} MiB, {found['before']:.0f} MiB of it before reading; "
          f"the probabilities as float32 are {values * 4 / 2**20:,.0f} MiB")  # fmt: skip
    print(found["overall"])


def alone(case: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a case returns in a process of its own, of a parent that stays small.

    A process begins with the peak memory of its parent.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(case, arguments)


def write(path: Path, n_rows: int, n_classes: int) -> None:
    rows = max(_GROUP // n_classes, 1)
    groups = [group(seed, min(rows, n_rows), n_classes) for seed in range(DIFFERENT)]
    done, writer = (
        0,
        pq.ParquetWriter(
            path,
            groups[0].schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=["truth"],
            write_statistics=False,
        ),
    )
    for one in itertools.cycle(groups):
        writer.write_table(one.slice(0, min(rows, n_rows - done)))
        done += min(rows, n_rows - done)
        if done >= n_rows:
            break
    writer.close()


def group(seed: int, n_rows: int, n_classes: int) -> pa.Table:
    random = np.random.default_rng(seed)
    truth = random.integers(0, n_classes, n_rows)
    logits = random.standard_normal((n_rows, n_classes), dtype=np.float32)
    logits[np.arange(n_rows), truth] += 4
    p = np.exp(2 * logits)
    p /= p.sum(axis=1, keepdims=True)
    p = np.floor(p * 4096) / 4096
    p[np.arange(n_rows), p.argmax(axis=1)] += 1 - p.sum(axis=1)
    columns: dict[str, Any] = {
        "id": np.arange(n_rows) + seed * n_rows,
        "truth": pa.DictionaryArray.from_arrays(
            pa.array(truth.astype(np.int32)), [f"{code:04d}" for code in range(n_classes)]
        ),
    }
    columns |= {f"p_{code:04d}": p[:, code].copy() for code in range(n_classes)}
    return pa.table(columns)


def judged(path: Path) -> dict[str, Any]:
    from steelyard.evaluation.stream import evaluate_in_chunks

    before, began, used = peak(), time.perf_counter(), time.process_time()
    found = evaluate_in_chunks(path, {"uniform": None})
    took, used = time.perf_counter() - began, time.process_time() - used
    overall = found.overall.drop(columns=["arm", "seed", "prior"]).to_string(index=False)
    return {"seconds": took, "used": used, "peak": peak(), "before": before, "overall": overall}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
