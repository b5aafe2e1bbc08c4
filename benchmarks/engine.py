"""CPU time of a run in a block against the same run in a plain loop."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.arms import ARMS
from benchmarks.clock import interleaved, one_thread
from benchmarks.peak import peak_gflops
from benchmarks.plain_training import PlainTraining, tensors
from benchmarks.row import Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One protocol and how it is timed. The plain loop trains `plain` networks a repeat."""

    width: int
    targets: tuple[float | None, float | None] = (None, None)  # plain over block, without and with the penalty
    batch_size: int | None = None
    seeds: int = 48
    data_seed: int | None = 42
    samples: int = 1000
    epochs: int = 100
    plain: int = 3

    def __str__(self) -> str:
        batch = f", minibatches of {self.batch_size}" if self.batch_size else ""
        data = "" if self.data_seed is not None else ", fresh data per seed"
        return f"width {self.width}{batch}, {self.seeds} seeds{data}"


CASES = (
    Case(width=8, targets=(20, 33)),
    Case(width=16, targets=(11, 20)),
    Case(width=32, targets=(6, 11)),
    Case(width=64, targets=(3.3, 6)),
    Case(width=128, targets=(2.3, 4.4), plain=2),
    Case(width=16, targets=(60, 60), batch_size=32, plain=1),
    *(Case(width=width, seeds=20) for width in (16, 64)),
    *(Case(width=width, data_seed=None) for width in (16, 64)),
)

TINY = (
    Case(width=4, seeds=2, samples=64, epochs=2, plain=1),
    Case(width=4, seeds=2, samples=64, epochs=2, plain=1, batch_size=32, data_seed=None),
)


def measure(*, tiny: bool) -> Iterator[Row]:
    """A row per case and arm: CPU time a run in the plain loop over CPU time a run in `run_block`, both in one thread.

    The block's time holds all that run_block does: draws, 20 reports, scores on validation and test data, the run
    table; the plain loop's only training, and the draw where each seed has its own data. Both train from the same
    draws. The share of peak counts 6 flops per weight, sample and step, over all of the block's time.
    """
    repeats = 1 if tiny else 5
    with one_thread():
        peak = peak_gflops(repeats)
        for case in TINY if tiny else CASES:
            for arm, target in zip(ARMS, case.targets, strict=True):
                yield _row(case, arm, target, repeats, peak)


def _row(case: Case, arm: str, target: float | None, repeats: int, peak: float) -> Row:
    condition = Condition(
        task=moons(samples=case.samples, data_seed=case.data_seed),
        network=mlp(width=case.width),
        epochs=case.epochs,
        batch_size=case.batch_size,
    )
    shared = None if case.data_seed is None else tensors(condition, "train", 0)

    def plain(networks: int = case.plain, epochs: int = case.epochs) -> None:
        for seed in range(networks):
            data = shared or tensors(condition, "train", seed)
            PlainTraining(condition, ARMS[arm], seed, *data).train(epochs)

    block = Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(case.seeds))
    plain(1, min(5, case.epochs))  # first calls load kernels
    run_block(Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(1)))
    taken = interleaved(plain, lambda: run_block(block), repeats=repeats)
    plain_s = [first / case.plain for first, _ in taken]
    block_s = [second / case.seeds for _, second in taken]
    gflop = 6 * weights(case.width) * case.samples * case.epochs / 1e9
    return Row(
        section="engine",
        case=f"{case}, {arm}",
        ratios=tuple(one / other for one, other in zip(plain_s, block_s, strict=True)),
        target=target,
        figures={
            "block_ms": 1e3 * statistics.median(block_s),
            "plain_ms": 1e3 * statistics.median(plain_s),
            "of_peak_percent": 100 * gflop / statistics.median(block_s) / peak,
            "peak_gflop_per_s": peak,
        },
    )


def weights(width: int) -> int:
    """Entries of the three weight matrices 2 -> width -> width -> 1."""
    return 2 * width + width * width + width
