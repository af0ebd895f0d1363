"""`HardnessArm`: one way to treat a training part in the hardness studies, all values."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice, check_real

BASELINE = "baseline"
MODES = ("none", "safe", "paper-v1", "paper-v2")
PRUNINGS = ("none", "dataset", "class", "random")
UNDER = ("none", "easiest")
OVER = ("none", "random", "easy", "hard", "smote", "held-out", *(
    f"pool-{pick}" for pick in ("random", "hardest", "average")
))  # fmt: skip
POOLED = tuple(one for one in OVER if one.startswith("pool-"))


@dataclass(frozen=True)
class HardnessArm:
    """How a training part is pruned, and then resampled by hardness.

    Parameters
    ----------
    name : str
        Unique in its study; keys of figures hold it.
    base : str
        Name of the arm that it is compared with.
    family : str
        Arms of one family are tested together (Holm).
    mode : {"none", "safe", "paper-v1", "paper-v2"}
        How hardness becomes counts; see `steelyard.resampling.by_hardness`. "none" resamples
        nothing.
    degree : float
        The imbalance factor alpha, or the degree of "safe".
    over : {"none", "random", "easy", "hard", "smote", "held-out", "pool-random", ...}
        How a class grows. "held-out" takes back what a random pruning took away.
    under : {"none", "easiest"}
        What a class that shrinks leaves out.
    estimator : str
        Name of the score that it goes by.
    pruning : {"none", "dataset", "class", "random"}
        What goes first: the easiest of the data set, the easiest of each class, or at random in
        each class.
    rate : float in [0, 1)
        Share of the samples that pruning takes away.
    without_noise : bool
        Whether the hardest samples, as many as the protocol says, are left out before anything
        else: they are taken for mislabelled.
    logits_alone : bool
        Whether nothing trains: the logits of the baseline are moved by the logarithm of what the
        plan would do to the shares of the classes. The cheap control of every resampling.

    Raises
    ------
    ParameterError
        If a name is unknown, a number lies outside its range, or values contradict one another.
    """

    name: str
    base: str = BASELINE
    family: str = ""
    mode: str = "none"
    degree: float = 1.0
    over: str = "none"
    under: str = "none"
    estimator: str = "aum"
    pruning: str = "none"
    rate: float = 0.0
    without_noise: bool = False
    logits_alone: bool = False

    def __post_init__(self) -> None:
        for field, choices in (
            ("mode", MODES), ("over", OVER), ("under", UNDER), ("pruning", PRUNINGS),
        ):  # fmt: skip
            check_choice(getattr(self, field), field, "HardnessArm", choices)
        degree = check_real(self.degree, "degree", "HardnessArm", 0)
        rate = check_real(self.rate, "rate", "HardnessArm", 0, 1, "[)")
        object.__setattr__(self, "degree", degree)
        object.__setattr__(self, "rate", rate)
        for is_wrong, what in (
            ((self.pruning == "none") != (rate == 0), "a pruning and a rate above 0, or neither"),
            (self.mode == "none" and (self.over, self.under) != ("none", "none"), "a mode"),
            (self.over == "held-out" and self.pruning != "random", "pruning='random'"),
            (self.mode == "safe" and "none" in (self.over, self.under), "over and under"),
            (self.logits_alone and self.mode == "none", "a mode"),
        ):
            if is_wrong:
                raise ParameterError(f"The arm {self.name!r} needs {what}.")

    @property
    def needs_pool(self) -> bool:
        """Whether it takes samples from a pool beside the training part."""
        return self.over in POOLED

    @property
    def words(self) -> str:
        """What is done, for a table of arms."""
        done = []
        if self.without_noise:
            done.append("the hardest samples are left out as noise")
        if self.pruning != "none":
            which = {
                "dataset": "the easiest of the data set", "class": "the easiest of each class",
                "random": "some of each class, drawn,",
            }[self.pruning]  # fmt: skip
            done.append(f"{which} are left out: {100 * self.rate:g} %")
        if self.mode != "none":
            asked = f"counts by {self.mode} at {self.degree:g}, by {self.estimator}"
            how = f"classes grow by {self.over}, shrink by {self.under}"
            moved = "nothing trains, the baseline's logits are moved as the counts would be"
            done.append(f"{asked}: {moved if self.logits_alone else how}")
        return "; ".join([*done, f"compared with {self.base}"])
