"""Convolutions as the linear maps that they are on inputs of one size: never their reshaped kernels.

Axes: M member, K number of the smaller side, L of the larger, X row of a block.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import frexp, prod

import torch
from torch import Tensor
from torch.nn.functional import pad

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Followed
from spectra_tune.operators.gram_band import GramBand, gram_band
from spectra_tune.operators.krylov import KrylovState, norm, top_singular_vector
from spectra_tune.operators.ritz import LinearMap
from spectra_tune.operators.symbol import Symbol

FEW_CHANNELS = 3
"""Up to so many, an adjoint is faster as a convolution with the flipped kernel (stride 1)."""

MOVED = 0.02
"""Share of a kernel's norm that it moves by until its whole spectrum is looked at again."""

CHEAP = 1_000_000
"""Multiplications up to which a circular convolution's Fourier transform is decomposed at every call."""

MODES = {"zeros": "constant", "circular": "circular", "reflect": "reflect", "replicate": "replicate"}
"""Of padding: what torch.nn's layers and torch.nn.functional.pad call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How a kernel moves over an input of one size; tuples have an entry per axis of the image, channels left out."""

    input_size: tuple[int, ...]
    kernel: tuple[int, ...]  # shape of the whole weight
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  # before and after; of a transposed one what it takes away
    mode: str  # of the padding, a value of MODES
    groups: int
    transposed: bool
    output_padding: tuple[int, ...]  # of a transposed one

    @property
    def inputs(self) -> tuple[int, ...]:
        """Shape of an input, channels first."""
        return (self.kernel[0] if self.transposed else self.kernel[1] * self.groups, *self.input_size)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Shape of an output, channels first."""
        channels = self.kernel[1] * self.groups if self.transposed else self.kernel[0]
        return (channels, *(self._length(axis) for axis in range(len(self.input_size))))

    def _length(self, axis: int) -> int:
        before, after = self.padding[axis]
        span, stride = self.dilation[axis] * (self.kernel[2 + axis] - 1) + 1, self.stride[axis]
        if self.transposed:
            return (self.input_size[axis] - 1) * stride - before - after + span + self.output_padding[axis]
        return (self.input_size[axis] + before + after - span) // stride + 1

    @property
    def even(self) -> bool:
        """Whether torch's convolution itself pads so: with as many zeros before as after."""
        return self.mode == "constant" and all(before == after for before, after in self.padding)

    def places(self, device: torch.device) -> list[Tensor]:
        """Of each axis, which place of the input every place of the padded one has its number from."""
        found = []
        for length, (before, after) in zip(self.input_size, self.padding, strict=True):
            here = torch.arange(length, dtype=torch.float64).view(1, 1, length)
            found.append(pad(here, (before, after), mode=self.mode).long().flatten().to(device))
        return found

    @property
    def of_convolution(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Sizes of the images and of the features of the convolution that this is, or that it is the adjoint of."""
        sizes = self.input_size, self.outputs[1:]
        return (sizes[1], sizes[0]) if self.transposed else sizes

    def takes(self) -> list[Tensor]:
        """Of each axis, which place of an image every place of the features takes by each of the kernel; -1 is none."""
        images, features = self.of_convolution
        found = []
        for axis, (length, (before, _)) in enumerate(zip(images, self.padding, strict=True)):
            step_P = torch.arange(features[axis]) * self.stride[axis]
            padded_PT = step_P[:, None] + torch.arange(self.kernel[2 + axis]) * self.dilation[axis]
            if self.mode == "constant":
                padded_PT = padded_PT - before
                found.append(torch.where((padded_PT >= 0) & (padded_PT < length), padded_PT, -1))
            else:
                found.append(self.places(torch.device("cpu"))[axis][padded_PT])
        return found


class Convolving:
    """A kernel's map and its adjoint on stacks of images (images, channels, …), and the kernel's gradient."""

    def __init__(self, geometry: Geometry, device: torch.device):
        self._of = geometry
        axes = len(geometry.input_size)
        self._rest = (geometry.transposed, geometry.output_padding, geometry.groups)
        self._within = [before for before, _ in geometry.padding] if geometry.even else [0] * axes
        self._around = [] if geometry.even else [amount for one in reversed(geometry.padding) for amount in one]
        self._places = geometry.places(device) if self._around and geometry.mode != "constant" else []
        padded = [
            length + (0 if geometry.even else sum(around))
            for length, around in zip(geometry.input_size, geometry.padding, strict=True)
        ]
        reached = [  # by the adjoint, without an output padding
            (output - 1) * stride - 2 * within + dilation * (size - 1) + 1
            for output, stride, within, dilation, size in zip(
                geometry.outputs[1:], geometry.stride, self._within, geometry.dilation, geometry.kernel[2:], strict=True
            )
        ]
        self._left_over = [length - there for length, there in zip(padded, reached, strict=True)]
        self._flips = (
            geometry.groups == 1
            and not geometry.transposed
            and set(geometry.stride) == {1}
            and geometry.inputs[0] <= FEW_CHANNELS
        )
        self._flipped_padding = [
            dilation * (size - 1) - within
            for dilation, size, within in zip(geometry.dilation, geometry.kernel[2:], self._within, strict=True)
        ]

    def apply(self, kernel: Tensor, x: Tensor) -> Tensor:
        of = self._of
        return torch.convolution(self._padded(x), kernel, None, of.stride, self._within, of.dilation, *self._rest)

    def adjoint(self, kernel: Tensor, y: Tensor) -> Tensor:
        of, none = self._of, [0] * len(self._within)
        if of.transposed:
            return torch.convolution(y, kernel, None, of.stride, self._within, of.dilation, False, none, of.groups)
        if self._flips and min(self._flipped_padding) >= 0:
            flipped = kernel.flip(*range(2, kernel.ndim)).transpose(0, 1).contiguous()
            padding = self._flipped_padding
            return self._folded(torch.convolution(y, flipped, None, of.stride, padding, of.dilation, False, none, 1))
        return self._folded(
            torch.convolution(y, kernel, None, of.stride, self._within, of.dilation, True, self._left_over, of.groups)
        )

    def kernel_gradient(self, kernel: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The derivative of <y, A x> by the kernel."""
        of = self._of
        arguments = (of.stride, self._within, of.dilation, *self._rest)
        return torch.ops.aten.convolution_backward(
            y, self._padded(x), kernel, None, *arguments, [False, True, False]
        )[1]  # fmt: skip

    def _padded(self, x: Tensor) -> Tensor:
        if not self._places:
            return pad(x, self._around) if self._around else x
        for axis, places in enumerate(self._places, start=2):
            x = x.index_select(axis, places)
        return x

    def _folded(self, padded: Tensor) -> Tensor:
        """The adjoint of the padding."""
        if not self._places:
            return pad(padded, [-amount for amount in self._around]) if self._around else padded
        for axis, (places, length) in enumerate(zip(self._places, self._of.input_size, strict=True), start=2):
            shape = (*padded.shape[:axis], length, *padded.shape[axis + 1 :])
            padded = padded.new_zeros(shape).index_add_(axis, places, padded)
        return padded


def linear_map(geometry: Geometry, convolving: Convolving, kernel: Tensor) -> LinearMap:
    """The map, from its smaller side, by rows of numbers."""
    inputs, outputs = geometry.inputs, geometry.outputs

    def forward(x_XK: Tensor) -> Tensor:
        return convolving.apply(kernel, x_XK.view(-1, *inputs)).flatten(1)

    def backward(y_XL: Tensor) -> Tensor:
        return convolving.adjoint(kernel, y_XL.view(-1, *outputs)).flatten(1)

    return LinearMap(forward, backward) if prod(inputs) <= prod(outputs) else LinearMap(backward, forward)


def is_circulant(geometry: Geometry) -> bool:
    """Whether waves of images come to waves of features: circular, and the stride divides the sides."""
    images, features = geometry.of_convolution
    meets = all(one == many * step for one, many, step in zip(images, features, geometry.stride, strict=True))
    return geometry.mode == "circular" and meets


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


class Convolution:
    """A kernel (out, in / groups, …) as its convolution on inputs of one size, or (in, out / groups, …) transposed.

    input_size: of an image's axes, as the layer sees it. Other arguments as of torch.nn's convolutions.
    """

    def __init__(
        self,
        weight: Tensor,
        *,
        input_size: Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | str | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
        transposed: bool = False,
        output_padding: int | Sequence[int] = 0,
    ):
        axes = weight.ndim - 2
        if axes != len(input_size) or axes < 1:
            raise InvalidStudy(
                f"a kernel must be (out, in, …) with an axis for each of its input's, {len(input_size)}, "
                f"got a weight of shape {tuple(weight.shape)}"
            )
        kernel, dilations = tuple(weight.shape), _per_axis(dilation, axes)
        self.geometry = Geometry(
            input_size=tuple(input_size),
            kernel=kernel,
            stride=_per_axis(stride, axes),
            dilation=dilations,
            padding=_padding(padding, kernel[2:], dilations),
            mode=MODES[padding_mode],
            groups=groups,
            transposed=transposed,
            output_padding=_per_axis(output_padding, axes),
        )
        if min(self.geometry.outputs) < 1:
            raise InvalidStudy(f"a kernel of shape {kernel} must fit into its input, of size {tuple(input_size)}")
        self.weights = (weight,)

    @property
    def fans(self) -> tuple[int, int]:
        """Channels out and in."""
        return self.geometry.outputs[0], self.geometry.inputs[0]

    def follow(self, weights: Sequence[Tensor], gradients: Sequence[Tensor] | None) -> Followed:
        return FollowedConvolution(self.geometry, weights[0], None if gradients is None else gradients[0])


def _per_axis(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _padding(
    padding: int | str | Sequence[int], kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Before and after each axis."""
    if padding == "same":
        around = [stretch * (size - 1) for stretch, size in zip(dilation, kernel, strict=True)]
        return tuple((amount // 2, amount - amount // 2) for amount in around)
    amounts = _per_axis(0 if isinstance(padding, str) else padding, len(kernel))
    return tuple((amount, amount) for amount in amounts)
