"""A training part on its device: images stay bytes, a batch becomes numbers when it is used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from steelyard.training.augmentation import Augmentation
from steelyard.training.prepared import Prepared


class Inputs:
    """Encoded inputs and their labels, handed to the device once; batches are indices.

    Parameters
    ----------
    prepared : Prepared
        Inputs for a network: float32 of shape (n, n_columns), or uint8 images of shape
        (n, channels, height, width). Images are standardised by the channel means and standard
        deviations of the training part; a perceptron reads them as rows of pixels.
    device : torch.device
        Where they live.
    """

    def __init__(self, prepared: Prepared, device: torch.device) -> None:
        self._flat = prepared.model == "mlp"
        self._device = device
        self.values = self._placed(prepared.X)
        self.labels = torch.from_numpy(prepared.y).to(device)
        self.shape = tuple(self.values.shape[1:])
        self._image_shape = prepared.X.shape[1:]
        self._standardisation = None  # tables are standardised already
        if prepared.X.dtype == np.uint8:
            self._standardisation = self._of_every_pixel(*prepared.channel_moments)

    def batch(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the inputs of rows of any shape as float32: shape (*rows.shape, ...)."""
        return self._as_numbers(self._of(rows).view(*rows.shape, *self.shape))

    def augmented(
        self, rows: torch.Tensor, augmentation: Augmentation, luck: torch.Tensor
    ) -> torch.Tensor:
        """Return images of rows as a network that augments them sees them, as `batch` does.

        Parameters
        ----------
        rows : Tensor of int, any shape
            Which.
        augmentation : Augmentation
            What is done to them.
        luck : Tensor of shape (3, *rows.shape)
            What decides about each.
        """
        images = self._of(rows).view(-1, *self._image_shape)
        images, inside = augmentation.seen(images, luck.flatten(1).to(self._device))
        numbers = self._as_numbers(images.view(*rows.shape, *self.shape))
        if augmentation.fills_after and inside is not None:
            numbers.view(images.shape).mul_(inside)
        return numbers

    def _of(self, rows: torch.Tensor) -> torch.Tensor:
        # index_select copies whole rows; indexing by an array copies byte after byte
        return self.values.index_select(0, rows.flatten().to(self._device))

    def held_out(self, X: np.ndarray, batch_size: int) -> Iterator[torch.Tensor]:
        """Yield other encoded inputs in batches, as the network reads them."""
        for batch in self._placed(X).split(batch_size):
            yield self._as_numbers(batch)

    def _placed(self, X: np.ndarray) -> torch.Tensor:
        values = torch.from_numpy(X.reshape(len(X), -1) if self._flat else X)
        return values.to(self._device)

    def _as_numbers(self, batch: torch.Tensor) -> torch.Tensor:
        if self._standardisation is None:
            return batch
        scale, shift = self._standardisation
        numbers = batch.float()
        return torch.addcmul(shift, numbers, scale, out=numbers)

    def _of_every_pixel(
        self, mean: np.ndarray, deviation: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scale and shift of every pixel: standardised = scale * byte + shift."""
        n_pixels = self.values[0].numel() // len(mean)

        def placed(channels: np.ndarray) -> torch.Tensor:
            pixels = np.repeat(channels, n_pixels).astype(np.float32)
            return torch.from_numpy(pixels.reshape(self.shape)).to(self._device)

        return placed(1 / deviation), placed(-mean / deviation)
