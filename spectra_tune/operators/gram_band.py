"""Gram matrices of convolutions as bands: whether a number bounds them, and what the inverse then makes of rows.

Axes: G group; K number of the side, places outside, channels inside, so that the band is narrow; W number of the band;
C channel of a group, D one that is summed over; P pair of places of an axis that meet, S two places in the kernel, T
one; Y place of the features, I of the images; X row.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy
import torch
from scipy.linalg import get_lapack_funcs
from torch import Tensor
from torch.nn.functional import one_hot

from spectra_tune.operators.batched_matmul import one_thread

WORK = 250_000_000
"""Multiplications of a factorization, at most: 3 ms, what a few Krylov expansions cost."""

PLACES = 1024
"""Of an axis, at most."""


class GramBand:
    """A A' or A' A, of whichever side, of the convolutions A of one geometry."""

    def __init__(self, shape: tuple[int, int, int], of_images: bool, met_PS: list[Tensor], where: Tensor, width: int):
        self._groups, self._channels, self._places = shape
        self._of_images, self._met_PS, self._where_KW, self._width = of_images, met_PS, where, width

    def of(self, kernel: Tensor) -> Callable[[float], Callable[[Tensor], Tensor] | None]:
        """Of a kernel: of a bound what (bound - Gram)^-1 makes of rows (X, numbers of the side), None if it is none.

        A Cholesky factor exists if no eigenvalue exceeds the bound, and up to rounding only then.
        """
        bands: list[numpy.ndarray] = []

        def below(bound: float) -> Callable[[Tensor], Tensor] | None:
            if not bands:
                bands.append(self._negative(kernel))
            with one_thread():
                return self._inverse(bands[0], bound)

        return below

    def _negative(self, kernel: Tensor) -> numpy.ndarray:
        """Minus the matrix (groups, K, width): a row has a number's products with itself and with those after it."""
        kernel = kernel.reshape(self._groups, -1, *kernel.shape[1:]).flatten(3)
        kernel_GCDT = kernel.transpose(1, 2) if self._of_images else kernel
        groups, channels, summed, _ = kernel_GCDT.shape
        sizes = [round(met_PS.shape[1] ** 0.5) for met_PS in self._met_PS]
        axes = range(len(sizes))
        rows = kernel_GCDT.transpose(2, 3).reshape(groups, -1, summed)
        products = (rows @ -rows.mT).view(groups, channels, *sizes, channels, *sizes)
        two_by_axis = [place for axis in axes for place in (2 + axis, 3 + len(sizes) + axis)]
        products = products.permute(0, 1, 2 + len(sizes), *two_by_axis)
        products = products.reshape(groups * channels**2, *(size**2 for size in sizes))
        for met_PS in self._met_PS:  # the first axis, of places in the kernel, goes; that of pairs comes last
            products = products.movedim(1, -1) @ met_PS.T.to(products)
        products = torch.cat((products.view(groups, -1), products.new_zeros(groups, 1)), dim=1)
        return products.index_select(1, self._where_KW).view(groups, -1, self._width).cpu().numpy()

    def _inverse(self, negative_GKW: numpy.ndarray, bound: float) -> Callable[[Tensor], Tensor] | None:
        functions: Any = get_lapack_funcs(("pbtrf", "pbtrs"), dtype=negative_GKW.dtype)
        factorize, solve = functions
        factors = []
        for negative_KW in negative_GKW:
            shifted_KW = negative_KW.copy()
            shifted_KW[:, 0] += bound
            factor, failed = factorize(shifted_KW.T, lower=1, overwrite_ab=1)
            if failed:
                return None
            factors.append(factor)

        def inverse(row_XK: Tensor) -> Tensor:
            rows_GKX = row_XK.view(-1, self._groups, self._channels, self._places).permute(1, 3, 2, 0)
            rows = rows_GKX.flatten(1, 2).cpu().numpy()
            with one_thread():
                solved = [solve(factor, one, lower=1)[0] for factor, one in zip(factors, rows, strict=True)]
            solved_GPCX = torch.from_numpy(numpy.stack(solved)).to(row_XK).view(rows_GKX.shape)
            return solved_GPCX.permute(3, 0, 2, 1).reshape(row_XK.shape)

        return inverse


