"""The environment of a run: within one, equal specs give equal bits."""

import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

from spectra_tune.design import Condition
from spectra_tune.engine.fingerprint import code_digest
from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import batched_matmul

OutOfMemory = torch.OutOfMemoryError
"""A device's memory did not suffice: another try, with more room, may succeed."""


def use_one_thread() -> None:
    """One thread for this process: with one process per core more would fight over it."""
    torch.set_num_threads(1)


@contextmanager
def one_thread_of_torch() -> Iterator[None]:
    """One thread for torch's own operations: how sums are split among more would change bits."""
    before = torch.get_num_threads()
    if before != 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if before != 1:
            torch.set_num_threads(before)


def device_of(condition: Condition, granted: str) -> str:
    """The device that a Condition trains on: that which it names, else the one granted."""
    if condition.device == "cuda" and not torch.cuda.is_available():
        raise InvalidStudy(
            "device 'cuda' needs a GPU that torch can use, this machine has none: train elsewhere, or leave device out"
        )
    return condition.device or granted


def built_for_gpus() -> bool:
    """Whether torch could use a GPU of this machine, if there is one."""
    return torch.backends.cuda.is_built()


@cache
def environment(device: str) -> str:
    """One line: processor, its instruction set as torch uses it, torch, MKL, OpenBLAS's kernels, our code, device."""
    mkl = re.search(r"Math Kernel Library Version (\S+)", torch.__config__.show())
    kind = torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else "cpu"
    return "; ".join(
        (
            _processor(),
            torch.backends.cpu.get_cpu_capability(),
            f"torch {torch.__version__}",
            f"MKL {mkl.group(1) if mkl else 'none'}",
            batched_matmul.version(),
            f"code {code_digest()}",
            kind,
        )
    )


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        model = re.search(r"model name\s*:\s*(.+)", listing.read_text())
        if model:
            return model.group(1).strip()
    return platform.processor() or platform.machine()
