import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Recipe, Study


def test_a_recipe_survives_storing(tmp_path):
    recipe = Recipe(
        "cnn",
        widths=[8, np.int64(16)],
        activation="tanh",
        optimiser="sgd",
        nesterov=True,
        learning_rate=0.1,
        weight_decay=1e-4,
        max_gradient_norm=1,
        schedule="step",
        milestones=[0.5],
        batch_size=None,
        epochs=5,
        patience=2,
    )
    recipe.save(tmp_path / "a.json")
    loaded = Recipe.load(tmp_path / "a.json")
    assert loaded == recipe
    assert loaded.fingerprint == recipe.fingerprint
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    with pytest.raises(DataError, match=r"must hold a Study record. It holds a Recipe record"):
        Study.load(tmp_path / "a.json")


def test_equal_recipes_have_one_fingerprint_and_others_another():
    plain = Recipe(learning_rate=1.0, weight_decay=0.0, epochs=3)
    assert Recipe(learning_rate=1, weight_decay=0, epochs=np.int64(3)) == plain
    same = Recipe(learning_rate=np.float32(1), weight_decay=0, epochs=np.int64(3))
    assert same.fingerprint == plain.fingerprint
    others = [Recipe(), Recipe(epochs=3), Recipe(widths=(64,)), Recipe("trees"), Recipe(leaves=3)]
    assert len({plain.fingerprint, *(one.fingerprint for one in others)}) == 6


def test_recipes_that_start_as_he_has_it_are_stored_as_before_there_was_a_choice():
    assert "initialisation" not in Recipe().to_dict()
    assert "initialisation" not in Recipe().in_use
    uniform = Recipe(initialisation="uniform")
    assert uniform.to_dict()["initialisation"] == "uniform"
    assert Recipe.from_dict(uniform.to_dict()) == uniform
    assert uniform.fingerprint != Recipe().fingerprint
    assert "initialisation" in uniform.in_use
    assert "initialisation" not in Recipe("trees", initialisation="uniform").in_use


def test_recipes_without_class_weights_are_stored_as_before_there_were_any():
    assert Recipe("trees").fingerprint == "9416b0838c78e421"
    assert Recipe().fingerprint == "8fa575669258e6d9"
    assert "class_weighting" not in Recipe().to_dict()
    assert "class_weighting" not in Recipe("trees").in_use
    weighted = Recipe("trees", class_weighting=1)
    assert Recipe.from_dict(weighted.to_dict()) == weighted
    assert "class_weighting" in weighted.in_use
    assert weighted.fingerprint != Recipe("trees").fingerprint


def test_recipes_that_augment_nothing_are_stored_as_before_there_was_any_augmentation():
    names = {"augmentation", "crop_padding", "crop_fill"}
    assert not names & set(Recipe("cnn").to_dict())
    assert not names & set(Recipe("cnn").in_use)
    flips = Recipe("cnn", augmentation=["flip"], crop_padding=2, crop_fill="mean")
    assert flips.to_dict()["augmentation"] == ["flip"]
    assert names & set(flips.in_use) == {"augmentation"}  # it crops nothing
    crops = Recipe("cnn", augmentation=("crop", "flip"), crop_padding=2, crop_fill="mean")
    assert names <= set(crops.in_use)
    assert Recipe.from_dict(crops.to_dict()) == crops
    prints = {one.fingerprint for one in (Recipe("cnn"), flips, crops)}
    assert len(prints) == 3


