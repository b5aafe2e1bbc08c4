"""A GPU beside one core of a processor: time a run, what the penalty adds, several blocks at once, memory."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.arms import ARMS
from benchmarks.row import NotMeasured, Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import BlockTraining
from spectra_tune.engine.memory import CONTEXT_BYTES, bytes_on_gpu
from spectra_tune.networks import cnn, gcn, mlp, rnn, transformer
from spectra_tune.tasks import as_sequence, digits, elections, fashion_mnist, moons, pride_and_prejudice

LONG = 100_000
"""Epochs that a training is declared to have, so that none ends while it is timed."""

WIDTHS = ((8, 256), (8, 1024), (16, 1024), (32, 1024), (64, 1024), (128, 512), (256, 256), (512, 256), (1024, 256))
"""Widths and members."""


def measure(*, tiny: bool) -> Iterator[Row]:
    """Wall time of an epoch a run on one core over that on the GPU; penalised over unpenalised; and so on."""
    if not torch.cuda.is_available():
        raise NotMeasured("section 'gpu' needs a GPU that torch can use, this machine has none")
    repeats = 1 if tiny else 3
    for width, seeds in WIDTHS[:1] if tiny else WIDTHS:
        yield from _perceptrons(width, seeds, repeats)
    for name, network, task, batch in _in_turn(tiny):
        yield from _modules(name, network, task, batch, repeats)


def _in_turn(tiny: bool) -> list[tuple[str, Any, Any, int | None]]:
    text = pride_and_prejudice(context=64, samples=1280)
    found: list[tuple[str, Any, Any, int | None]] = [
        ("cnn(8) on digits", cnn(channels=8), digits(), 64),
        ("cnn(32) on fashion", cnn(channels=32), fashion_mnist(samples=2000), 64),
        ("transformer(64), 64 positions", transformer(width=64), text, 64),
        ("transformer(256), 64 positions", transformer(width=256), text, 64),
        ("lstm(64), 32 positions", rnn(width=64, cell="lstm"), as_sequence(digits(), step=2), 64),
        ("gcn(32) on elections", gcn(width=32), elections(), None),
    ]
    return found[:1] if tiny else found


def _perceptrons(width: int, seeds: int, repeats: int) -> Iterator[Row]:
    condition = Condition(task=moons(samples=1000, data_seed=42), network=mlp(width=width), epochs=LONG)
    here = 48 if width <= 64 else 8 if width <= 256 else 2
    cases = {
        (device, arm): _case(condition, arm, many, device)
        for device, many in (("cpu", here), ("cuda", seeds))
        for arm in ARMS
    }
    taken, memory = _measured(cases, repeats)
    gflop = 6e-9 * (2 * width + width * width + width) * 1000
    for arm in ARMS:
        on_gpu = [of / seeds for of in taken["cuda", arm]]
        yield Row(
            section="gpu",
            case=f"mlp width {width}, {seeds} runs, {arm}: one core over GPU",
            ratios=tuple(of / here / other for of, other in zip(taken["cpu", arm], on_gpu, strict=True)),
            figures={
                "gpu_us": 1e6 * statistics.median(on_gpu),
                "epoch_ms": 1e3 * statistics.median(taken["cuda", arm]),
                "gflop_per_s": gflop / statistics.median(on_gpu),
                **memory[arm],
            },
        )
    yield _penalised(f"mlp width {width}, {seeds} runs", taken)


def _modules(name: str, network: Any, task: Any, batch: int | None, repeats: int) -> Iterator[Row]:
    condition = Condition(task=task, network=network, epochs=LONG, batch_size=batch)
    cases = {(device, arm): _case(condition, arm, 1, device) for device in ("cpu", "cuda") for arm in ARMS}
    taken, memory = _measured(cases, repeats)
    for arm in ARMS:
        yield Row(
            section="gpu",
            case=f"{name}, in turn, {arm}: one core over GPU",
            ratios=tuple(of / other for of, other in zip(taken["cpu", arm], taken["cuda", arm], strict=True)),
            figures={"epoch_ms": 1e3 * statistics.median(taken["cuda", arm]), **memory[arm]},
        )
    yield _penalised(name, taken)


def _penalised(name: str, taken: dict[tuple[str, str], list[float]]) -> Row:
    plain, pulled = (taken["cuda", arm] for arm in ARMS)
    return Row(
        section="gpu",
        case=f"{name}, penalised over plain on the GPU",
        ratios=tuple(one / other for one, other in zip(pulled, plain, strict=True)),
        at_least=False,
    )


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A training, for how many epochs a measurement lasts a quarter of a second at least, and its memory on a GPU."""

    train: Callable[[int], None]
    epochs: int
    memory: dict[str, float]


def _measured(
    cases: dict[tuple[str, str], _Case], repeats: int
) -> tuple[dict[tuple[str, str], list[float]], dict[str, dict[str, float]]]:
    """Seconds of an epoch of each (device, arm), one case after the other in each repeat; memory on the GPU by arm."""
    taken: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    for _ in range(repeats):
        for case, one in cases.items():
            taken[case].append(_timed(one.train, one.epochs, case[0]) / one.epochs)
    return taken, {arm: cases["cuda", arm].memory for arm in ARMS}


def _case(condition: Condition, arm: str, seeds: int, device: str) -> _Case:
    block = Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(seeds))
    gc.collect()
    held = _memory(device)
    training = BlockTraining(block, device=device)
    training.train_only(1)
    memory = {}
    if device == "cuda":
        estimate = bytes_on_gpu(block) - CONTEXT_BYTES
        memory = {"peak_mib": (torch.cuda.max_memory_reserved() - held) / 2**20, "estimate_mib": estimate / 2**20}
    one = _timed(training.train_only, 2, device) / 2
    return _Case(train=training.train_only, epochs=min(200, max(1, round(0.25 / one))), memory=memory)


def _memory(device: str) -> int:
    """Bytes that are held on the device before a case; from here on the peak is counted anew."""
    if device != "cuda":
        return 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_reserved()


def _timed(call: Callable[[int], None], epochs: int, device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    begin = time.perf_counter()
    call(epochs)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin
