"""A GPU beside one core of a processor: time a run, what the penalty adds, several blocks at once, memory.

Nothing where torch finds no GPU.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from benchmarks.arms import ARMS
from benchmarks.row import Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import BlockTraining
from spectra_tune.engine.memory import CONTEXT_BYTES, bytes_on_gpu
from spectra_tune.networks import cnn, gcn, mlp, rnn, transformer
from spectra_tune.tasks import as_sequence, digits, elections, fashion_mnist, moons, pride_and_prejudice

LONG = 100_000
"""Epochs that a training is declared to have, so that none ends while it is timed."""

WIDTHS = ((8, 256), (8, 1024), (16, 1024), (32, 1024), (64, 1024), (128, 512), (256, 256), (512, 256), (1024, 256))
"""Widths and members."""

PROCESSORS = 4
"""Members of a block on the processor, for widths from 256 on; below as many as suit it."""


def measure(*, tiny: bool) -> Iterator[Row]:
    """Wall time of an epoch a run on one core over that on the GPU; penalised over unpenalised; and so on."""
    if not torch.cuda.is_available():
        return
    repeats = 1 if tiny else 3
    for width, seeds in WIDTHS[:1] if tiny else WIDTHS:
        yield from _perceptrons(width, seeds, repeats)
    for name, network, task, batch in _in_turn(tiny):
        yield from _modules(name, network, task, batch, repeats)


def _in_turn(tiny: bool) -> list[tuple[str, Any, Any, int]]:
    text = pride_and_prejudice(context=64, samples=1280)
    found: list[tuple[str, Any, Any, int]] = [
        ("cnn(8) on digits", cnn(channels=8), digits(), 64),
        ("cnn(32) on fashion", cnn(channels=32), fashion_mnist(samples=2000), 64),
        ("transformer(64), 64 positions", transformer(width=64), text, 64),
        ("transformer(256), 64 positions", transformer(width=256), text, 64),
        ("lstm(64), 32 positions", rnn(width=64, cell="lstm"), as_sequence(digits(), step=2), 64),
        ("gcn(32) on elections", gcn(width=32), elections(), 10_000),
    ]
    return found[:1] if tiny else found


def _perceptrons(width: int, seeds: int, repeats: int) -> Iterator[Row]:
    condition = Condition(task=moons(samples=1000, data_seed=42), network=mlp(width=width), epochs=LONG)
    here = 48 if width <= 64 else 8 if width <= 256 else 2
    cases = {
        (device, arm): _epochs(condition, arm, many, device)
        for device, many in (("cpu", here), ("cuda", seeds))
        for arm in ARMS
    }
    taken = {case: _seconds(*one, repeats, case[0]) for case, one in cases.items()}
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
            },
        )
    yield _penalised(f"mlp width {width}, {seeds} runs", taken)


def _modules(name: str, network: Any, task: Any, batch: int, repeats: int) -> Iterator[Row]:
    condition = Condition(task=task, network=network, epochs=LONG, batch_size=batch)
    cases = {(device, arm): _epochs(condition, arm, 1, device) for device in ("cpu", "cuda") for arm in ARMS}
    taken = {case: _seconds(*one, repeats, case[0]) for case, one in cases.items()}
    for arm in ARMS:
        yield Row(
            section="gpu",
            case=f"{name}, in turn, {arm}: one core over GPU",
            ratios=tuple(of / other for of, other in zip(taken["cpu", arm], taken["cuda", arm], strict=True)),
            figures={"epoch_ms": 1e3 * statistics.median(taken["cuda", arm])},
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


def _epochs(condition: Condition, arm: str, seeds: int, device: str) -> tuple[Callable[[int], None], int]:
    """A call that trains so many epochs, and for how many the call lasts a quarter of a second at least."""
    block = Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(seeds))
    if device == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_reserved()
    training = BlockTraining(block, device=device)
    training.train_only(1)
    if device == "cuda":
        peak = torch.cuda.max_memory_reserved() - held
        print(f"    {condition.network} {arm}: {peak / 2**20:.0f} MiB, estimate", end=" ")
        print(f"{(bytes_on_gpu(block) - CONTEXT_BYTES) / 2**20:.0f}", flush=True)
    one = _timed(training.train_only, 2, device) / 2
    return training.train_only, min(200, max(1, round(0.25 / one)))


def _seconds(call: Callable[[int], None], epochs: int, repeats: int, device: str) -> list[float]:
    return [_timed(call, epochs, device) / epochs for _ in range(repeats)]


def _timed(call: Callable[[int], None], epochs: int, device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    begin = time.perf_counter()
    call(epochs)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin
