"""Whether the kernel trains a run: on a processor, a perceptron of moderate width, its optimizer and penalty known.

What it says depends on nothing but the machine and the run itself, never on the runs beside it.
"""

import os
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

from spectra_tune.design import Condition, Treatment
from spectra_tune.networks.perceptron import Perceptron
from spectra_tune.objectives import CLASSIFICATION, REGRESSION, objective_of

WIDEST = 128
"""Of hidden layers: beyond, torch's products of whole layers lose less, and spectral norms are followed, not found."""


OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")

PENALTIES = ("spectral_norm", "frobenius", "to_init", "spectrum")


@cache
def compiler() -> str | None:
    """The compiler and its version; None where it is missing, or switched off by NUMBA_DISABLE_JIT=1."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0") or find_spec("numba") is None:
        return None
    return f"numba {version('numba')}"


def is_fused(condition: Condition, treatment: Treatment, device: str) -> bool:
    """Whether the kernel trains this Condition's perceptron, in float32, with this Treatment on this device."""
    if compiler() is None or device != "cpu":
        return False
    if not isinstance(condition.network, Perceptron) or condition.optimizer not in OPTIMIZERS:
        return False
    if treatment.strength > 0 and treatment.penalty not in PENALTIES:
        return False
    return objective_of(condition.task).name in (CLASSIFICATION, REGRESSION) and condition.network.width <= WIDEST
