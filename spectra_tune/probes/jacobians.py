"""Derivatives of the outputs by the input at each probe point, and their norms.

Axes: N probe point, O output, F feature, K the smaller of the two.
"""

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.probes.probe_input import ProbeInput

MOST_CELLS = 2**21
"""Numbers of a member's derivatives, and of those held at a time: 16 MiB."""

LEAST_POINTS = 100
"""That are looked at however many numbers their derivatives have."""

MOST_INPUTS = 2**16
"""Numbers that are put through a network at a time."""

TOKENS = "its inputs are tokens, by which nothing has a derivative"


def jacobian_norms(probed: ProbeInput, member: int) -> tuple[Tensor, Tensor]:
    """Spectral and Frobenius norm (points,) of one member's derivatives; not finite where these are not.

    At the first points, as many as have MOST_CELLS derivatives (LEAST_POINTS at least): 267 of 28 x 28 pixels and ten
    outputs, all thousand of fewer numbers. Kept with what is probed, since several probes need them.
    """
    key = ("jacobian_norms", member)
    if key not in probed.kept:
        points, module = probed.points, probed.member(member)
        with torch.no_grad():
            outputs = module(points[:1]).shape[1]
        count = max(1, MOST_CELLS // (points[0].numel() * outputs))
        at_once = max(1, min(count, MOST_INPUTS // points[0].numel()))
        tiles = points[: max(count, LEAST_POINTS)].split(at_once)
        norms = [norms_of(jacobians(module, tile)) for tile in tiles]
        spectral_N, frobenius_N = (torch.cat(parts) for parts in zip(*norms, strict=True))
        probed.kept[key] = spectral_N, frobenius_N
    return probed.kept[key]


def jacobians(module: Module, x: Tensor) -> Tensor:
    """Derivatives (points, outputs, features) of a module's outputs: a backward pass for each output.

    In evaluation mode a sample's outputs depend on nothing but the sample, so that a sum over samples has each one's
    derivative.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        output_NO = module(x)
        if not output_NO.requires_grad:  # they do not depend on x at all
            return x.new_zeros(len(x), output_NO.shape[1], x[0].numel())
        sum_O = output_NO.sum(dim=0)
        rows = [torch.autograd.grad(one, x, retain_graph=True, materialize_grads=True)[0] for one in sum_O]
    return torch.stack([row.flatten(1) for row in rows], dim=1)


def norms_of(jacobian_NOF: Tensor) -> tuple[Tensor, Tensor]:
    """Spectral and Frobenius norms (points,), not finite where a derivative is not.

    The top eigenvalue of the smaller Gram matrix is as accurate as an SVD's top singular value; each point's largest
    derivative is scaled to 1, so that no square overflows or vanishes.
    """
    largest_N = jacobian_NOF.abs().amax(dim=(1, 2))
    regular_N = largest_N.isfinite() & (largest_N > 0)
    scaled_NOF = torch.where(regular_N[:, None, None], jacobian_NOF / largest_N[:, None, None], 0.0)
    frobenius_N = scaled_NOF.flatten(1).norm(dim=1) * largest_N
    if min(scaled_NOF.shape[1:]) == 1:
        return frobenius_N, frobenius_N
    wide = scaled_NOF.shape[1] <= scaled_NOF.shape[2]
    gram_NKK = scaled_NOF @ scaled_NOF.mT if wide else scaled_NOF.mT @ scaled_NOF
    return torch.linalg.eigvalsh(gram_NKK)[:, -1].sqrt() * largest_N, frobenius_N
