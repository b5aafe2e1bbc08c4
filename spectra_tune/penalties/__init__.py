"""Penalties, declared: what is pulled where; one file beside this one computes each.

A penalty's file has a class `Penalty` for one regularized weight of stacked members (in turn: of one), bound to its
operator: `Penalty(operator, strength_M, one_sided_M)`. A call with the targets of a step adds the penalty's gradient to
that of the loss; `value(target_M)` is the penalty itself, (members,). Strength 0 is no regularizer in any of them.
"""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A penalty by the name of its file; `targets` says whether it pulls towards a target of sigma."""

    name: str
    formula: str
    targets: bool


PENALTIES = {
    one.name: one
    for one in (
        Declared(name="spectral_norm", formula="strength · Σ (σ − σ*)²", targets=True),
        Declared(name="frobenius", formula="strength · Σ ‖W‖²_F", targets=False),
    )
}
"""By the name that a Treatment says."""


def implement(name: str) -> ModuleType:
    """The file of the penalty of this name."""
    return import_module(f"{__name__}.{name}")
