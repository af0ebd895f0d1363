"""Trainings as cells: addressed by what determines them, and the same bits wherever they run."""

import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Recipe, Study, Weighing
from steelyard.records.run_folder import CELLS, VERDICT
from steelyard.records.study import Arm
from steelyard.training import PROBES, Member, prepare
from steelyard.workflow import score, weigh
from steelyard.workflow.engines import Local
from steelyard.workflow.store import Store, stored_addresses
from steelyard.workflow.study import train_study
from steelyard.workflow.trainings import Stack, fitted_of, train_members, train_stack

MODULE = sys.modules["steelyard.workflow.trainings"]
MLP = Recipe("mlp", widths=(9,), batch_size=16, epochs=3)
CNN = Recipe("cnn", widths=(4, 4), batch_size=16, epochs=2)
TREES = replace(PROBES["trees"], epochs=6)
IMAGES = parted(toy_images((120, 60, 20), noise=120.0))
TABLE = parted(toy_table())


def parts_of(data):
    return data.part("train"), [data.part("validation"), data.part("test")]


def study_of(*recipes, degrees=(0.0, 1.0), repetitions=3, seed=0):
    arms = [
        Arm(f"{recipe.model} {number}, degree {degree:g}", recipe, degree)
        for number, recipe in enumerate(recipes)
        for degree in degrees
    ]
    return Study("toy", tuple(arms), repetitions, seed)


def addresses(folder):
    return set(stored_addresses(folder))


def assert_same(one, other):
    for mine, theirs in zip(one[0], other[0], strict=True):
        assert (mine.arm, mine.seed, mine.split) == (theirs.arm, theirs.seed, theirs.split)
        np.testing.assert_array_equal(mine.ids, theirs.ids)
        np.testing.assert_array_equal(mine.logits, theirs.logits)
        np.testing.assert_array_equal(mine.prior, theirs.prior)
    for name, channel in one[1].channels.items():
        np.testing.assert_array_equal(channel, other[1].channels[name])
    np.testing.assert_array_equal(one[1].ids, other[1].ids)


@pytest.fixture(scope="module")
def pool():
    with Local(2) as engine:
        engine.start()
        yield engine


@pytest.mark.slow
@pytest.mark.parametrize(("data", "recipe"), [(IMAGES, MLP), (IMAGES, CNN), (TABLE, TREES)])
def test_the_bits_are_the_same_in_every_process(data, recipe, pool, tmp_path):
    study = study_of(recipe, replace(recipe, epochs=4), repetitions=5)
    here = train_study(study, *parts_of(data), run=tmp_path / "here", engine=Local(1))
    while not all(one.ready for one in pool._pool):
        time.sleep(0.02)
    away = train_study(study, *parts_of(data), run=tmp_path / "away", engine=pool)
    assert_same(here, away)
    assert_same(here, train_study(study, *parts_of(data)))  # kept nowhere
    for address in addresses(tmp_path / "here"):
        one, other = (
            (tmp_path / name / CELLS / address[:2] / f"{address}.npz").read_bytes()
            for name in ("here", "away")
        )
        assert one == other


def test_the_same_study_trains_nothing_again(tmp_path, monkeypatch):
    study = study_of(MLP, TREES)  # two families of models in one study
    first = train_study(study, *parts_of(TABLE), run=tmp_path)
    monkeypatch.setattr(MODULE, "fit_ensemble", None)  # a training would fail
    assert_same(first, train_study(study, *parts_of(TABLE), run=tmp_path))


