"""How a kernel moves over images of one size: shapes, padding, which place takes which."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad


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


def is_circulant(geometry: Geometry) -> bool:
    """Whether waves of images come to waves of features: circular, and the stride divides the sides."""
    images, features = geometry.of_convolution
    meets = all(one == many * step for one, many, step in zip(images, features, geometry.stride, strict=True))
    return geometry.mode == "circular" and meets
