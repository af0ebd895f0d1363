"""A folder of images with one folder a class to `Labelled`."""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from steelyard._support.errors import DataError, SteelyardWarning
from steelyard._support.validation import check_integer
from steelyard.datasets.labels import encode_labels
from steelyard.records.labelled import Labelled

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_PART_OF = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_SIXTEEN_BIT = ("I", "I;16", "I;16L", "I;16B", "I;16N")  # some versions of Pillow say "I"
_GREY = ("1", "L", "LA", "La", *_SIXTEEN_BIT)
_T = TypeVar("_T")
_ORIENTATION = 0x0112  # the EXIF tag; 5 to 8 swap width and height


@dataclass(frozen=True)
class _File:
    path: Path
    id: str
    class_name: str
    part: str | None


@dataclass(frozen=True)
class _Header:
    size: tuple[int, int]  # width and height as shown
    grey: bool


def labelled_from_image_folder(
    folder: Path,
    *,
    image_size: int | None = None,
    skip_unreadable: bool = False,
    name: str = "data",
) -> Labelled:
    """Read every image below the class folders; a sample's id is its path in the folder.

    If all top-level folders are named train, val, valid, validation or test and hold class
    folders themselves, they are the split. Images turn as their EXIF orientation says. They are
    grey (one channel) if all files are, and colour (three) otherwise; transparency is ignored,
    and of an animation the first picture counts.

    Parameters
    ----------
    folder : Path
        Holds one folder a class.
    image_size : int, optional
        Resize every image to this many pixels a side, whatever its shape; None takes images that
        share one size as they are.
    skip_unreadable : bool
        Leave unreadable images out, with a warning, instead of refusing them.
    name : str
        What to call the data.

    Raises
    ------
    DataError
        If there are no class folders, one is empty, an image cannot be read, or sizes differ
        and no `image_size` is given.
    """
    if image_size is not None:
        image_size = check_integer(image_size, "image_size", "load", 1)
    files = _find_files(folder)
    headers, unreadable = _read_each(files, _header)
    _refuse_unreadable(unreadable, skip_unreadable)
    size = (image_size, image_size) if image_size else _shared_size(headers.values())
    grey = all(header.grey for header in headers.values())
    pixels, truncated = _read_each(headers, lambda path: _pixels(path, size, grey))
    _refuse_unreadable(truncated, skip_unreadable)
    _report_skipped({**unreadable, **truncated}, files, kept=pixels)
    parts = [file.part for file in pixels]
    encoded = encode_labels([file.class_name for file in pixels])
    return Labelled(
        np.stack(list(pixels.values())),
        encoded.codes,
        encoded.class_names,
        np.array([file.id for file in pixels]),
        None if None in parts else np.array(parts),
        name=name,
    )


def _find_files(folder: Path) -> list[_File]:
    """Return the image files, sorted by id; every class folder must hold one."""
    tops = _folders(folder)
    if not tops:
        loose = any(_is_image(path) for path in folder.iterdir())
        raise DataError(
            f"{str(folder)!r} must hold one folder of images a class. It holds "
            + ("images and no folder." if loose else "no folder."),
            hint="put the images of each class in a folder that is named for the class.",
        )
    strangers = [path for path in folder.iterdir() if path.is_file() and not _hidden(path)]
    parts = all(top.name.lower() in _PART_OF and _folders(top) for top in tops)
    files = []
    for top in tops:
        for class_folder in _folders(top) if parts else [top]:
            inside = [p for p in sorted(class_folder.rglob("*")) if p.is_file() and not _hidden(p)]
            images = [path for path in inside if _is_image(path)]
            strangers += [path for path in inside if not _is_image(path)]
            if not images:
                raise DataError(
                    f"The class folder {str(class_folder)!r} holds no image.",
                    hint=f"remove it, or add images: {', '.join(SUFFIXES)}.",
                )
            part = _PART_OF[top.name.lower()] if parts else None
            for path in images:
                id_ = path.relative_to(folder).as_posix()
                files.append(_File(path, id_, class_folder.name, part))
    if strangers:
        warnings.warn(
            f"Left out {len(strangers)} files that are no image in a class folder, first "
            f"{str(strangers[0])!r}.",
            SteelyardWarning,
            stacklevel=4,
        )
    return sorted(files, key=lambda file: file.id)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not _hidden(path))


def _hidden(path: Path) -> bool:
    # what operating systems and notebooks leave behind
    return path.name.startswith(".") or path.name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _read_each(
    files: Iterable[_File], read: Callable[[Path], _T]
) -> tuple[dict[_File, _T], dict[_File, str]]:
    """Return what was read and, for each file that could not be, the reason."""
    found: dict[_File, _T] = {}
    unreadable: dict[_File, str] = {}
    with _no_bombs():
        for file in files:
            try:
                found[file] = read(file.path)
            except Exception as error:  # on broken bytes Pillow's decoders raise almost anything
                unreadable[file] = str(error) or type(error).__name__
    return found, unreadable


@contextlib.contextmanager
def _no_bombs() -> Iterator[None]:
    """Refuse images that would unpack to an absurd size; mute remarks about metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _header(path: Path) -> _Header:
    with Image.open(path) as image:
        width, height = image.size
        turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
        return _Header((height, width) if turned else (width, height), image.mode in _GREY)


def _pixels(path: Path, size: tuple[int, int], grey: bool) -> np.ndarray:
    """Return uint8 pixels of shape (height, width, 1 or 3)."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode in _SIXTEEN_BIT:
            image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
        image = image.convert("L" if grey else "RGB")
        if image.size != size:
            image = image.resize(size, Image.Resampling.BICUBIC)  # averages when it shrinks
        return np.asarray(image).reshape(size[1], size[0], -1)


def _refuse_unreadable(unreadable: dict[_File, str], skip: bool) -> None:
    if unreadable and not skip:
        file, reason = next(iter(unreadable.items()))
        raise DataError(
            f"Images that cannot be read: {len(unreadable)}, first {file.id!r}: {reason}.",
            hint="replace or remove them, or leave them out: --skip-unreadable "
            "(skip_unreadable=True).",
        )


def _shared_size(headers: Iterable[_Header]) -> tuple[int, int]:
    sizes = Counter(header.size for header in headers).most_common()
    if len(sizes) > 1:
        named = ", ".join(f"{width}x{height} ({n:,})" for (width, height), n in sizes[:3])
        raise DataError(
            f"The images have {len(sizes)} different sizes, most often {named}.",
            hint=f"resize them all: --image-size {min(sizes[0][0])} "
            f"(image_size={min(sizes[0][0])}).",
        )
    return sizes[0][0]


def _report_skipped(
    skipped: dict[_File, str], files: list[_File], kept: dict[_File, np.ndarray]
) -> None:
    lost = {file.class_name for file in files} - {file.class_name for file in kept}
    if lost:
        raise DataError(
            f"No image of class {sorted(lost)[0]!r} can be read.",
            hint="replace its images or remove its folder.",
        )
    if skipped:
        names = ", ".join(repr(file.id) for file in list(skipped)[:5])
        warnings.warn(
            f"Left out {len(skipped)} of {len(files)} images that cannot be read: {names}"
            f"{', ...' if len(skipped) > 5 else ''}.",
            SteelyardWarning,
            stacklevel=4,
        )
