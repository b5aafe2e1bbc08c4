"""Convolutional networks for images, declared."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy, at_least_one, one_of, true_or_false
from spectra_tune.objectives import objective_of
from spectra_tune.tasks import shape_of

if TYPE_CHECKING:
    from torch.nn import Module

    from spectra_tune.operators import Operator


NORMS = ("batch", "group")


def cnn(
    *,
    channels: int,
    depth: int = 2,
    kernel: int = 3,
    norm: str | None = None,
    residual: bool = False,
    head: int | None = 64,
) -> "Convolutional":
    """`depth` stages of a convolution, a ReLU and a halving of the image, then a hidden layer of `head` units.

    The first stage has so many channels, each next one twice as many; an image is halved while its shorter side has 4
    pixels or more. norm stands behind every convolution; a residual stage adds a second convolution's output to the
    first's. Without a head each channel's mean goes to the last layer. Regularized: every convolution and the head.
    """
    return Convolutional(channels=channels, depth=depth, kernel=kernel, norm=norm, residual=residual, head=head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolutional:
    """See `cnn`; images and outputs are the task's."""

    channels: int  # of the first stage
    depth: int  # stages
    kernel: int  # pixels a side, odd
    norm: str | None
    residual: bool
    head: int | None  # units of the layer before the last

    def __post_init__(self):
        for name in ("channels", "depth", "kernel", *(() if self.head is None else ("head",))):
            object.__setattr__(self, name, at_least_one(getattr(self, name), name))
        if self.kernel % 2 == 0:
            raise InvalidStudy(f"kernel must be odd, so that an image keeps its size, got {self.kernel}")
        if self.norm is not None:
            object.__setattr__(self, "norm", one_of(self.norm, "norm", NORMS))
        object.__setattr__(self, "residual", true_or_false(self.residual, "residual"))

    def build(self, task: Any) -> "Module":
        from spectra_tune.networks.layers.convolutional import ConvolutionalNetwork

        return ConvolutionalNetwork(
            _image(task),
            objective_of(task).outputs(task),
            channels=self.channels,
            depth=self.depth,
            kernel=self.kernel,
            norm=self.norm,
            residual=self.residual,
            head=self.head,
        )

    def regularized(self, module: "Module") -> "dict[str, Operator]":
        """Every convolution, `stage.<stage>.conv` and `.again`, on the images that it sees, and `head`."""
        from spectra_tune.operators.of_module import operators_of

        return operators_of(module)

    @property
    def kind(self) -> str:
        """The constructor's name."""
        return cnn.__name__

    def __str__(self) -> str:
        return self.kind


def _image(task: Any) -> tuple[int, int, int]:
    """Channels, height and width of a task's samples."""
    shape = shape_of(task) or ()
    image = (1, *shape) if len(shape) == 2 else shape
    if len(image) != 3 or objective_of(task).by_position:
        raise InvalidStudy(
            f"a convolutional network needs images, a shape (height, width) or (channels, height, width), "
            f"{called(task)} has {shape or 'none'}"
        )
    return image
