"""Beside what a treatment costs stands whether it is shown not to lose the margin."""

import pytest

from analysis.report.elements.words import chance
from analysis.report.sections import cost
from analysis.statistics.equivalence import non_inferiority
from tests.analysis.report.conftest import LOST, cells


@pytest.mark.parametrize(("arm", "width", "shown"), [("static", 8, "shown"), ("linear", 32, "not shown")])
def test_a_loss_below_the_margin_is_shown_and_one_above_it_is_not(made_up, arm, width, shown):
    (one,) = [
        one
        for one in made_up.judged
        if one.condition.endswith(f"width {width}") and str(one.contrast) == f"{arm} − none"
    ]
    p = non_inferiority(one.differences.values, 1.0).p
    assert (LOST[arm] / (width**0.5 if arm == "linear" else 1) < 1) == (p < 0.05)
    assert cells(cost.section(made_up), one.condition, str(one.contrast))["not worse"] == f"{shown}, p {chance(p)}"


def test_the_margin_is_told_in_the_outcomes_unit(made_up, in_nats):
    assert "the margin of 1 pp;" in "\n".join(cost.section(made_up).lines)
    assert "the margin of 0.01 nats;" in "\n".join(cost.section(in_nats).lines)
    assert "| nats per 1 % of time |" in "\n".join(cost.section(in_nats).lines)
