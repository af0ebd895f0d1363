"""Train many networks as one, in as many stacks as memory asks for."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import torch

from steelyard._support.errors import (
    DataError,
    MismatchError,
    ParameterError,
    ResourceError,
    SteelyardWarning,
)
from steelyard._support.fingerprints import fingerprint
from steelyard._support.progress import Progress, silent
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.training.augmentation import require_augmentable
from steelyard.training.checkpoint import CheckpointFolder
from steelyard.training.devices import checked_device, mixed_precision
from steelyard.training.fitted import Fitted
from steelyard.training.inputs import Inputs
from steelyard.training.members import Member, in_stacks, parts
from steelyard.training.memory import is_out_of_memory
from steelyard.training.prepared import Prepared
from steelyard.training.sizes import members_a_stack
from steelyard.training.stacked import Bench
from steelyard.training.tally import Tally
from steelyard.training.threads import bounded_threads
from steelyard.training.trees import grow_trees

ORDERS = ("own", "shared")


def fit_ensemble(
    prepared: Prepared,
    members: Sequence[Member],
    *,
    seed: int = 0,
    order: str = "own",
    device: str = "cpu",
    precision: str = "float32",
    memory: int | None = None,
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 30.0,
    progress: Progress = silent,
) -> tuple[Fitted, ...]:
    """Train an ensemble; each member comes out as it would alone.

    Networks whose recipes differ in nothing but `OWN_SETTINGS` train as one stack: one forward, one
    backward, one optimiser step for all. A member of a stack equals the network trained alone
    to the precision of its arithmetic, not bit for bit: a larger matrix product may add in another
    order. Trees grow one after the other.

    Parameters
    ----------
    prepared : Prepared
        The training part and the held-out parts.
    members : sequence of Member
        What to train.
    seed : int
        From which the seeds of all members derive.
    order : {"own", "shared"}
        "own": each member walks through the draws of its plan in its own order. "shared": all
        walk through the training part in one order, each batch is read once, and the counts of a
        plan become sample weights with mean one (recorders see every sample, those of weight zero
        too); images are augmented for all alike. Where a batch is all samples, the two are the
        same.
    device : str
        "cpu", "cuda" or "cuda:N"; trees grow on the CPU.
    precision : {"float32", "bfloat16"}
        Of forward and backward passes; parameters and losses stay float32.
    memory : int, optional
        Bytes that training may use; None takes half of what is free. An ensemble that needs more
        trains in several stacks.
    threads : int, optional
        Threads that training may use; None takes as many as torch would.
    checkpoint : path, optional
        A folder. Training that stopped goes on from there, bit for bit.
    checkpoint_every : float
        Seconds between two writings.
    progress : callable
        Told after each epoch of a network, and after each booster.

    Returns
    -------
    tuple of Fitted
        One a member, in their order.

    Raises
    ------
    ParameterError
        If there is no member, an argument lies outside its range, or a recipe augments what is no
        image.
    MismatchError
        If a plan belongs to other data, a recipe to other models than the data were prepared for,
        or the checkpoint to another training.
    DataError
        If training diverges, a recipe with patience finds no validation part, or a member is to
        predict what its plan leaves out and it leaves out nothing.
    ResourceError
        If the device is not there, or not even one network fits into memory.
    """
    members = list(members)
    check_integer(seed, "seed", "fit_ensemble", 0)
    check_choice(order, "order", "fit_ensemble", ORDERS)
    where = checked_device(device)
    mixed_precision(where, precision)
    if memory is not None:
        check_integer(memory, "memory", "fit_ensemble", 1)
    if threads is not None:
        check_integer(threads, "threads", "fit_ensemble", 1)
    check_real(checkpoint_every, "checkpoint_every", "fit_ensemble", 0)
    if not members:
        raise ParameterError("The 'members' parameter of fit_ensemble must hold a member. Got [].")
    for member in members:
        if member.recipe.model != prepared.model:
            raise MismatchError(
                f"The data were prepared for {prepared.model!r}; the recipe trains "
                f"{member.recipe.model!r}."
            )
        require_augmentable(prepared, member.recipe)
        if member.left_out and not len(prepared.left_out(member.plan)):
            raise DataError(
                f"The plan of {member.name} leaves no sample out.",
                hint="leave left_out False, or plan some with a count of 0.",
            )
    if prepared.model == "trees":
        if checkpoint is not None:
            raise ParameterError(
                "The 'checkpoint' parameter of fit_ensemble must be None for trees.",
                hint="a booster grows in one call that cannot be resumed; keep its result.",
            )
        return grow_trees(prepared, members, seed, threads, progress)
    threads = threads or torch.get_num_threads()
    bench = Bench(prepared, Inputs(prepared, where), seed, order, where, precision, threads)
    folder = None
    if checkpoint is not None:
        folder = CheckpointFolder(Path(checkpoint), _fingerprint(bench, members), checkpoint_every)
    return _train_in_stacks(bench, members, memory, folder, progress)


def _train_in_stacks(
    bench: Bench,
    members: list[Member],
    memory: int | None,
    folder: CheckpointFolder | None,
    progress: Progress,
) -> tuple[Fitted, ...]:
    """Train stacks side by side, one a core; one that does not fit into memory is halved."""
    at_once = bench.members_at_once(members, memory)
    stacks = None if folder is None else folder.stacks(len(members))
    if stacks is None:
        where = bench.device.type
        stacks = in_stacks(
            members,
            lambda member: min(
                at_once, members_a_stack(bench.prepared, member.recipe, bench.order, where)
            ),
        )
    n_workers = bench.workers(len(stacks), at_once // max(map(len, stacks)))
    tally = Tally(sum(member.n_epochs for member in members), len(members), progress)
    fitted: dict[int, Fitted] = {}

    def train(numbers: list[int]) -> list[Fitted]:
        checkpoint = None if folder is None else folder.checkpoint(numbers)
        return bench.train([members[number] for number in numbers], checkpoint, tally)

    with bounded_threads(bench.prepared, bench.threads, n_workers), _workers(n_workers) as workers:
        try:
            while len(fitted) < len(members):
                if folder is not None:
                    folder.write(stacks)
                left = [numbers for numbers in stacks if numbers[0] not in fitted]
                futures = {workers.submit(train, numbers): numbers for numbers in left}
                for future in as_completed(futures):
                    numbers = futures[future]
                    try:
                        fitted.update(zip(numbers, future.result(), strict=True))
                    except Exception as error:
                        if not is_out_of_memory(error):
                            raise
                        stacks = _halved(stacks, numbers, error)
        except BaseException:  # an interruption too: every stack ends at its next step
            tally.stop()
            raise
    tally.finish()
    return tuple(fitted[number] for number in range(len(members)))


def _workers(n: int) -> ThreadPoolExecutor:
    # told in each thread: the matrix library of a new one begins with all cores, and the first
    # products would then have other bits than the same products later
    threads = torch.get_num_threads()
    return ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(threads,))


def _halved(stacks: list[list[int]], numbers: list[int], error: Exception) -> list[list[int]]:
    """Return the stacks with one that did not fit into memory in two parts."""
    if len(numbers) == 1:
        raise ResourceError(
            f"Not even one network fits into memory: {error}.",
            hint="choose a smaller batch or narrower layers.",
        ) from error
    halves = parts(numbers, -(-len(numbers) // 2))
    sizes = " or ".join(str(size) for size in sorted({len(half) for half in halves}))
    warnings.warn(
        f"Out of memory with {len(numbers)} networks as one; they train {sizes} at once.",
        SteelyardWarning,
        stacklevel=4,
    )
    at = stacks.index(numbers)
    return [*stacks[:at], *halves, *stacks[at + 1 :]]


def _fingerprint(bench: Bench, members: Sequence[Member]) -> str:
    reference = bench.prepared.reference
    return fingerprint(
        bench.prepared.data.fingerprint,
        [part.fingerprint for part in bench.prepared.held_out],
        [member.to_dict() for member in members],
        bench.seed,
        bench.order,
        bench.precision,
        # named where there is one, so that checkpoints from before stay valid
        *([] if reference is None else [reference.fingerprint]),
    )
