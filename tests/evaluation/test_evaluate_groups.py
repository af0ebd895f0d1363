"""Groups and mixes: each group by itself, the worst, and deployments as mixes of groups."""

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation import evaluate
from steelyard.records import Predictions

NAMES = ("a", "b")
TRUTH = np.tile([0, 1], 60)
SITES = np.repeat(["north", "south", "west"], [60, 40, 20])


def model(seed=0, arm="natural", prior=(0.5, 0.5)):
    rng = np.random.default_rng(seed)
    strength = np.where(SITES == "west", 0.3, 2.0)  # west is hard
    logits = rng.normal(size=(120, 2)) + strength[:, None] * np.eye(2)[TRUTH]
    return Predictions(np.arange(120), TRUTH, logits, NAMES, prior, arm=arm, seed=seed)


def right(one, group):
    return (one.predicted == TRUTH)[group == SITES].mean()


def test_each_group_is_judged_by_itself_and_the_worst_is_told():
    models = [model(seed) for seed in range(3)]
    found = evaluate(models, groups={"site": SITES}, n_resamples=400)
    rows = found.by_group[
        (found.by_group["metric"] == "accuracy")
        & (found.by_group["prior"] == "train")
        & (found.by_group["decision"] == "as trained")
    ].set_index("group")
    wanted = {site: np.mean([right(one, site) for one in models]) for site in set(SITES)}
    for site, value in wanted.items():
        assert rows.loc[site, "mean"] == pytest.approx(value)
        assert rows.loc[site, "n"] == (site == SITES).sum()
        assert rows.loc[site, "n_classes"] == 2
        assert rows.loc[site, "low"] < value < rows.loc[site, "high"]
    worst = found.figure("natural", "train", "worst_group_accuracy:site")
    by_seed = [min(right(one, site) for site in wanted) for one in models]
    assert worst.mean == pytest.approx(np.mean(by_seed))
    assert worst.low < worst.mean < worst.high


def test_a_group_is_re_weighted_to_the_prior_and_says_which_classes_it_holds():
    only = np.where((SITES == "west") & (TRUTH == 0), "west", "else")
    one = model()
    found = evaluate([one], {"field": [0.2, 0.8]}, groups={"kind": only}, n_resamples=20)
    rows = found.by_group[
        (found.by_group["metric"] == "accuracy")
        & (found.by_group["prior"] == "field")
        & (found.by_group["decision"] == "as trained")
    ].set_index("group")
    assert rows.loc["west", "n_classes"] == 1
    hits = one.predicted == TRUTH
    rest = only == "else"
    means = [hits[rest & (code == TRUTH)].mean() for code in range(2)]
    assert rows.loc["else", "mean"] == pytest.approx(0.2 * means[0] + 0.8 * means[1])


def test_a_mix_is_what_a_part_of_such_groups_would_give():
    one = model()
    found = evaluate(
        [one],
        groups={"site": SITES},
        mixes={"mostly west": {"site": {"west": 8, "north": 1, "south": 1}}},
        n_resamples=50,
    )
    wanted = 0.8 * right(one, "west") + 0.1 * right(one, "north") + 0.1 * right(one, "south")
    assert found.figure("natural", "mostly west").mean == pytest.approx(wanted)
    assert list(found.priors)[-1] == "mostly west"
    rows = found.overall[found.overall["prior"] == "mostly west"]
    assert set(rows["decision"]) == {"as trained"}  # a mix is no shift of classes alone
    assert not rows["metric"].str.contains("auroc|average_precision|d_prime").any()
    rng = np.random.default_rng(0)
    chance = {"west": 8 / 20, "north": 1 / 60, "south": 1 / 40}
    weights = np.array([chance[site] for site in SITES])
    drawn = rng.choice(120, 100_000, p=weights / weights.sum())
    from sklearn.metrics import f1_score

    f1 = f1_score(TRUTH[drawn], one.predicted[drawn], average="macro")
    assert found.figure("natural", "mostly west", "macro_f1").mean == pytest.approx(f1, abs=0.01)


def test_mixes_and_groups_that_do_not_fit_are_refused():
    one = model()
    with pytest.raises(DataError, match=r"'site' must name one for each of 120 samples. Got 3"):
        evaluate([one], groups={"site": ["a", "b", "c"]})
    with pytest.raises(DataError, match="'uniform' is a prior's already"):
        evaluate([one], groups={"site": SITES}, mixes={"uniform": {"site": {"west": 1}}})
    with pytest.raises(DataError, match="names the group 'wset'"):
        evaluate([one], groups={"site": SITES}, mixes={"x": {"site": {"wset": 1}}})
