"""A convolution as a linear map on images of one size, with its adjoint: never its reshaped kernel."""

from math import prod

import torch
from torch import Tensor
from torch.nn.functional import pad

from spectra_tune.operators.convolution_geometry import Geometry
from spectra_tune.operators.ritz import LinearMap

FEW_CHANNELS = 3
"""Up to so many, an adjoint is faster as a convolution with the flipped kernel (stride 1)."""


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
