"""A recurrent network: one layer that reads a sequence.

Axes: N sample, T position, F number of an input.
"""

from torch import Tensor, nn

CELLS = {"tanh": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentNetwork(nn.Module):
    """Of tokens (N, T) or vectors (N, T, F); outputs (N, outputs) of the last position, or (N, T, outputs) of each."""

    def __init__(
        self,
        *,
        vocabulary: int | None,
        features: int,
        outputs: int,
        width: int,
        cell: str,
        init: str,
        each_position: bool,
    ):
        super().__init__()
        self.each_position = each_position
        self.embedding = nn.Identity() if vocabulary is None else nn.Embedding(vocabulary, width)
        self.recurrent = CELLS[cell](features if vocabulary is None else width, width, batch_first=True)
        self.last = nn.Linear(width, outputs)
        if init == "orthogonal":
            for gate in self.recurrent.weight_hh_l0.detach().split(width):
                nn.init.orthogonal_(gate)

    def forward(self, x: Tensor) -> Tensor:
        hidden, _ = self.recurrent(self.embedding(x))
        return self.last(hidden if self.each_position else hidden[:, -1])
