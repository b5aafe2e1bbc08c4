"""All singular values of a convolution on inputs of its size, and its Frobenius norm, which every one has.

Axes: K number of the smaller side, G group, F frequency, A feature channel, B image channel, P place, T place in the
kernel.
"""

from math import prod

import torch
from torch import Tensor

from spectra_tune.operators.convolution_geometry import Geometry
from spectra_tune.operators.convolving import Convolving, linear_map

TILE = 2**21
"""Numbers of images that are convolved at a time."""

PER_FREQUENCY = 16
"""Work of decomposing complex matrices, many and small, against that of one large symmetric one."""


def values_of_convolution(geometry: Geometry, kernel: Tensor, most: int) -> Tensor | None:
    """Singular values (K,), largest first; None where they would cost more than those of `most` numbers.

    Circular ones of stride 1 by Fourier's transform, accurate to rounding (Sedghi, Gupta and Long 2019); others by
    their Gram matrix, whose rounding leaves a value a relative error of rounding * (largest / value)^2.
    """
    if _is_circulant(geometry):
        return _by_frequency(geometry, kernel, most)
    smaller = min(prod(geometry.inputs), prod(geometry.outputs))
    if smaller > most:
        return None
    largest = float(kernel.abs().max()) or 1.0
    linear = linear_map(geometry, Convolving(geometry, kernel.device), kernel / largest)
    rows = torch.eye(smaller, dtype=kernel.dtype, device=kernel.device)
    tile = max(1, TILE // max(prod(geometry.inputs), prod(geometry.outputs)))
    gram_KK = torch.cat([linear.adjoint(linear.apply(some)) for some in rows.split(tile)])
    return torch.linalg.eigvalsh(gram_KK).flip(0).clamp(min=0).sqrt() * largest


def _is_circulant(geometry: Geometry) -> bool:
    same = geometry.outputs[1:] == geometry.input_size
    return geometry.mode == "circular" and set(geometry.stride) == {1} and same


def _by_frequency(geometry: Geometry, kernel: Tensor, most: int) -> Tensor | None:
    features, images, axes = kernel.shape[0] // geometry.groups, kernel.shape[1], range(2, kernel.ndim)
    each = geometry.groups * prod(geometry.input_size)
    if PER_FREQUENCY * each * max(features, images) * min(features, images) ** 2 > most**3:
        return None
    image = kernel
    for axis, length, dilation in zip(axes, geometry.input_size, geometry.dilation, strict=True):
        place_T = torch.arange(image.shape[axis], device=kernel.device) * dilation % length
        shape = (*image.shape[:axis], length, *image.shape[axis + 1 :])
        image = image.new_zeros(shape).index_add_(axis, place_T, image)
    symbol_GABF = torch.fft.fftn(image, dim=tuple(axes)).reshape(geometry.groups, features, images, -1)
    return torch.linalg.svdvals(symbol_GABF.movedim(3, 1)).flatten().sort(descending=True).values


def frobenius_norm(geometry: Geometry, kernel: Tensor) -> float:
    """Of the whole map: each two of a kernel's numbers count as often as they meet at one place of an image."""
    largest = float(kernel.abs().max()) or 1.0
    kernel = kernel / largest
    met = kernel
    for axis, places_PT in enumerate(geometry.takes(), start=2):
        here_PT1, there_P1T = places_PT.unsqueeze(2), places_PT.unsqueeze(1)
        meetings_TT = ((here_PT1 == there_P1T) & (here_PT1 >= 0)).sum(dim=0).to(kernel)
        met = (met.movedim(axis, -1) @ meetings_TT).movedim(-1, axis)
    return float((kernel * met).sum().sqrt()) * largest
