"""Penalties, declared: what is pulled where; one file beside this one computes each.

A penalty's file has a class `Penalty` for one regularized weight of stacked members (in turn: of one), bound to its
operator: `Penalty(operator, strength_M, one_sided_M, power)`. A call with the targets of a step adds the penalty's
gradient to that of the loss; `value(target_M)` renews sigma and is the penalty itself, (members,); `pull(target_M)`
then adds its gradient. Strength 0 is no regularizer in any of them.

`SpectralPenalty` is any of them in a training loop of one's own (own_loop.py).
"""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectra_tune.penalties.own_loop import SpectralPenalty

__all__ = ["PENALTIES", "Declared", "SpectralPenalty", "implement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A penalty by the name of its file, and what it takes of a Treatment's fields or of a network's operators."""

    name: str
    formula: str
    targets: bool  # whether it pulls towards a target of sigma
    one_sided: bool = False  # whether it may leave alone what lies below the target
    power: bool = False  # whether what it compares with the target may be a power of sigma
    matrices: bool = False  # whether it works on nothing but matrices
    initial: bool = False  # whether it goes by the weights that it is made with, which it keeps as `initial`


PENALTIES = {
    one.name: one
    for one in (
        Declared(name="spectral_norm", formula="strength · Σ (σᵏ − σ*ᵏ)²", targets=True, one_sided=True, power=True),
        Declared(name="spectrum", formula="strength · Σ ‖WᵀW − σ*²I‖²_F / smaller side", targets=True, matrices=True),
        Declared(name="frobenius", formula="strength · Σ ‖W‖²_F", targets=False),
        Declared(name="to_init", formula="strength · Σ ‖W − W₀‖²_F", targets=False, initial=True),
    )
}
"""By the name that a Treatment says."""


def implement(name: str) -> ModuleType:
    """The file of the penalty of this name."""
    return import_module(f"{__name__}.{name}")


def __getattr__(name: str) -> Any:
    """SpectralPenalty, whose file loads torch, once it is asked for."""
    if name == "SpectralPenalty":
        return implement("own_loop").SpectralPenalty
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
