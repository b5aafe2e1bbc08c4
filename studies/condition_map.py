"""A map of conditions: where, of all that was asked apart, does the penalty gain, and what does a gain go with?

Conditions are the rows of an orthogonal array over PRIME levels (Bose 1938): of any two factors every pair of levels
stands in equally many, so that each factor's share is told apart from every other's. All are trained for as many
steps. With `conditions(37)` and ten seeds it is the same map of 1,369 Conditions (see docs/reference/condition-map.md).
"""

from typing import Any

from spectra_tune.design import Arm, Attack, Condition, Contrast, Corruption, Outcome, Seeds, Study, Treatment
from spectra_tune.networks import mlp, rnn
from spectra_tune.tasks import (
    as_sequence,
    border,
    checkerboard,
    circles,
    digits,
    fashion_mnist,
    letters,
    moons,
    noisy_labels,
    permuted,
    satellite,
    spirals,
)

PRIME = 11

TASKS = (
    (digits, {}, 8),
    (fashion_mnist, {}, 28),
    (letters, {}, 4),
    (satellite, {}, 9),
    (moons, {"noise_std": 0.3}, 1),
    (circles, {"noise_std": 0.2}, 1),
    (checkerboard, {"cells": 2}, 1),
    (checkerboard, {"cells": 4}, 1),
    (spirals, {}, 1),
    (border, {}, 1),
    (border, {"window": "frontier"}, 1),
)
"""Constructor, settings, and how many numbers at a time a recurrent network reads."""

NETWORKS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (mlp, {"depth": 1}),
    (mlp, {"depth": 2}),
    (mlp, {"depth": 4}),
    (mlp, {"depth": 8}),
    (mlp, {"depth": 2, "activation": "tanh"}),
    (mlp, {"depth": 4, "activation": "tanh"}),
    (mlp, {"depth": 8, "activation": "tanh"}),
    (mlp, {"depth": 2, "init": "he"}),
    (mlp, {"depth": 8, "init": "he"}),
    (rnn, {}),
    (rnn, {"cell": "gru"}),
)
WIDTHS = (16, 32, 64)
WRONG_LABELS = (0.0, 0.2, 0.4)
SAMPLES = (100, 300, 1000)
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03)
PHASES = (1, 8)

STEPS, BATCH = 480, 32


def conditions(prime: int) -> list[Condition]:
    """prime * prime Conditions; prime is a prime number."""
    rows = [(i, j, *((i + k * j) % prime for k in range(1, 6))) for i in range(prime) for j in range(prime)]
    return list(dict.fromkeys(_condition(*row) for row in rows))


def _condition(task: int, network: int, width: int, wrong: int, samples: int, rate: int, phases: int) -> Condition:
    constructor, settings, step = _level(TASKS, task)
    build, hyperparameters = _level(NETWORKS, network)
    drawn = constructor(samples=_level(SAMPLES, samples), **settings)
    if build is rnn:
        drawn = as_sequence(drawn, step=step)
    if _level(WRONG_LABELS, wrong):
        drawn = noisy_labels(drawn, share=_level(WRONG_LABELS, wrong))
    if _level(PHASES, phases) > 1:
        drawn = permuted(drawn, phases=_level(PHASES, phases))
    passes = STEPS * BATCH / (_level(SAMPLES, samples) * _level(PHASES, phases))
    return Condition(
        task=drawn,
        network=build(width=_level(WIDTHS, width), **hyperparameters),
        learning_rate=_level(LEARNING_RATES, rate),
        epochs=max(round(passes), 1),
        batch_size=BATCH,
    )


def _level(levels: tuple[Any, ...], number: int) -> Any:
    return levels[number % len(levels)]


def static(penalty: str, sigma: float, strength: float) -> Treatment:
    return Treatment(penalty=penalty, sigma_end=sigma, strength=strength)


ARMS = {
    "none": Treatment.none(),
    **{
        f"{name} {sigma:g}, {strength:g}": static(penalty, sigma, strength)
        for name, penalty in (("top", "spectral_norm"), ("spectrum", "spectrum"))
        for sigma in (1.0, 2.0)
        for strength in (0.01, 0.1, 1.0)
    },
    "frobenius 0.001": Treatment(penalty="frobenius", strength=0.001),
    "frobenius 0.01": Treatment(penalty="frobenius", strength=0.01),
    "to init 0.01": Treatment(penalty="to_init", strength=0.01),
    "orthogonal": Arm(treatment=Treatment.none(), changes={"init": "orthogonal"}),
}

STUDY = Study(
    question="Over tasks, networks, sizes, noise, data, rates and phases: where does which penalty gain?",
    conditions=conditions(PRIME),
    arms=ARMS,
    contrasts=[
        *((arm, "none") for arm in ARMS if arm not in ("none", "orthogonal")),
        Contrast(treatment="orthogonal", baseline="none", differs={"init"}),
    ],
    seeds=Seeds(confirm=range(1900, 1904)),
    outcome=Outcome(
        metric="test_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        attack=Attack(norm="l2", epsilon=0.2, steps=5, samples=200),
        corruptions=[Corruption(kind="noise", severity=0.3)],
        descriptive=("test_noise_accuracy", "test_robust_accuracy", "test_calibration_error"),
    ),
    factors=["task", "network", "width", "share", "samples", "learning_rate", "phases"],
    reports=1,
)
