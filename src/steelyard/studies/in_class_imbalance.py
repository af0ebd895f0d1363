"""In-class data imbalance (arXiv 2409.14401): hard and easy samples inside every class.

The study asks how networks generalise to hard and to easy samples when the one or the other is
taken out of training, and which way to find hard samples sets the two furthest apart. What the
paper's text says of its training is not what its published code does; `RECIPES` has both.
"""

from __future__ import annotations

from dataclasses import replace

from steelyard.records.in_class_protocol import InClassProtocol
from steelyard.records.paper_study import PaperStudy
from steelyard.records.recipe import Recipe
from steelyard.studies.in_class_claims import claims

# Both take all samples at once, so that an epoch is a step: the code does so, the text is silent.
CODE = Recipe(
    "mlp", widths=(20, 20), activation="tanh", initialisation="uniform", optimiser="sgd",
    momentum=0.0, learning_rate=0.1, schedule="constant", batch_size=None, epochs=500,
)  # fmt: skip
TEXT = replace(CODE, activation="relu", optimiser="adam", learning_rate=1e-3, weight_decay=0.01)
RECIPES = {"stragglers-code": CODE, "stragglers-text": TEXT}

SMALL = InClassProtocol(
    "small",
    CODE,
    identifiers=("straggler", "max-logit", "energy"),
    ratios=(0.9, 0.7, 0.5),
    keep_easy=(0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75, 1),
    keep_hard=(0, 0.25, 0.5, 0.75, 1),
    n_sets=5,
    n_initialisations=1,
    n_samples=20_000,
    n_error_networks=100,
)
PAPER = replace(SMALL, name="paper", n_initialisations=5)
# ours: whether all of it works, in seconds; its numbers say nothing about the paper
SMOKE = replace(
    SMALL, name="smoke", recipe=replace(CODE, epochs=150), ratios=(0.9, 0.5), keep_easy=(0, 1),
    keep_hard=(0, 1), n_sets=2, n_samples=1000, n_error_networks=4,
)  # fmt: skip

IN_CLASS = PaperStudy(
    name="in-class",
    title="In-class imbalance: hard and easy samples inside every class",
    paper="P. Pukowski and H. Lu, Investigating the Impact of Hard Samples on Accuracy Reveals "
    "In-class Data Imbalance (arXiv 2409.14401v1, 2024)",
    command="steelyard study in-class --scale small",
    cost="small trains 630 networks a data set and protocol, paper 3,150; the authors' took 4 to 8 "
    "hours on an A100.",
    data=("mnist", "fashion-mnist", "kmnist"),
    built_in={"mnist": "mnist", "fashion-mnist": "fashion-mnist", "kmnist-test": "kmnist"},
    recipes=RECIPES,
    scales={"smoke": SMOKE, "small": SMALL, "paper": PAPER},
    claims=claims(),
    not_run={
        "mnist-70000/": "All 70,000 samples were not run: 8 to 16 hours on the authors' A100.",
        "kmnist-70000/": "Only KMNIST's test part, 10,000 samples, is at hand; these networks were "
        "trained on 10,000 and tested on 60,000 others.",
    },
)
