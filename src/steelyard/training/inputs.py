"""A training part on its device: images stay bytes, a batch becomes numbers when it is used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from steelyard.training.prepared import Prepared

_BLOCK = 1024  # images that are counted at once


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
        self._standardisation = None  # tables are standardised already
        if prepared.X.dtype == np.uint8:
            self._standardisation = _standardisation(prepared.X, self.shape, device)

    def batch(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the inputs of rows of any shape as float32: shape (*rows.shape, ...)."""
        # index_select copies whole rows; indexing by an array copies byte after byte
        chosen = self.values.index_select(0, rows.flatten().to(self._device))
        return self._as_numbers(chosen.view(*rows.shape, *self.shape))

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


def _standardisation(
    X: np.ndarray, shape: tuple[int, ...], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return scale and shift of every pixel: standardised = scale * byte + shift."""
    # counts of bytes are integers: exact, and the same for any order of the rows; in blocks,
    # because counting takes eight bytes a pixel
    counts = np.zeros((X.shape[1], 256), dtype=np.int64)
    for start in range(0, len(X), _BLOCK):
        for channel, images in enumerate(X[start : start + _BLOCK].swapaxes(0, 1)):
            counts[channel] += np.bincount(images.ravel(), minlength=256)
    n_pixels, values = counts[0].sum(), np.arange(256)
    mean = counts @ values / n_pixels
    variance = counts @ values**2 / n_pixels - mean**2
    deviation = np.sqrt(np.maximum(variance, 1.0))  # a blank set stays finite

    def of_every_pixel(channels: np.ndarray) -> torch.Tensor:
        pixels = np.broadcast_to(channels[:, None, None], X.shape[1:]).reshape(shape)
        return torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32)).to(device)

    return of_every_pixel(1 / deviation), of_every_pixel(-mean / deviation)
