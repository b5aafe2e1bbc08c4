"""What the penalty adds to a step of the engine."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.arms import ARMS
from benchmarks.clock import interleaved, one_thread
from benchmarks.row import NotMeasured, Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One shape, with the two lengths of training whose difference is timed: multiples of the 20 reports."""

    width: int
    target: float | None = None  # at most, penalised over unpenalised
    samples: int = 1000
    batch_size: int | None = None
    seeds: int
    epochs: tuple[int, int]

    def __str__(self) -> str:
        shape = f"batch {self.batch_size}" if self.batch_size else f"N {self.samples}"
        return f"width {self.width}, {shape}, {self.seeds} seeds"


CASES = (
    Case(width=64, target=1.15, seeds=16, epochs=(20, 100)),
    Case(width=256, target=1.4, seeds=4, epochs=(20, 60)),
    Case(width=1024, target=1.25, samples=256, batch_size=256, seeds=2, epochs=(20, 40)),
)

TINY = (Case(width=4, samples=64, seeds=2, epochs=(20, 20_020)),)  # fewer steps take less than what else varies


def measure(*, tiny: bool) -> Iterator[Row]:
    """A row per shape: CPU time of a penalised step over that of an unpenalised one, one thread.

    A step's time is that of a long `run_block` less that of a short one: both draw, report 20 times and score alike.
    """
    with one_thread():
        for case in TINY if tiny else CASES:
            yield _row(case, 3 if tiny else 5)


def _row(case: Case, repeats: int) -> Row:
    def training(arm: str, epochs: int):
        condition = Condition(
            task=moons(samples=case.samples, data_seed=42),
            network=mlp(width=case.width),
            epochs=epochs,
            batch_size=case.batch_size,
        )
        block = Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(case.seeds))
        return lambda: run_block(block)

    short, long = case.epochs
    run_block(Block(condition=Condition(task=moons(samples=64), network=mlp(width=4), epochs=1), arms=ARMS, seeds=[0]))
    taken = interleaved(
        *(training(arm, epochs) for epochs in (short, long) for arm in ("none", "penalty")), repeats=repeats
    )
    steps = (long - short) * -(-case.samples // (case.batch_size or case.samples)) * case.seeds
    without = [none_long - none_short for none_short, _, none_long, _ in taken]
    with_it = [penalty_long - penalty_short for _, penalty_short, _, penalty_long in taken]
    least = min(*without, *with_it)
    if least <= 0:
        raise NotMeasured(
            f"{long} epochs must take longer than {short}, got {least:.3g} s more; repeat on an idle machine"
        )
    return Row(
        section="penalty",
        case=str(case),
        ratios=tuple(one / other for one, other in zip(with_it, without, strict=True)),
        target=case.target,
        at_least=False,
        figures={
            "step_ms": 1e3 * statistics.median(without) / steps,
            "penalised_step_ms": 1e3 * statistics.median(with_it) / steps,
        },
    )