def test_the_order_of_augmentations_makes_no_other_recipe(tmp_path):
    one, other = (Recipe(augmentation=names) for names in (("flip", "crop"), ["crop", "flip"]))
    assert one == other
    assert one.fingerprint == other.fingerprint
    one.save(tmp_path / "a.json")
    assert Recipe.load(tmp_path / "a.json") == other


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"model": "mpl"},
            "The 'model' parameter of Recipe must be one of {'mlp', 'cnn', 'resnet', 'trees'}. "
            "Got 'mpl' instead. Hint: did you mean 'mlp'?",
        ),
        (
            {"initialisation": "uniforn"},
            "The 'initialisation' parameter of Recipe must be one of {'he', 'uniform'}. "
            "Got 'uniforn' instead. Hint: did you mean 'uniform'?",
        ),
        (
            {"learning_rate": 0},
            "The 'learning_rate' parameter of Recipe must be a float in the range (0, inf). "
            "Got 0 instead.",
        ),
        (
            {"epochs": True},
            "The 'epochs' parameter of Recipe must be an int in the range [1, inf). "
            "Got True instead.",
        ),
        (
            {"leaves": 1},
            "The 'leaves' parameter of Recipe must be an int in the range [2, inf). Got 1 instead.",
        ),
        (
            {"widths": (8, 0)},
            "The 'widths' parameter of Recipe must be an int in the range [1, inf). Got 0 instead.",
        ),
        ({"widths": 8}, "The 'widths' parameter of Recipe must be a tuple of int. Got 8 instead."),
        (
            {"widths": "8"},
            "The 'widths' parameter of Recipe must be a tuple of int. Got '8' instead.",
        ),
        (
            {"momentum": 1},
            "The 'momentum' parameter of Recipe must be a float in the range [0, 1). "
            "Got 1 instead.",
        ),
        (
            {"smoothing": -0.1},
            "The 'smoothing' parameter of Recipe must be a float in the range [0, 1). "
            "Got -0.1 instead.",
        ),
        (
            {"class_weighting": -1},
            "The 'class_weighting' parameter of Recipe must be a float in the range [0, inf). "
            "Got -1 instead.",
        ),
        (
            {"milestones": 0.5},
            "The 'milestones' parameter of Recipe must be a tuple of float. Got 0.5 instead.",
        ),
        (
            {"max_gradient_norm": 0},
            "The 'max_gradient_norm' parameter of Recipe must be a float in the range (0, inf). "
            "Got 0 instead.",
        ),
        (
            {"batch_size": 0},
            "The 'batch_size' parameter of Recipe must be an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        (
            {"patience": 0},
            "The 'patience' parameter of Recipe must be an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        (
            {"nesterov": 1},
            "The 'nesterov' parameter of Recipe must be a bool. Got 1 instead.",
        ),
        (
            {"nesterov": True, "momentum": 0},
            "The 'nesterov' parameter of Recipe needs a momentum above 0. Got 0.0 instead. "
            "Hint: set momentum=0.9, or nesterov=False.",
        ),
        (
            {"augmentation": ("flop",)},
            "The 'augmentation' parameter of Recipe must be one of {'flip', 'crop'}. "
            "Got 'flop' instead. Hint: did you mean 'flip' or 'crop'?",
        ),
        (
            {"augmentation": "flip"},
            "The 'augmentation' parameter of Recipe must be a tuple of str. Got 'flip' instead.",
        ),
        (
            {"augmentation": ("flip", "flip")},
            "The 'augmentation' parameter of Recipe must name each augmentation once. "
            "Got ('flip', 'flip') instead.",
        ),
        (
            {"model": "trees", "augmentation": ("flip",)},
            "The 'augmentation' parameter of Recipe must be () for trees, which read all samples "
            "once. Got ('flip',) instead. Hint: choose the model mlp, cnn or resnet.",
        ),
        (
            {"crop_padding": 0},
            "The 'crop_padding' parameter of Recipe must be an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        (
            {"crop_fill": "grey"},
            "The 'crop_fill' parameter of Recipe must be one of {'black', 'mean'}. "
            "Got 'grey' instead.",
        ),
        (
            {"epoch": 3},
            "Recipe has no value named 'epoch'. Hint: did you mean 'epochs'?",
        ),
    ],
)
def test_a_value_out_of_range_is_refused(values, text):
    with pytest.raises(ParameterError) as caught:
        Recipe.from_dict(values)
    assert str(caught.value) == text
