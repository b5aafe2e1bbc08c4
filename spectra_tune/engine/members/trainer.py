"""Trainer: what a block asks of members that train together, whichever way they do."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from numpy import ndarray
from torch import Tensor
from torch.nn import Module

from spectra_tune.design import Condition, Member


def never() -> bool:
    """Of training that nothing breaks off."""
    return False


class Trainer(Protocol):
    """Members of one architecture and one number of epochs that advance together to the next report.

    The bits of each depend on no other. Arrays have an entry per member, in the members' order.
    """

    members: tuple[Member, ...]
    condition: Condition  # what they share of their protocol; epochs and batches among it
    splits: tuple[str, ...]  # that are evaluated
    diverged: dict[int, int]  # place of a member: epoch of the report that found it no longer finite
    init_digests: list[str]  # of each member's initial weights
    parameter_count: int  # trainable numbers of one member
    layers: tuple[str, ...]  # what tables call the regularized weights, from the input on
    targeted: bool  # whether a penalty pulls towards targets

    @property
    def epoch(self) -> int:
        """Epochs that every member has trained so far."""
        ...

    @property
    def mean_epoch(self) -> float:
        """Epochs trained so far, on average of the members."""
        ...

    @property
    def finished(self) -> bool: ...

    def train(self, epochs: int, enough: Callable[[], bool] = never) -> None:
        """Trains all members for so many epochs more.

        enough: asked between epochs and between members, whether to leave the rest to another call; members may then
        be differently far, and have a state all the same.
        """
        ...

    def note_divergence(self) -> None:
        """Notes the members whose parameters are no longer all finite, with the present epoch at the first time."""
        ...

    def scores(self, split: str) -> dict[str, ndarray]:
        """Every metric of the objective on a split."""
        ...

    def sigmas(self) -> list[ndarray]:
        """Spectral norm of each regularized weight, layer by layer."""
        ...

    def targets_reached(self) -> list[ndarray]:
        """Targets of the step taken last (before the first: of the first), layer by layer.

        NaN where nothing is pulled.
        """
        ...

    def of_phase(self) -> dict[str, ndarray]:
        """Online accuracy of the phase that has just ended, and test accuracy at its end; none elsewhere."""
        ...

    def over_phases(self) -> dict[str, ndarray]:
        """Every metric of a whole curriculum; none of a task that is no curriculum."""
        ...

    def fallbacks(self) -> list[int]:
        """Exact decompositions that each member's penalty fell back on."""
        ...

    def module(self) -> Module:
        """A module of the members' architecture, for probes and pictures; its weights are of no member."""
        ...

    def states(self) -> Sequence[dict[str, Tensor]]:
        """Parameters and buffers of each member, by the module's names."""
        ...

    def passing(self) -> Sequence[dict[str, Tensor]]:
        """Buffers of each member that its module's own state leaves out (persistent=False), by their names."""
        ...

    def initial(self) -> Sequence[dict[str, Tensor]]:
        """The same before the first step, drawn again."""
        ...

    def state(self) -> dict[str, Any]:
        """All that `restore` needs for equal bits."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state of an equal trainer."""
        ...
