"""A declaration that cannot hold is refused before a table is read."""

from dataclasses import replace

import pytest

from analysis.judging.declared import Declaration
from spectra_tune.design import InvalidStudy
from tests.tools.elsewhere import DECLARATION


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"margin": 0.0}, "margin must be a finite number > 0"),
        ({"margin": float("nan")}, "margin must be a finite number > 0"),
        ({"alpha": 0.6}, "alpha must be below 0.5"),
        ({"seed": "optimizer"}, "optimizer was given twice"),
        ({"treatments": ("sgd",)}, "both baseline and treatment"),
        ({"treatments": ("adam", "adam")}, "each treatment is named once"),
    ],
)
def test_a_declaration_that_cannot_hold_is_refused(changes, says):
    with pytest.raises(InvalidStudy, match=says):
        replace(DECLARATION, **changes)


def test_a_declaration_needs_no_condition():
    assert Declaration(arm="a", seed="b", metric="c", baseline="d", margin=1).conditions == ()
