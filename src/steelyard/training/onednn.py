"""What oneDNN, a part of torch, does faster than torch's own kernels, without a gradient.

torch multiplies plain matrices with MKL, which keeps its fastest kernels from processors that are
not Intel's: on those of AMD a product takes twice as long as it has to. Of a hyperbolic tangent
oneDNN makes a few instructions; torch's takes up to nine times as long. Elsewhere than on a CPU,
and where torch was built without oneDNN, both are torch's own.
"""

from __future__ import annotations

import torch
from torch.nn import functional


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return ``left @ right.T``, float32.

    Parameters
    ----------
    left : Tensor of shape (m, k)
        Copied; the smaller of the two.
    right : Tensor of shape (n, k)
        Contiguous.

    Returns
    -------
    Tensor of shape (m, n)
    """
    if _usable(left):
        return functional.linear(left.contiguous().to_mkldnn(), right).to_dense()
    return left @ right.T


def tanh(x: torch.Tensor) -> torch.Tensor:
    """Return the hyperbolic tangent, float32 of any shape."""
    return torch.tanh(x.to_mkldnn()).to_dense() if _usable(x) else torch.tanh(x)


def _usable(x: torch.Tensor) -> bool:
    return x.device.type == "cpu" and torch.backends.mkldnn.is_available()
