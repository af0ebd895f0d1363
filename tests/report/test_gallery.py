import base64
import dataclasses
import io

import numpy as np
import pytest
from cases import make_weighing
from PIL import Image

from steelyard.report import gallery, render


def test_samples_are_parted_by_kind_and_ordered_by_hardness(images):
    aum = images.hardness["aum"]
    kind = dict(zip(aum.ids.tolist(), images.kinds.tolist(), strict=True))
    for shown, expected, by in (
        (gallery.hardest(images), "hard", "aum"),
        (gallery.suspects(images), "suspect", "label_doubt"),
    ):
        score = images.hardness[by]
        value = dict(zip(score.ids.tolist(), score.values.tolist(), strict=True))
        assert all(picture.score.startswith(f"{by} ") for picture in shown.pictures)
        ids = [int(picture.identity) for picture in shown.pictures]
        assert {kind[identity] for identity in ids} == {expected}
        values = [value[identity] for identity in ids]
        assert values == sorted(values, reverse=True)
        assert shown.n_shown == len(ids) <= 24


def test_captions_carry_label_and_score_with_spread(images):
    picture = gallery.hardest(images).pictures[0]
    aum = images.hardness["aum"]
    row = aum.ids.tolist().index(int(picture.identity))
    assert picture.label == aum.class_names[aum.labels[row]]
    assert picture.label in picture.alternative
    assert picture.score == f"aum {aum.values[row]:.2f} ± {aum.spread[row]:.2f}"


def test_small_pictures_keep_every_pixel(images):
    picture = gallery.hardest(images).pictures[0]
    content = base64.b64decode(picture.source.removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    at = images.gallery.ids.tolist().index(int(picture.identity))
    np.testing.assert_array_equal(pixels, images.gallery.inputs[at, ..., 0])
    assert picture.small


@pytest.mark.parametrize("channels", [1, 3])
def test_large_pictures_are_scaled_until_the_page_has_room(images, channels):
    random = np.random.default_rng(0)
    shape = (len(images.gallery), 200, 150, channels)
    noise = random.integers(0, 256, shape, dtype=np.uint8)  # what compresses worst
    data = dataclasses.replace(images.gallery, inputs=noise)
    weighing = dataclasses.replace(images, gallery=data)
    picture = gallery.hardest(weighing).pictures[0]
    content = base64.b64decode(picture.source.removeprefix("data:image/png;base64,"))
    width, height = Image.open(io.BytesIO(content)).size
    assert height > width >= 32
    assert not picture.small
    assert len(render(weighing).encode()) < 6_000_000


def test_rows_of_a_table_keep_their_values(table):
    shown = gallery.hardest(table)
    assert shown.pictures == ()
    titles = [column.title for column in shown.table.columns]
    assert titles[:6] == ["Sample", "Label", "aum", "el2n", "forgetting", "confidence"]
    assert titles[6:] == list(table.gallery.inputs.columns)
    for row in shown.table.rows:
        at = table.gallery.ids.tolist().index(int(row[0].text))
        age = table.gallery.inputs["age"][at]
        cell = row[titles.index("age")]
        assert cell.text == ("missing" if np.isnan(age) else f"{age:g}")


def test_columns_beyond_what_fits_are_counted():
    columns = {f"feature {number}": [float(number)] for number in range(30)}
    weighing = make_weighing("table", columns=columns, n_seeds=1, n_test_per_class=20)
    shown = gallery.hardest(weighing)
    assert len(shown.table.columns) == 2 + 4 + 16
    assert shown.left_out == 14
    assert "14 more columns of the table are not shown." in render(weighing)


def test_no_suspect_is_said(images):
    kinds = np.where(images.kinds == "suspect", "ordinary", images.kinds)
    weighing = dataclasses.replace(images, kinds=kinds)
    assert gallery.suspects(weighing).n_shown == 0
    assert "No training sample looks mislabelled." in render(weighing)
