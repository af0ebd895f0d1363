"""Folders of images: every image read as it is meant, broken ones named."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.datasets import load


def grey(value, size=(6, 4)):
    return Image.new("L", size, value)


def colour(value, size=(6, 4)):
    return Image.new("RGB", size, value)


def written(root, images):
    for name, image in images.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    return root


def cats_and_dogs(root):
    return written(
        root,
        {
            "dog/b.png": grey(20),
            "dog/a.bmp": grey(10),
            "cat/deep/er/d.PNG": grey(40),
            "cat/c.tif": grey(30),
        },
    )


def test_ids_labels_and_pixels_of_grey_images(tmp_path):
    data = load(cats_and_dogs(tmp_path / "pets"))
    assert data.name == "pets"
    assert data.ids.tolist() == ["cat/c.tif", "cat/deep/er/d.PNG", "dog/a.bmp", "dog/b.png"]
    assert data.class_names == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.inputs.shape == (4, 4, 6, 1)
    assert data.inputs[:, 0, 0, 0].tolist() == [30, 40, 10, 20]
    assert data.split is None


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif"])
def test_every_suffix_is_read(tmp_path, suffix):
    images = {f"a/1{suffix}": colour((200, 40, 90)), f"b/1{suffix}": colour((0, 0, 0))}
    pixels = load(written(tmp_path, images)).inputs
    assert pixels.shape == (2, 4, 6, 3)
    assert np.abs(pixels[0].astype(int) - [200, 40, 90]).max() <= 4  # some suffixes lose a little


def test_one_colour_image_makes_all_of_them_colour(tmp_path):
    pixels = load(written(tmp_path, {"a/1.png": grey(9), "b/1.png": colour((1, 2, 3))})).inputs
    assert pixels[0, 0, 0].tolist() == [9, 9, 9]
    assert pixels[1, 0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("image", "value"),
    [
        (Image.new("1", (6, 4), 1), 255),
        (Image.new("LA", (6, 4), (7, 128)), 7),
        (Image.fromarray(np.full((4, 6), 0xABCD, np.uint16)), 0xAB),
    ],
)
def test_other_kinds_of_grey(tmp_path, image, value):
    pixels = load(written(tmp_path, {"a/1.png": image, "b/1.png": grey(0)})).inputs
    assert pixels.shape == (2, 4, 6, 1)
    assert (pixels[0] == value).all()


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_other_kinds_of_colour(tmp_path, mode):
    suffix = ".tif" if mode == "CMYK" else ".png"
    image = colour((255, 0, 0)).convert(mode)
    pixels = load(written(tmp_path, {f"a/1{suffix}": image, "b/1.png": grey(0)})).inputs
    assert pixels[0, 0, 0].tolist() == [255, 0, 0]


def test_images_turn_as_their_camera_was_held(tmp_path):
    upright = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6) * 10)
    turned = upright.transpose(Image.Transpose.ROTATE_90)  # undone by orientation 6
    exif = Image.Exif()
    exif[0x0112] = 6
    written(tmp_path, {"a/1.png": upright})
    (tmp_path / "b").mkdir()
    turned.save(tmp_path / "b" / "1.png", exif=exif)
    pixels = load(tmp_path).inputs
    assert (pixels[0] == pixels[1]).all()


def test_mixed_sizes_are_refused_with_the_most_frequent_ones(tmp_path):
    images = {f"a/{i}.png": grey(i, (8, 8)) for i in range(3)} | {"b/1.png": grey(9, (5, 7))}
    with pytest.raises(DataError, match=r"2 different sizes, most often 8x8 \(3\), 5x7 \(1\)") as e:
        load(written(tmp_path, images))
    assert "--image-size 8" in e.value.hint


def test_image_size_resizes_and_averages(tmp_path):
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    images = {"a/1.png": Image.fromarray(stripes), "b/1.png": grey(80, (5, 7))}
    data = load(written(tmp_path, images), image_size=8)
    assert data.inputs.shape == (2, 8, 8, 1)
    assert (
        np.abs(data.inputs[0].astype(int) - 127).max() <= 12
    )  # picking pixels would give 0 or 255
    assert (data.inputs[1] == 80).all()
    for size in (0, 2.5):
        with pytest.raises(ParameterError, match="image_size"):
            load(tmp_path, image_size=size)


def jpeg_cut_short():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()[:1500]


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n", jpeg_cut_short()])
def test_an_unreadable_image_is_named_and_skipped_only_if_asked(tmp_path, content):
    noise = grey(3, (64, 64))
    written(tmp_path, {"a/1.png": noise, "b/1.png": noise, "b/2.png": noise})
    (tmp_path / "b" / "broken.jpg").write_bytes(content)
    with pytest.raises(
        DataError, match=r"Images that cannot be read: 1, first 'b/broken.jpg'"
    ) as caught:
        load(tmp_path)
    assert "--skip-unreadable" in caught.value.hint
    with pytest.warns(SteelyardWarning, match=r"1 of 4 images .*'b/broken.jpg'"):
        data = load(tmp_path, skip_unreadable=True)
    assert data.ids.tolist() == ["a/1.png", "b/1.png", "b/2.png"]


def test_a_class_is_not_lost_by_skipping(tmp_path):
    written(tmp_path, {"a/1.png": grey(1), "c/1.png": grey(1)})
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "broken.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="No image of class 'b' can be read"):
        load(tmp_path, skip_unreadable=True)


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_an_image_that_unpacks_to_an_absurd_size_is_refused(tmp_path, monkeypatch, factor):
    written(tmp_path, {"a/1.png": grey(1, (30, 30)), "b/1.png": grey(1, (30, 30))})
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(900 * factor / 2))
    with pytest.raises(DataError, match=r"Images that cannot be read: 2.*bomb"):
        load(tmp_path)


def test_a_folder_without_class_folders_is_refused(tmp_path):
    with pytest.raises(DataError, match="It holds no folder") as caught:
        load(tmp_path)
    assert "named for the class" in caught.value.hint
    written(tmp_path, {"1.png": grey(1)})
    with pytest.raises(DataError, match="It holds images and no folder"):
        load(tmp_path)


def test_an_empty_class_folder_is_refused(tmp_path):
    cats_and_dogs(tmp_path)
    (tmp_path / "emu" / "deeper").mkdir(parents=True)
    with pytest.raises(DataError, match="emu' holds no image"):
        load(tmp_path)


def test_a_single_class_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"at least two classes. Got one: 'cat'"):
        load(written(tmp_path, {"cat/1.png": grey(1)}))


def test_loose_files_are_left_out_with_a_warning_and_hidden_ones_without(tmp_path):
    cats_and_dogs(tmp_path)
    for hidden in (".DS_Store", "cat/Thumbs.db", "cat/._c.tif"):
        (tmp_path / hidden).write_text("")
    (tmp_path / ".git").mkdir()
    assert len(load(tmp_path)) == 4
    (tmp_path / "README.txt").write_text("cats and dogs")
    written(tmp_path, {"loose.png": grey(1)})
    (tmp_path / "cat" / "notes.csv").write_text("")
    with pytest.warns(SteelyardWarning, match="Left out 3 files"):
        assert len(load(tmp_path)) == 4


def test_folders_named_for_parts_are_the_split(tmp_path):
    images = {
        f"{part}/{name}/1.png": grey(1) for part in ("train", "val", "test") for name in ("b", "a")
    }
    data = load(written(tmp_path, images))
    assert data.class_names == ("a", "b")
    assert dict(zip(data.ids.tolist(), data.split.tolist(), strict=True)) == {
        "train/a/1.png": "train",
        "train/b/1.png": "train",
        "val/a/1.png": "validation",
        "val/b/1.png": "validation",
        "test/a/1.png": "test",
        "test/b/1.png": "test",
    }


def test_folders_named_for_parts_that_hold_images_are_classes(tmp_path):
    data = load(written(tmp_path, {"train/1.png": grey(1), "test/1.png": grey(2)}))
    assert data.class_names == ("test", "train")
    assert data.split is None


@pytest.mark.skipif(os.name == "nt", reason="Windows refuses these names")
def test_hostile_folder_names_are_class_names(tmp_path):
    names = ['<img src="x">', "🦊", "two\nlines", "a'b"]
    data = load(written(tmp_path, {f"{name}/1.png": grey(i) for i, name in enumerate(names)}))
    assert data.class_names == tuple(sorted(names))
