"""Hardness-based resampling of balanced data (arXiv 2504.07031): whether it narrows class gaps.

Version 1 of the paper says that it has no meaningful effect, version 2 that it cuts gaps by up to
a third. `RECIPES` has how both trained, a fast form of it for a GPU, and two small networks of ours
for a CPU.
"""

from __future__ import annotations

from dataclasses import replace

from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.paper_study import PaperStudy
from steelyard.records.recipe import Recipe
from steelyard.studies.hardness_arms import resampling_arms
from steelyard.studies.hardness_claims import DATA, claims, not_run

# both ours
SMALL_MLP = Recipe("mlp", widths=(128,), learning_rate=2e-3, batch_size=64, epochs=20)
SMALL_CNN = Recipe(
    "cnn", widths=(24, 48, 96), normalisation="batch", learning_rate=3e-3, batch_size=32, epochs=15
)
RESNET = Recipe(
    "resnet", widths=(64, 128, 256, 512), blocks=2, normalisation="batch", optimiser="sgd",
    learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, schedule="step",
    milestones=(0.3, 0.6, 0.8), step_factor=0.2, batch_size=128, epochs=200,
    augmentation=("flip", "crop"), crop_padding=4,
)  # fmt: skip
# ours: benchmarks/fast_recipe.py tells whether it ranks samples and classes as the long one does
RESNET_FAST = replace(
    RESNET, learning_rate=0.4, schedule="one-cycle", batch_size=512, epochs=30,
)  # fmt: skip
RECIPES = {
    "small-mlp": SMALL_MLP, "small-cnn": SMALL_CNN, "resnet18": RESNET,
    "resnet18-fast": RESNET_FAST,
}  # fmt: skip
PAPER_OF = (
    "P. Pukowski and V. Osmani, Identifying Key Challenges of Hardness-Based Resampling (arXiv "
    "2504.07031v1, 2025) and Reducing Class Bias In Data-Balanced Datasets Through Hardness-Based "
    "Resampling (v2, 2026)"
)

# ours beside the published 1, 3 and 5: with margins as small as those of small networks the
# published alphas ask for fewer samples than none
SMALL = HardnessProtocol(
    "small", SMALL_MLP, resampling_arms((1, 2, 3), (1, 1.25, 1.5, 3, 5), (0.25, 0.5, 1)),
    estimators=(
        "aum", "el2n_early", "forgetting_events", "confidence_logit", "aleatoric", "loss",
        "final_margin", "final_loss",
    ),
    n_scored=20, n_deciding=10, n_models=10, n_train=10_000, n_pool=20_000,
    degrees=(1.0, 2.0, 3.0),
)  # fmt: skip
# of colour images: a perceptron learns little of them, and a network that does costs more
FOR_COLOUR = {"recipe": SMALL_CNN, "n_train": 5_000}
PAPER = replace(
    SMALL, name="paper", recipe=RESNET, arms=resampling_arms((1, 2, 3), (1, 3, 5), (0.5, 1)),
    n_deciding=8, n_models=8, n_train=None, n_pool=0,
)  # fmt: skip
# what a GPU can do in an afternoon: the fast recipe, alpha 1 and the main schemes
_MAIN = (
    "v1/alpha=1/none+easiest", "v1/alpha=1/random+none", "v1/alpha=1/random+easiest",
    "v1/alpha=1/smote+easiest", "v2/alpha=1/random+easiest", "v2/alpha=1/smote+easiest",
    "safe/degree=1/random+easiest", "v1/alpha=1/logits", "v2/alpha=1/logits",
    "safe/degree=1/logits",
)  # fmt: skip
MAIN = replace(
    PAPER,
    name="main",
    recipe=RESNET_FAST,
    arms=tuple(arm for arm in PAPER.arms if arm.name in _MAIN),
)
SMOKE = replace(
    SMALL, name="smoke", recipe=replace(SMALL_MLP, widths=(16,), epochs=5),
    arms=resampling_arms((1,), (1,), (0.5,)), estimators=("aum", "el2n_early"),
    n_scored=6, n_deciding=3, n_models=3, n_train=300, n_pool=300, thresholds=(0.25, 0.5),
)  # fmt: skip

HARDNESS_RESAMPLING = PaperStudy(
    name="hardness-resampling",
    title="Hardness-based resampling: more of the hard classes, fewer of the easy ones",
    paper=PAPER_OF,
    command="steelyard study hardness-resampling --scale small",
    cost="",
    data=tuple(DATA),
    built_in={"fashion-mnist": "fashion-mnist", "cifar10": "cifar10"},
    recipes=RECIPES,
    scales={"smoke": SMOKE, "small": SMALL, "main": MAIN, "paper": PAPER},
    claims=claims(SMALL, PAPER),
    not_run=not_run("hardness-resampling"),
)
