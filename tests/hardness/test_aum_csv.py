"""The files of the package aum, there and back."""

import warnings

import numpy as np
import pytest
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of

from steelyard._support.errors import DataError, DataNotFoundError, MismatchError
from steelyard.checks.hand_made import labelled
from steelyard.hardness import estimate, read_aum_csv, write_aum_csv

CASE = CASES["random"]
DYNAMICS = dynamics_of(CASE.logits, CASE.labels, CASE.ids, CASE.class_names)
DATA = labelled(CASE.labels, CASE.class_names, CASE.ids)


def test_the_file_is_as_the_package_writes_it(tmp_path):
    write_aum_csv(DYNAMICS, tmp_path / "aum_values.csv")
    lines = (tmp_path / "aum_values.csv").read_text().splitlines()
    assert lines[0] == "sample_id,aum"
    best = DYNAMICS.channels["margin"].mean(axis=0).argmax()
    assert lines[1].startswith(f"{CASE.ids[best]},")
    values = [float(line.split(",")[1]) for line in lines[1:]]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("record", [DYNAMICS, estimate(DYNAMICS)["aum"]], ids=["dynamics", "aum"])
def test_hardness_goes_there_and_back(record, tmp_path):
    write_aum_csv(record, tmp_path / "a.csv")
    back, expected = read_aum_csv(tmp_path / "a.csv", DATA), estimate(DYNAMICS)["aum"]
    np.testing.assert_array_equal(back.values, expected.values)
    np.testing.assert_array_equal(back.ids, expected.ids)
    np.testing.assert_array_equal(back.labels, expected.labels)
    assert (back.name, back.n_runs, back.class_names) == ("aum", 1, expected.class_names)
    assert back.data_fingerprint == DATA.fingerprint


def test_without_data_the_file_gives_order_and_ids(tmp_path):
    (tmp_path / "a.csv").write_text("sample_id,aum\n7,2.5\n3,-1.25\n")
    hardness = read_aum_csv(tmp_path / "a.csv")
    assert hardness.ids.tolist() == [7, 3]
    assert hardness.values.tolist() == [-2.5, 1.25]  # higher is harder
    assert hardness.class_names == ("unknown",)


def test_ids_that_only_look_like_numbers_stay_text(tmp_path):
    (tmp_path / "a.csv").write_text("sample_id,aum\n007,2.5\nnan,1\n")
    assert read_aum_csv(tmp_path / "a.csv").ids.tolist() == ["007", "nan"]


def test_of_the_full_records_the_last_counts(tmp_path):
    (tmp_path / "a.csv").write_text(
        "sample_id,num_measurements,target_logit,target_val,other_logit,other_val,margin,aum\n"
        "a,1,0,1.0,1,0.0,1.0,1.0\na,2,0,2.0,1,0.0,2.0,1.5\nb,1,1,1.0,0,4.0,-3.0,-3.0\n"
    )
    hardness = read_aum_csv(tmp_path / "a.csv")
    assert dict(zip(hardness.ids.tolist(), hardness.values.tolist(), strict=True)) == {
        "a": -1.5,
        "b": 3.0,
    }


def test_the_package_itself_agrees(tmp_path):
    torch = pytest.importorskip("torch")
    aum = pytest.importorskip("aum", reason="the package aum is not installed")
    from steelyard import Recorder

    calculator = aum.AUMCalculator(str(tmp_path), compressed=False)
    recorder = Recorder(CASE.ids, CASE.labels, early_epoch=0)
    for logits in CASE.logits[0]:
        calculator.update(
            torch.from_numpy(logits), torch.from_numpy(CASE.labels), CASE.ids.tolist()
        )
        recorder.update(CASE.ids, logits)
        recorder.end_epoch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas: the package is from 2020
        calculator.finalize()
    expected = -recorder.dynamics().channels["margin"][0]
    for name in ("aum_values.csv", "full_aum_records.csv"):
        np.testing.assert_allclose(read_aum_csv(tmp_path / name, DATA).values, expected, atol=1e-12)
    write_aum_csv(recorder.dynamics(), tmp_path / "ours.csv")
    ours, theirs = (read_aum_csv(tmp_path / name) for name in ("ours.csv", "aum_values.csv"))
    np.testing.assert_array_equal(ours.ids, theirs.ids)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,aum\n1,2\n", "must have the columns 'sample_id' and 'aum'. Got ['id', 'aum']"),
        ("", "no readable csv"),
        ("sample_id,aum\n1,x\n", "must be finite"),
        ("sample_id,aum\n1,2\n1,3\n", "must be unique"),
    ],
)
def test_other_files_are_refused(text, message, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_aum_csv(tmp_path / "a.csv")
    assert message in str(caught.value)


def test_files_of_other_data_are_refused(tmp_path):
    with pytest.raises(DataNotFoundError, match="There is no file"):
        read_aum_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("sample_id,aum\n1,2\n")
    with pytest.raises(MismatchError, match="20 of 20 samples are not in"):
        read_aum_csv(tmp_path / "a.csv", DATA)
    (tmp_path / "a.csv").write_text("sample_id,aum\n1,2\n1,3\n")
    with pytest.raises(DataError, match="holds the sample '1' more than once"):
        read_aum_csv(tmp_path / "a.csv", DATA)
    with pytest.raises(DataError, match=r"holds the score 'aum'. Got 'el2n'"):
        write_aum_csv(estimate(DYNAMICS)["el2n"], tmp_path / "b.csv")


def test_the_last_of_many_measurements_is_the_one_of_the_largest_number(tmp_path):
    rows = "".join(f"a,{number},{number}.5\n" for number in (10, 9, 11, 2))
    (tmp_path / "a.csv").write_text(f"sample_id,num_measurements,aum\n{rows}")
    assert read_aum_csv(tmp_path / "a.csv").values.tolist() == [-11.5]
