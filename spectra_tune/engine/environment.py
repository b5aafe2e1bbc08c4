"""The environment of a run: within one, equal specs give equal bits."""

import os
import platform
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import torch

from spectra_tune.design import Condition
from spectra_tune.engine.fused.choice import compiler
from spectra_tune.errors import InvalidStudy
from spectra_tune.fingerprint import code_digest
from spectra_tune.operators import batched_matmul

OutOfMemory = torch.OutOfMemoryError
"""A device's memory did not suffice: another try, with more room, may succeed."""


def use_one_thread() -> None:
    """One thread for this process: with one process per core more would fight over it."""
    torch.set_num_threads(1)


@contextmanager
def repeatable() -> Iterator[None]:
    """Torch computes with equal bits: one thread, since how sums are split among more would change them.

    On a GPU with deterministic kernels where there are any, and float32 is float32 (cuDNN would take 10 of its bits).
    """
    before = torch.get_num_threads()
    if before != 1:
        torch.set_num_threads(1)
    try:
        with deterministic_on_gpu(strict=False) if torch.cuda.is_available() else nullcontext():
            yield
    finally:
        if before != 1:
            torch.set_num_threads(before)


@contextmanager
def deterministic_on_gpu(*, strict: bool) -> Iterator[None]:
    """A GPU's kernels add in one order. strict: an operation that has none such raises RuntimeError."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by torch at each product
    before = (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled())
    settings: Any = torch.utils.deterministic
    filled, settings.fill_uninitialized_memory = settings.fill_uninitialized_memory, False
    torch.use_deterministic_algorithms(True, warn_only=not strict)
    try:
        with (
            torch.backends.cudnn.flags(
                enabled=torch.backends.cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=False
            ),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings("ignore", message=".*deterministic")
            # cuDNN copies the weights of recurrent layers at every call, since all parameters lie in one tensor.
            warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        settings.fill_uninitialized_memory = filled


def device_of(condition: Condition, granted: str) -> str:
    """The device that a Condition trains on: that which it names, else the one granted."""
    if condition.device == "cuda" and not torch.cuda.is_available():
        raise InvalidStudy(
            "device 'cuda' needs a GPU that torch can use, this machine has none: train elsewhere, or leave device out"
        )
    return condition.device or granted


@cache
def environment(device: str) -> str:
    """One line: processor, its instruction set as torch uses it, torch, MKL, OpenBLAS's kernels, our code, device.

    On a processor also what trains the perceptrons that the fused kernel can train.
    """
    mkl = re.search(r"Math Kernel Library Version (\S+)", torch.__config__.show())
    kind = torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else "cpu"
    fused = () if kind != "cpu" else (f"perceptrons fused by {compiler()}" if compiler() else "perceptrons by torch",)
    return "; ".join(
        (
            _processor(),
            torch.backends.cpu.get_cpu_capability(),
            f"torch {torch.__version__}",
            f"MKL {mkl.group(1) if mkl else 'none'}",
            batched_matmul.version(),
            f"code {code_digest()}",
            kind,
            *fused,
        )
    )


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        model = re.search(r"model name\s*:\s*(.+)", listing.read_text())
        if model:
            return model.group(1).strip()
    return platform.processor() or platform.machine()
