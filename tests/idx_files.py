"""Arrays in the format of the MNIST files, for tests that read them."""

import numpy as np


def idx_bytes(array):
    lengths = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()
