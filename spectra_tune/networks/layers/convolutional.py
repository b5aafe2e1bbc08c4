"""A convolutional network: stages that halve the image, then a row of numbers.

Axes: N sample, C channel, H height, W width.
"""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

NORMS = {"batch": nn.BatchNorm2d, "group": lambda channels: nn.GroupNorm(_groups(channels), channels)}

MOST_GROUPS = 8

SMALLEST_HALVED = 4
"""Pixels of the shorter side."""


class ConvolutionalNetwork(nn.Module):
    """Of images (N, C, H, W), or (N, H, W) of one channel; outputs (N, outputs)."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        *,
        channels: int,
        depth: int,
        kernel: int,
        norm: str | None,
        residual: bool,
        head: int | None,
    ):
        super().__init__()
        below, *size = shape
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        for number in range(depth):
            halves = min(size) >= SMALLEST_HALVED
            above = channels * 2**number
            stages[f"{number + 1}"] = Stage(below, above, kernel, norm, residual, halves)
            below, size = above, [side // 2 if halves else side for side in size]
        self.stage = nn.Sequential(stages)
        if head is None:
            self.above, self.head = nn.AdaptiveAvgPool2d(1), None
        else:
            self.above, self.head = nn.Identity(), nn.Linear(below * size[0] * size[1], head)
            below = head
        self.relu = nn.ReLU()
        self.last = nn.Linear(below, outputs)

    def forward(self, x: Tensor) -> Tensor:
        row = self.above(self.stage(_channels_last(x))).flatten(1)
        return self.last(row if self.head is None else self.relu(self.head(row)))

    def lipschitz_bound(self, of: Callable[[nn.Module], float]) -> float:
        """How much it stretches at most, from its parts'."""
        return of(self.stage) * of(self.above) * (1.0 if self.head is None else of(self.head)) * of(self.last)


class Stage(nn.Module):
    """Convolution, norm and ReLU; with a residual the same again, added to what goes in; then the image is halved."""

    def __init__(self, below: int, above: int, kernel: int, norm: str | None, residual: bool, halves: bool):
        super().__init__()
        self.conv = nn.Conv2d(below, above, kernel, padding=kernel // 2)
        self.norm = nn.Identity() if norm is None else NORMS[norm](above)
        if residual:
            self.again = nn.Conv2d(above, above, kernel, padding=kernel // 2)
            self.norm_again = nn.Identity() if norm is None else NORMS[norm](above)
        self.residual = residual
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2) if halves else nn.Identity()

    def forward(self, image: Tensor) -> Tensor:
        image = self.relu(self.norm(self.conv(image)))
        if self.residual:
            image = image + self.relu(self.norm_again(self.again(image)))
        return self.pool(image)

    def lipschitz_bound(self, of: Callable[[nn.Module], float]) -> float:
        """How much it stretches at most, from its parts'."""
        again = of(self.again) * of(self.norm_again) if self.residual else 0.0
        return of(self.conv) * of(self.norm) * (1.0 + again) * of(self.pool)


def _channels_last(x: Tensor) -> Tensor:
    """Images (N, C, H, W) with a pixel's channels side by side in memory: a processor convolves them a third faster."""
    if x.ndim == 4 and x.shape[1] > 1:
        return x.contiguous(memory_format=torch.channels_last)
    return (x if x.ndim == 3 else x.squeeze(1)).unsqueeze(-1).movedim(-1, 1)


def _groups(channels: int) -> int:
    """The most groups, up to MOST_GROUPS, that share the channels evenly."""
    return max(groups for groups in range(1, MOST_GROUPS + 1) if channels % groups == 0)
