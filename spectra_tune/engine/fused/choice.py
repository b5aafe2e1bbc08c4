"""Whether the kernel trains a program: on a processor, perceptrons of moderate width, by elementwise optimizers.

What it says depends on nothing but the machine and a run's own Condition, never on the runs beside it.
"""

import os
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

import torch

from spectra_tune.design import Condition
from spectra_tune.design.condition import MUON
from spectra_tune.networks.perceptron import Perceptron
from spectra_tune.objectives import CLASSIFICATION, REGRESSION, objective_of

WIDEST = 128
"""Of hidden layers: beyond, torch's products of whole layers lose less, and spectral norms are followed, not found."""


@cache
def compiler() -> str | None:
    """The compiler and its version; None where it is missing, or switched off by NUMBA_DISABLE_JIT=1."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0") or find_spec("numba") is None:
        return None
    return f"numba {version('numba')}"


def is_fused(condition: Condition, device: str, dtype: torch.dtype) -> bool:
    """Whether the kernel trains this Condition's perceptrons on this device."""
    if compiler() is None or torch.device(device).type != "cpu" or dtype != torch.float32:
        return False
    if not isinstance(condition.network, Perceptron) or condition.optimizer == MUON:
        return False
    return objective_of(condition.task).name in (CLASSIFICATION, REGRESSION) and condition.network.width <= WIDEST
