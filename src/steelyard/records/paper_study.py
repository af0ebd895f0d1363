"""`PaperStudy`: what a paper claims, and how to check it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard.records.claim import Claim
from steelyard.records.recipe import Recipe


@dataclass(frozen=True)
class PaperStudy:
    """A published study, declared: values alone, nothing that computes.

    Parameters
    ----------
    name : str
        What the command line calls it.
    title : str
        What it is about, in a few words.
    paper : str
        Authors, title and where it stands.
    command : str
        The command that runs it.
    cost : str
        What a run takes, in a sentence.
    data : tuple of str
        The data sets, as keys of figures name them.
    built_in : mapping of str to str
        Which of them `steelyard.load` knows, from its name to that in the keys.
    recipes : mapping of str to Recipe
        The ways to train that the paper describes, by name.
    scales : mapping of str to a protocol
        How large a run is, by name, smallest first; of the record that its workflow takes.
    claims : tuple of Claim
        What is checked; their keys differ.
    not_run : mapping of str to str
        Why figures are not there, by how their keys begin.

    Raises
    ------
    ParameterError
        If two claims have one key.
    """

    name: str
    title: str
    paper: str
    command: str
    cost: str
    data: tuple[str, ...]
    built_in: Mapping[str, str]
    recipes: Mapping[str, Recipe]
    scales: Mapping[str, Any]
    claims: tuple[Claim, ...]
    not_run: Mapping[str, str]

    def __post_init__(self) -> None:
        ((key, times),) = Counter(claim.key for claim in self.claims).most_common(1) or [("", 1)]
        if times > 1:
            raise ParameterError(f"The keys of claims must differ. {key!r} comes {times} times.")
