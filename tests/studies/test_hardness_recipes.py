"""The recipes of the hardness studies: the long one is the published one, the fast one its kin."""

from dataclasses import asdict

from steelyard.studies.hardness_resampling import PAPER, RECIPES, RESNET, RESNET_FAST


def test_the_residual_network_trains_as_published():
    published = {
        "widths": (64, 128, 256, 512), "blocks": 2, "normalisation": "batch", "optimiser": "sgd",
        "learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4,
        "schedule": "step", "milestones": (0.3, 0.6, 0.8), "step_factor": 0.2, "batch_size": 128,
        "epochs": 200, "smoothing": 0.0, "augmentation": ("flip", "crop"), "crop_padding": 4,
    }  # fmt: skip
    assert {name: getattr(RESNET, name) for name in published} == published
    assert PAPER.recipe is RESNET


def test_the_fast_recipe_is_the_same_network_on_the_same_images_in_fewer_steps():
    assert RECIPES["resnet18-fast"] is RESNET_FAST
    mine, theirs = asdict(RESNET_FAST), asdict(RESNET)
    other = {name for name in mine if mine[name] != theirs[name]}
    assert other == {"learning_rate", "schedule", "batch_size", "epochs"}
    assert RESNET_FAST.schedule == "one-cycle"
    assert 10 <= RESNET_FAST.epochs < 100
