"""Convolutions as the linear maps that they are on inputs of one size: never their reshaped kernels."""

from collections.abc import Sequence

from torch import Tensor

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Followed
from spectra_tune.operators.convolution_geometry import Geometry
from spectra_tune.operators.followed_convolution import FollowedConvolution

MODES = {"zeros": "constant", "circular": "circular", "reflect": "reflect", "replicate": "replicate"}
"""Of padding: what torch.nn's layers and torch.nn.functional.pad call them."""


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
