"""The spectral norms of convolutions, followed from step to step.

Axes: M member, K number of the smaller side, L of the larger, X row of a block.
"""

from dataclasses import asdict
from functools import lru_cache
from math import frexp, prod

import torch
from torch import Tensor

from spectra_tune.operators.convolution_geometry import Geometry, is_circulant
from spectra_tune.operators.convolving import Convolving, linear_map
from spectra_tune.operators.gram_band import GramBand, gram_band
from spectra_tune.operators.krylov import KrylovState, norm, top_singular_vector
from spectra_tune.operators.ritz import LinearMap
from spectra_tune.operators.symbol import Symbol

MOVED = 0.02
"""Share of a kernel's norm that it moves by until its whole spectrum is looked at again."""

CHEAP = 1_000_000
"""Multiplications up to which a circular convolution's Fourier transform is decomposed at every call."""


def _work(geometry: Geometry) -> int:
    """Multiplications of decomposing the matrices of all frequencies."""
    features, images = geometry.kernel[0] // geometry.groups, geometry.kernel[1]
    smaller = min(features, images) if set(geometry.stride) == {1} else features
    return geometry.groups * prod(geometry.input_size) * smaller**3


@lru_cache(maxsize=64)
def _band(geometry: Geometry, of_images: bool, device: torch.device) -> GramBand | None:
    """One for all that are followed, as it may take megabytes."""
    return gram_band(
        kernel=geometry.kernel,
        takes=geometry.takes(),
        size=geometry.of_convolution[0],
        groups=geometry.groups,
        of_images=of_images,
        device=device,
    )


class FollowedConvolution:
    """Spectral norms of one stacked kernel (members, …), bound to its memory; a call renews them, member by member."""

    def __init__(self, geometry: Geometry, kernel_M: Tensor, gradient_M: Tensor | None = None):
        self._geometry, self._kernel_M, self._gradient_M = geometry, kernel_M, gradient_M
        self._convolving = Convolving(geometry, kernel_M.device)
        self._by_inputs = prod(geometry.inputs) <= prod(geometry.outputs)
        smaller = min(prod(geometry.inputs), prod(geometry.outputs))
        members = len(kernel_M)
        of_images = self._by_inputs != geometry.transposed
        self._exact = is_circulant(geometry) and _work(geometry) <= CHEAP
        self._symbol = Symbol(
            kernel=geometry.kernel,
            size=(geometry.inputs if self._by_inputs else geometry.outputs)[1:],
            stride=geometry.stride,
            dilation=geometry.dilation,
            groups=geometry.groups,
            of_images=of_images,
            circular=geometry.mode == "circular",
            like=kernel_M.new_empty(0, dtype=torch.float64) if self._exact else kernel_M,
        )
        self._band = None if self._exact else _band(geometry, of_images, kernel_M.device)
        self._seeded_M = torch.zeros_like(kernel_M)
        self._states = [KrylovState.fresh(smaller, kernel_M) for _ in range(members)]
        self.sigma_M = kernel_M.new_empty(members)
        self._v_M = kernel_M.new_zeros(members, *geometry.inputs)
        self._u_M = kernel_M.new_zeros(members, *geometry.outputs)
        self.weights = (kernel_M,)
        self.gradients = () if gradient_M is None else (gradient_M,)

    def __call__(self) -> None:
        for member, kernel in enumerate(self._kernel_M):
            scale = _scale(kernel)
            if not 0 < scale < torch.inf:
                self.sigma_M[member] = scale
                self._u_M[member], self._v_M[member] = scale, scale
                continue
            vector_K, image_L = self._top(member, kernel / scale)
            length = torch.linalg.vector_norm(image_L)
            self.sigma_M[member] = length * scale
            v, u = (vector_K, image_L / length) if self._by_inputs else (image_L / length, vector_K)
            self._v_M[member].view(-1).copy_(v)
            self._u_M[member].view(-1).copy_(u)

    def _top(self, member: int, kernel: Tensor) -> tuple[Tensor, Tensor]:
        """The top unit vector of the smaller side and its image."""
        linear = self._linear(kernel)
        if self._exact:
            return self._at_once(linear, kernel)
        *found, self._states[member] = top_singular_vector(linear, self._states[member], self._seeds(member, kernel))
        return found[0], found[1]

    def _linear(self, kernel: Tensor) -> LinearMap:
        linear = linear_map(self._geometry, self._convolving, kernel)
        return linear if self._band is None else linear._replace(below=self._band.of(kernel))

    def _at_once(self, linear: LinearMap, kernel: Tensor) -> tuple[Tensor, Tensor]:
        vector_K = self._symbol.exact(kernel)
        vector_K = (vector_K / vector_K.norm()).to(kernel.dtype)
        return vector_K, linear.apply(vector_K.unsqueeze(0))[0]

    def _seeds(self, member: int, kernel: Tensor) -> Tensor | None:
        """Where to look besides; none where bounds are to be had or while the kernel is near the one looked at last."""
        if self._band is not None:
            return None
        moved, size = (torch.linalg.vector_norm(one) for one in (kernel - self._seeded_M[member], kernel))
        if float(moved) <= MOVED * float(size):
            return None
        self._seeded_M[member] = kernel
        return self._symbol.seeds(kernel)

    def pull(self, coefficient_M: Tensor) -> None:
        """Adds each member's coefficient times the derivative of u' A v by its kernel to the gradient."""
        assert self._gradient_M is not None
        for member, kernel in enumerate(self._kernel_M):
            x, y = self._v_M[member : member + 1], self._u_M[member : member + 1] * coefficient_M[member]
            self._gradient_M[member].add_(self._convolving.kernel_gradient(kernel, x, y))

    def measured(self) -> Tensor:
        """Sigma (members,) now, from a start of its own."""
        found = self.sigma_M.clone()
        for member, kernel in enumerate(self._kernel_M):
            scale = _scale(kernel)
            usual = 0 < scale < torch.inf
            found[member] = self._norm(kernel / scale) * scale if usual else scale
        return found

    def _norm(self, kernel: Tensor) -> float:
        linear = self._linear(kernel)
        return float(self._at_once(linear, kernel)[1].norm()) if self._exact else norm(linear, self._states[0])

    @property
    def fallbacks(self) -> list[int]:
        """Cold starts that each member's tracking or checks asked for."""
        return [int(state.fallbacks) for state in self._states]

    def state(self) -> dict[str, Tensor]:
        """All that `restore` needs for equal bits."""
        each = {
            f"{name}_{member}": value
            for member, state in enumerate(self._states)
            for name, value in asdict(state).items()
        }
        return {"seeded_M": self._seeded_M.clone()} | each

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continues from the state of an equal stack."""
        self._seeded_M.copy_(state["seeded_M"])
        self._states = [
            KrylovState(**{name: state[f"{name}_{member}"] for name in asdict(one)})
            for member, one in enumerate(self._states)
        ]


def _scale(kernel: Tensor) -> float:
    """The power of two next to a kernel's largest number, 0 of zeros, NaN where one is not finite.

    Divided by it no bit changes, and no square overflows.
    """
    largest = float(torch.linalg.vector_norm(kernel, torch.inf))
    if largest == 0:
        return 0.0
    return 2.0 ** frexp(largest)[1] if largest < torch.inf else torch.nan
