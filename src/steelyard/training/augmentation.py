"""Augmentation of a whole batch at once, where it lies: flips and crops of images of bytes.

Three numbers of luck decide what an image becomes. Output pixel (r, c) of a flipped or unflipped
image, cropped after padding by p pixels a side, is the input pixel

    (r + t - p, c' + l - p),  c' = W - 1 - c if flipped else c,  t, l uniform in 0..2p,

or padding where that lies outside. All pixels of a batch are fetched by one index.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from steelyard._support.errors import ParameterError
from steelyard.records.recipe import Recipe
from steelyard.training.prepared import Prepared


@dataclass(frozen=True)
class Augmentation:
    """What a recipe does to images while they are trained on.

    Parameters
    ----------
    flip : bool
        Whether half of them are mirrored.
    padding : int
        Pixels a side, of which a window is cut out; 0 cuts nothing.
    fills_after : bool
        Whether padding is 0 after standardising, instead of before.
    """

    flip: bool
    padding: int
    fills_after: bool

    @classmethod
    def of(cls, recipe: Recipe) -> Augmentation | None:
        """Return what a recipe asks for, or None."""
        if not recipe.augmentation:
            return None
        crops = "crop" in recipe.augmentation
        return cls(
            "flip" in recipe.augmentation,
            recipe.crop_padding if crops else 0,
            crops and recipe.crop_fill == "mean",
        )

    def seen(
        self, images: torch.Tensor, luck: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return what a network sees of images, and where that is no padding.

        Parameters
        ----------
        images : Tensor of uint8, shape (N, channels, height, width)
            As they are.
        luck : Tensor of shape (3, N)
            Uniform in [0, 1), of each image: whether it is flipped, and where it is cropped.

        Returns
        -------
        tuple of Tensor and (Tensor of bool or None)
            Images of the same shape, 0 in their padding; and a mask of shape
            (N, 1, height, width), None where nothing can be padding.
        """
        height, width = images.shape[2:]
        rows = torch.arange(height, device=images.device).expand(len(images), height)
        columns = torch.arange(width, device=images.device).expand(len(images), width)
        if self.flip:
            columns = torch.where(luck[0, :, None] < 0.5, width - 1 - columns, columns)
        inside = None
        if self.padding:
            # a number below 1 times a whole number stays below it, in floats too
            moves = (luck[1:, :, None] * (2 * self.padding + 1)).long() - self.padding
            rows, columns = rows + moves[0], columns + moves[1]
            row_inside = (rows >= 0) & (rows < height)
            column_inside = (columns >= 0) & (columns < width)
            inside = (row_inside[:, :, None] & column_inside[:, None, :])[:, None]
            rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
        pixels = (rows[:, :, None] * width + columns[:, None, :]).view(len(images), 1, -1)
        flat = images.flatten(2)
        found = flat.gather(2, pixels.expand(flat.shape)).view(images.shape)
        return (found, None) if inside is None else (found.mul_(inside), inside)


def require_augmentable(prepared: Prepared, recipe: Recipe) -> None:
    """Raise unless a recipe can augment what it is to train on.

    Raises
    ------
    ParameterError
        If the recipe augments and these are no images, or smaller ones than it pads.
    """
    if not recipe.augmentation:
        return
    if prepared.data.modality != "image":
        raise ParameterError(
            f"The 'augmentation' parameter of Recipe must be () for a table. Got "
            f"{recipe.augmentation!r} instead.",
            hint="leave it out: flips and crops are of images.",
        )
    smallest = min(prepared.X.shape[2:])
    if "crop" in recipe.augmentation and recipe.crop_padding >= smallest:
        raise ParameterError(
            f"The 'crop_padding' parameter of Recipe must be below the {smallest} pixels of an "
            f"image's shorter side. Got {recipe.crop_padding} instead.",
            hint="pad by about an eighth of it.",
        )
