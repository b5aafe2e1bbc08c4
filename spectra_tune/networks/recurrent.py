"""Recurrent networks for sequences, declared."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spectra_tune.errors import at_least_one, one_of
from spectra_tune.networks.sequence import sequence_of

if TYPE_CHECKING:
    from torch.nn import Module

    from spectra_tune.networks.recurrent_stacked import StackedRecurrent
    from spectra_tune.operators import Operator


CELLS = ("tanh", "gru", "lstm")
STACKED = ("tanh", "gru")
INITS = ("linear", "orthogonal")


def rnn(*, width: int, cell: str = "tanh", init: str = "linear") -> "Recurrent":
    """One recurrent layer of `width` units that reads a sequence, and a last layer on what it ends with.

    Tokens are embedded as vectors of the same width. Where there is an output for each position, the last layer reads
    each. Regularized: the recurrent matrix, of a gated cell that of each gate. init is that of the recurrent matrix:
    "linear" is torch's (uniform, bound 1/sqrt(width)), "orthogonal" a drawn matrix, of a gated cell one for each gate,
    whose singular values are all 1; all else starts as torch's.
    """
    return Recurrent(width=width, cell=cell, init=init)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrent:
    """See `rnn`; inputs and outputs are the task's."""

    width: int
    cell: str
    init: str = field(default="linear", metadata={"later": True})  # of the recurrent matrix

    def __post_init__(self):
        object.__setattr__(self, "width", at_least_one(self.width, "width"))
        object.__setattr__(self, "cell", one_of(self.cell, "cell", CELLS))
        object.__setattr__(self, "init", one_of(self.init, "init", INITS))

    def build(self, task: Any) -> "Module":
        from spectra_tune.networks.layers.recurrent import RecurrentNetwork

        sequence = sequence_of(task, "a recurrent network")
        return RecurrentNetwork(
            vocabulary=sequence.vocabulary,
            features=sequence.features,
            outputs=sequence.outputs,
            width=self.width,
            cell=self.cell,
            init=self.init,
            each_position=sequence.each_position,
        )

    def regularized(self, module: "Module") -> "dict[str, Operator]":
        """`recurrent.weight_hh_l0`, of a gated cell `.<gate>` of it."""
        from spectra_tune.operators.of_module import operators_of

        return operators_of(module)

    def stacked(self, task: Any) -> "StackedRecurrent | None":
        """The form in which all members train as one program: of tanh or GRU units that read vectors to the end."""
        sequence = sequence_of(task, "a recurrent network")
        if self.cell not in STACKED or sequence.vocabulary is not None or sequence.each_position:
            return None
        from spectra_tune.networks.gated_stacked import StackedGated
        from spectra_tune.networks.recurrent_stacked import StackedRecurrent

        form = StackedRecurrent if self.cell == "tanh" else StackedGated
        return form(
            positions=sequence.positions, features=sequence.features, width=self.width, outputs=sequence.outputs
        )

    @property
    def kind(self) -> str:
        """The constructor's name."""
        return rnn.__name__

    def __str__(self) -> str:
        return self.kind
