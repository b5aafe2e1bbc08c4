"""The arm that a search adds to its confirmation: the treatment side's candidate without its Treatment.

Tuned against tuned, the sides differ in nuisance factors, too; against this arm in the Treatment alone.
"""

from dataclasses import replace

from spectra_tune.design.block import Arm
from spectra_tune.design.contrast import Contrast
from spectra_tune.design.search import Search
from spectra_tune.design.treatment import Treatment
from spectra_tune.errors import InvalidStudy

SAME_CONFIGURATION = "none, same configuration"
"""Its name."""

Arms = tuple[tuple[str, Arm], ...]
Contrasts = tuple[Contrast, ...]


def declared(arms: Arms, contrasts: Contrasts) -> tuple[Arms, Contrasts]:
    """Arms and contrasts without what a search added, which `replace` hands in again."""
    added = dict(arms).get(SAME_CONFIGURATION)
    if added is None:
        return arms, contrasts
    left = tuple(contrast for contrast in contrasts if contrast.baseline != SAME_CONFIGURATION)
    if added.treatment != Treatment.none() or len(left) == len(contrasts):
        raise InvalidStudy(
            f"{SAME_CONFIGURATION!r} is the name of an arm that a search adds by itself: call yours otherwise"
        )
    return tuple((name, arm) for name, arm in arms if name != SAME_CONFIGURATION), left


def registered(arms: Arms, contrasts: Contrasts, search: Search) -> tuple[Arms, Contrasts]:
    """Arms and contrasts of a searching study with the arm and its contrast.

    As they are where nothing but the Treatment is tuned, since the contrast over `none` then is that one, or where the
    treatment side has no Treatment to leave out.
    """
    treatment = contrasts[0].treatment
    start = dict(arms)[treatment]
    if not search.nuisance_space or (start.treatment == Treatment.none() and not search.treatment_space):
        return arms, contrasts
    added = replace(start, treatment=Treatment.none())
    contrast = Contrast(treatment=treatment, baseline=SAME_CONFIGURATION)
    return (*arms, (SAME_CONFIGURATION, added)), (*contrasts, contrast)
