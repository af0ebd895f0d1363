"""Guards: looks for what makes figures flatter or worthless, in data and predictions.

`audit` runs all of them; each is a plain function too.
"""

from steelyard.guards.audit import audit
from steelyard.guards.cannot_tell import CannotTell
from steelyard.guards.choices import best_of_arms, chosen_on, optimism
from steelyard.guards.copies import (
    Copies,
    copies_among,
    copies_within,
    held_out_copies,
    parts_overlap,
    shared_ids,
)
from steelyard.guards.interpolated import made_from_held_out, made_up
from steelyard.guards.near import near_copies
from steelyard.guards.row_hashes import row_hashes
from steelyard.guards.shares import class_shares, label_shares, unseen_classes

__all__ = [
    "CannotTell",
    "Copies",
    "audit",
    "best_of_arms",
    "chosen_on",
    "class_shares",
    "copies_among",
    "copies_within",
    "held_out_copies",
    "label_shares",
    "made_from_held_out",
    "made_up",
    "near_copies",
    "optimism",
    "parts_overlap",
    "row_hashes",
    "shared_ids",
    "unseen_classes",
]