def gram_band(
    *,
    kernel: Sequence[int],
    takes: Sequence[Tensor],
    size: Sequence[int],
    groups: int,
    of_images: bool,
    device: torch.device,
) -> GramBand | None:
    """The side's matrices, None where they would be too wide.

    kernel: shape of the weight. takes: of each axis the place of the image (-1: none) that every place of the features
    takes by each of the kernel. size: of the image's axes. of_images: whether the side is that of images.
    """
    channels = kernel[1] if of_images else kernel[0] // groups
    lengths = [length if of_images else len(one) for length, one in zip(size, takes, strict=True)]
    if max(*size, *lengths) > PLACES:
        return None
    pairs = [_pairs(takes_YT, length, of_images) for takes_YT, length in zip(takes, size, strict=True)]
    furthest = 0
    for pair_P2, length in zip(pairs, lengths, strict=True):
        furthest = furthest * length + int((pair_P2[:, 0] - pair_P2[:, 1]).max())
    each, width = channels * prod(lengths), furthest * channels + channels
    if groups * each * width**2 > WORK:
        return None
    row, column = torch.zeros(1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)
    for pair_P2, length in zip(pairs, lengths, strict=True):
        row = (row[:, None] * length + pair_P2[:, 0]).flatten()
        column = (column[:, None] * length + pair_P2[:, 1]).flatten()
    channel = torch.arange(channels)
    row = (row * channels + channel[:, None, None]).expand(channels, channels, -1).flatten()
    column = (column * channels + channel[:, None]).expand(channels, channels, -1).flatten()
    lower = (row >= column).nonzero().flatten()
    where_KW = torch.full((each * width,), len(row))  # what none has a number for is the zero behind them
    where_KW[column[lower] * width + row[lower] - column[lower]] = lower
    meeting = _of_images if of_images else _of_features
    met_PS = [meeting(one, pair_P2).to(device) for one, pair_P2 in zip(takes, pairs, strict=True)]
    return GramBand((groups, channels, prod(lengths)), of_images, met_PS, where_KW.to(device), width)


def _pairs(takes_YT: Tensor, length: int, of_images: bool) -> Tensor:
    """The pairs (P, 2) of an axis's places that meet: those of images in one of features, or the other way round."""
    touches_YI = one_hot(takes_YT + 1, length + 1)[..., 1:].sum(dim=1).float()
    return ((touches_YI.T @ touches_YI) if of_images else (touches_YI @ touches_YI.T)).nonzero()


def _of_images(takes_YT: Tensor, pair_P2: Tensor) -> Tensor:
    """How often (P, S) places of the images meet by each two places in the kernel."""
    size, most = takes_YT.shape[1], int(takes_YT.max()) + 1
    number_II = torch.zeros(most, most, dtype=torch.int64)
    number_II[pair_P2[:, 0], pair_P2[:, 1]] = torch.arange(len(pair_P2))
    here_YTT, there_YTT = takes_YT[:, :, None].expand(-1, -1, size), takes_YT[:, None, :].expand(-1, size, -1)
    both = (here_YTT >= 0) & (there_YTT >= 0)
    slot_YTT = torch.arange(size**2).view(size, size).expand_as(both)
    where = (number_II[here_YTT[both], there_YTT[both]], slot_YTT[both])
    met_PS = torch.zeros(len(pair_P2), size**2, dtype=torch.float64)
    return met_PS.index_put_(where, torch.ones((), dtype=torch.float64), accumulate=True)


def _of_features(takes_YT: Tensor, pair_P2: Tensor) -> Tensor:
    """Whether (P, S) places of the features meet by each two places in the kernel."""
    here_PT1, there_P1T = takes_YT[pair_P2[:, 0]].unsqueeze(2), takes_YT[pair_P2[:, 1]].unsqueeze(1)
    return ((here_PT1 == there_P1T) & (here_PT1 >= 0)).flatten(1).double()