def test_a_weighing_goes_on_where_it_was(tmp_path, monkeypatch):
    values = {"degrees": (0, 0.5, 1), "seeds": 6, "probe": MLP}  # 18 networks in 3 stacks
    weigh(IMAGES, **values).save(tmp_path / "undisturbed")
    fit, fitted = MODULE.fit_ensemble, []

    def stop_at_the_third(prepared, members, **rest):
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fitted.append(len(members))
        return fit(prepared, members, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(MODULE, "fit_ensemble", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            weigh(IMAGES, run=tmp_path / "run", engine=Local(1), **values)
    assert fitted == [6, 6]
    found = weigh(IMAGES, run=tmp_path / "run", **values)
    found.save(tmp_path / "run")
    one, other = ((tmp_path / name / VERDICT).read_bytes() for name in ("undisturbed", "run"))
    assert one == other
    assert Weighing.load(tmp_path / "run").verdict == found.verdict


def test_more_repetitions_keep_the_stacks_of_the_first(tmp_path):
    few, many = (study_of(MLP, repetitions=repetitions) for repetitions in (8, 20))
    train_study(few, *parts_of(IMAGES), run=tmp_path / "run")
    first = addresses(tmp_path / "run")
    assert len(first) == 2  # of eight networks each
    grown = train_study(many, *parts_of(IMAGES), run=tmp_path / "run")
    assert first <= addresses(tmp_path / "run")
    assert len(addresses(tmp_path / "run")) == 5
    assert_same(grown, train_study(many, *parts_of(IMAGES), run=tmp_path / "at once"))


def test_fresh_starts_over(tmp_path, monkeypatch):
    study = study_of(MLP)
    train_study(study, *parts_of(IMAGES), run=tmp_path)
    monkeypatch.setattr(MODULE, "fit_ensemble", None)
    with pytest.raises(TypeError):
        train_study(study, *parts_of(IMAGES), run=tmp_path, fresh=True)
    assert addresses(tmp_path) == set()


def declared(folder, data=IMAGES, members=None, **values):
    members = members or [Member(MLP, None, repetition) for repetition in range(2)]
    train, held_out = parts_of(data)
    train_members(train, values.pop("held_out", held_out), members, run=folder, **values)
    with Store(folder) as store:
        return store._declared()


def test_an_address_holds_all_that_determines_the_result(tmp_path):
    from steelyard.resampling import by_count

    train, (_, test) = parts_of(IMAGES)
    plan = by_count(train, 0.5)
    variants = {
        "as it was": {},
        "recipe": {"members": [Member(replace(MLP, epochs=2), None, k) for k in range(2)]},
        "repetition": {"members": [Member(MLP, None, k) for k in (0, 2)]},
        "fewer beside": {"members": [Member(MLP, None, 0)]},
        "plan": {"members": [Member(MLP, plan, k) for k in range(2)]},
        "another plan": {
            "members": [Member(MLP, by_count(train, 0.5, seed=1), k) for k in range(2)]
        },
        "recorded": {"members": [Member(MLP, None, k, record=True) for k in range(2)]},
        "seed": {"seed": 1},
        "held-out part": {"held_out": [test]},
        "data": {"data": parted(toy_images((120, 60, 20), noise=120.0, seed=5))},
        "family": {"members": [Member(CNN, None, k) for k in range(2)]},
    }
    found = {name: declared(tmp_path / name, **values) for name, values in variants.items()}
    every = [address for cells in found.values() for address in cells]
    assert len(set(every)) == len(every)


def test_names_and_the_order_of_rows_are_not_in_the_address(tmp_path, monkeypatch):
    members = [Member(MLP, None, k, "one name", record=True) for k in range(2)]
    train, held_out = parts_of(IMAGES)
    first = train_members(train, held_out, members, run=tmp_path)
    monkeypatch.setattr(MODULE, "fit_ensemble", None)
    turned = np.arange(len(train))[::-1]
    others = [replace(member, arm="another") for member in members]
    again = train_members(
        train.take(turned), [part.take(np.arange(len(part))[::-1]) for part in held_out], others,
        run=tmp_path,
    )  # fmt: skip
    for one, other in zip(first, again, strict=True):
        assert {predictions.arm for predictions in other.predictions} == {"another"}
        for mine, theirs in zip(one.predictions, other.predictions, strict=True):
            np.testing.assert_array_equal(mine.ids, theirs.ids[::-1])
            np.testing.assert_array_equal(mine.logits, theirs.logits[::-1])
            np.testing.assert_array_equal(mine.truth, theirs.truth[::-1])
        np.testing.assert_array_equal(one.dynamics.ids, other.dynamics.ids[::-1])
        for name, channel in one.dynamics.channels.items():
            np.testing.assert_array_equal(channel, other.dynamics.channels[name][:, ::-1])
        np.testing.assert_array_equal(one.losses, other.losses)


def test_renamed_classes_are_other_data(tmp_path):
    renamed, _ = renamed_and_permuted(IMAGES)
    assert not set(declared(tmp_path / "a")) & set(declared(tmp_path / "b", data=renamed))


@pytest.mark.parametrize(("data", "recipe"), [(IMAGES, MLP), (TABLE, TREES)])
def test_storage_changes_no_bit(data, recipe, tmp_path):
    from steelyard.training import fit_ensemble

    train, held_out = parts_of(data)
    members = [Member(recipe, None, k, record=True) for k in range(3)]
    direct = fit_ensemble(prepare(train, held_out, model=recipe.model), members, threads=1)
    stored = train_members(train, held_out, members, run=tmp_path)
    for one, other in zip(direct, stored, strict=True):
        for mine, theirs in zip(one.predictions, other.predictions, strict=True):
            np.testing.assert_array_equal(mine.logits, theirs.logits)
        for name, channel in one.dynamics.channels.items():
            np.testing.assert_array_equal(channel, other.dynamics.channels[name])
        assert one.dynamics.n_epochs == other.dynamics.n_epochs
        np.testing.assert_array_equal(one.losses, other.losses)


def test_logits_of_networks_are_stored_in_their_own_precision(tmp_path):
    train, held_out = parts_of(IMAGES)
    shared = {"mlp": prepare(train, held_out)}
    stack = Stack((Member(MLP),), 0, "cpu")
    content = train_stack(shared, stack, lambda _: None, None)
    assert content.arrays["0/logits/test"].dtype == np.float32
    assert content.arrays["0/logits/test"].shape == (len(held_out[1]), 3)


def test_a_long_cell_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    shared = {"mlp": prepare(*parts_of(IMAGES))}
    stack = Stack(tuple(Member(replace(MLP, epochs=6), None, k, record=True) for k in range(3)), 0,
                  "cpu")  # fmt: skip
    monkeypatch.setattr(MODULE, "fit_ensemble", partial(MODULE.fit_ensemble, checkpoint_every=0))
    whole = train_stack(shared, stack, lambda _: None, tmp_path / "other")

    def killed(steps):
        if steps >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_stack(shared, stack, killed, tmp_path / "checkpoint")
    told = []
    again = train_stack(shared, stack, told.append, tmp_path / "checkpoint")
    assert min(told[1:]) >= 9 - 3
    assert again.arrays.keys() == whole.arrays.keys()
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(array, again.arrays[name])
    one, other = (fitted_of(shared["mlp"], stack.members, content) for content in (whole, again))
    np.testing.assert_array_equal(one[2].losses, other[2].losses)


@pytest.mark.parametrize("kept", [0, 50])
@pytest.mark.parametrize("pattern", ["stack-*.npz", "ensemble.json"])
def test_a_damaged_checkpoint_begins_again(kept, pattern, tmp_path):
    shared = {"mlp": prepare(*parts_of(IMAGES))}
    stack = Stack((Member(MLP, None, 0),), 0, "cpu")
    whole = train_stack(shared, stack, lambda _: None, tmp_path / "checkpoint")
    (path,) = (tmp_path / "checkpoint").glob(pattern)
    path.write_bytes(path.read_bytes()[:kept])
    again = train_stack(shared, stack, lambda _: None, tmp_path / "checkpoint")
    np.testing.assert_array_equal(whole.arrays["0/logits/test"], again.arrays["0/logits/test"])


def test_content_of_something_else_is_refused(tmp_path):
    prepared = prepare(*parts_of(IMAGES))
    members = (Member(MLP, None, 0, record=True),)
    content = train_stack({"mlp": prepared}, Stack(members, 0, "cpu"), lambda _: None, None)
    arrays = dict(content.arrays)
    spoilt = {
        "a part less": {name: one for name, one in arrays.items() if "test" not in name},
        "a channel less": {name: one for name, one in arrays.items() if "margin" not in name},
        "fewer rows": {**arrays, "0/logits/test": arrays["0/logits/test"][:-1]},
        "fewer classes": {**arrays, "0/logits/test": arrays["0/logits/test"][:, :-1]},
    }
    for other in spoilt.values():
        with pytest.raises(DataError):
            fitted_of(prepared, members, replace(content, arrays=other))
    with pytest.raises(DataError, match=r"holds something else than it should.*--fresh"):
        fitted_of(prepared, members, replace(content, metadata={}))


def test_boosters_alike_are_grown_once(tmp_path, monkeypatch):
    grown = []
    fit = MODULE.fit_ensemble
    monkeypatch.setattr(
        MODULE,
        "fit_ensemble",
        lambda prepared, members, **rest: (
            grown.append(len(members)),
            fit(prepared, members, **rest),
        )[1],
    )
    members = [Member(TREES, None, 0, arm) for arm in ("one", "other")]
    train, held_out = parts_of(TABLE)
    one, other = train_members(train, held_out, members, run=tmp_path)
    assert grown == [1]
    assert [fitted.predictions[0].arm for fitted in (one, other)] == ["one", "other"]


def test_scores_can_be_kept_too(tmp_path, monkeypatch):
    values = {"runs": 3, "probe": MLP, "run": tmp_path}
    first = score(IMAGES, **values)
    monkeypatch.setattr(MODULE, "fit_ensemble", None)
    again = score(IMAGES, **values)
    for name, one in first.items():
        np.testing.assert_array_equal(one.values, again[name].values)


def test_mistakes_are_told_before_the_work(tmp_path):
    with pytest.raises(ParameterError, match=r"one of \{'local', 'ray'\}.*did you mean 'loc"):
        weigh(IMAGES, probe=MLP, engine="locall")
    with pytest.raises(ParameterError, match=r"'workers' parameter of Local .* Got 0 instead"):
        Local(0)
    with pytest.raises(ParameterError, match="must hold one"):
        train_members(*parts_of(IMAGES), [])
    with pytest.raises(DataError, match="needs images"):
        train_members(*parts_of(TABLE), [Member(CNN)], run=tmp_path)


def test_the_numbers_of_a_training_have_not_changed():
    """Stored results stand for what training would give; raise `CODE` where they no longer do."""
    train, held_out = parts_of(IMAGES)
    (fitted,) = train_members(train, held_out, [Member(MLP, record=True)])
    found = fitted.predictions[1].logits[:2].round(3).tolist()
    assert (MODULE.CODE, found) == (2, EXPECTED)


EXPECTED = [[-0.194, 0.47, -0.554], [-0.091, -0.252, 0.651]]
