"""What the map of conditions found, on fresh seeds: the Conditions with the surest gains and the arms that had them.

Picked by the rule of the map's report: of each Condition the arm whose gain on validation data has the largest lower
bound, and of these the first twelve.
"""

from spectra_tune.design import Contrast, Outcome, Seeds, Study
from studies.condition_map import ARMS, PRIME, conditions

PICKED = (112, 61, 36, 14, 24, 94, 18, 91, 28, 8, 4, 23)
"""Places of Conditions on the map, the surest first."""

GAINED = ("spectrum 2, 1", "spectrum 2, 0.1", "spectrum 1, 1", "spectrum 2, 0.01", "top 1, 1", "spectrum 1, 0.1")

BEST = "spectrum 2, 1"
"""Of the surest of all; against the rivals."""

RIVALS = ("frobenius 0.001", "to init 0.01", "orthogonal")

STUDY = Study(
    question="Where the map of conditions saw the surest gains, are they there on fresh seeds, and beyond rivals?",
    conditions=[conditions(PRIME)[place] for place in PICKED],
    arms={name: ARMS[name] for name in ("none", *GAINED, *RIVALS)},
    contrasts=[
        *((arm, "none") for arm in GAINED),
        ("frobenius 0.001", "none"),
        ("to init 0.01", "none"),
        Contrast(treatment="orthogonal", baseline="none", differs={"init"}),
        (BEST, "frobenius 0.001"),
        (BEST, "to init 0.01"),
        Contrast(treatment=BEST, baseline="orthogonal", differs={"init"}),
    ],
    seeds=Seeds(confirm=range(1910, 1930)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("train_accuracy", "test_loss")),
    reports=4,
)
