"""What the penalty adds to a step of a transformer encoder, beside torch's spectral_norm of the same layers."""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn

from benchmarks.arms import ARMS
from benchmarks.clock import interleaved, one_thread
from benchmarks.row import Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import module, transformer
from spectra_tune.networks.layers.attention import Transformer
from spectra_tune.tasks import pride_and_prejudice

TARGET = 1.3
"""At most, penalised over unpenalised."""

BATCH, BATCHES, LONG = 64, 10, 1000


class Normalised(nn.Module):
    """An encoder whose blocks' Linear layers go through torch's spectral_norm: each by itself, no head's product."""

    def __init__(self, shape: tuple[int, ...], vocabulary: int, outputs: int, width: int):
        super().__init__()
        self.of = Transformer(
            positions=shape[0],
            vocabulary=vocabulary,
            features=1,
            outputs=outputs,
            width=width,
            heads=2,
            depth=2,
            norm="pre",
            causal=True,
            each_position=True,
        )
        for layer in self.of.block.modules():
            if isinstance(layer, nn.Linear):
                nn.utils.parametrizations.spectral_norm(layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.of(x)


def measure(*, tiny: bool) -> Iterator[Row]:
    """CPU time of an epoch with the penalty over one without; the same for torch's spectral_norm."""
    repeats = 1 if tiny else 5
    with one_thread():
        for width, context in ((8, 4),) if tiny else ((32, 64), (64, 16)):
            networks: list[tuple[Any, str]] = [(transformer(width=width), arm) for arm in ARMS]
            networks.append((module(Normalised, width=width), "none"))
            taken = interleaved(*(_epoch(*one, context) for one in networks), repeats=repeats)
            case = f"width {width}, {context} positions, batch {BATCH}"
            yield Row(
                section="encoder",
                case=case,
                ratios=tuple(penalised / plain for plain, penalised, _ in taken),
                target=None if tiny else TARGET,
                at_least=False,
                figures={"step_ms": 1e3 * min(plain for plain, *_ in taken) / BATCHES},
            )
            yield Row(
                section="encoder",
                case=f"{case}, torch's spectral_norm",
                ratios=tuple(theirs / plain for plain, _, theirs in taken),
                at_least=False,
            )


def _epoch(network: Any, arm: str, context: int) -> Callable[[], None]:
    """A call that trains one member for an epoch more."""
    task = pride_and_prejudice(context=context, samples=BATCH * BATCHES)
    condition = Condition(task=task, network=network, epochs=LONG, batch_size=BATCH, learning_rate=0.003)
    training = BlockTraining(Block(condition=condition, arms={arm: ARMS[arm]}, seeds=[0]))
    training.train_only(1)
    return lambda: training.train_only(1)
