"""A power law of the width is claimed only where the widths can carry one; else the page says why not."""

import re
from dataclasses import replace

import pytest

from analysis.report.sections import capacity


def test_a_law_that_is_there_is_claimed_with_its_interval(made_up):
    (line,) = [line for line in capacity.section(made_up).lines if line.startswith("- moons") and "linear" in line]
    exponent, low, high = map(float, re.search(r"power (\S+) \[(\S+), (\S+)\] over 5 widths", line).groups())
    assert low < exponent < high
    assert exponent == pytest.approx(-0.5, abs=0.05)


def test_too_few_widths_carry_none_and_the_page_says_so(made_up):
    study = replace(made_up.study, conditions=made_up.study.conditions[:4])
    section = capacity.section(replace(made_up, source=study))
    lines = [line for line in section.lines if line.startswith("- moons")]
    assert len(lines) == 2
    assert all("no exponent claimed: 4 distinct x, at least 5 are needed (x: the width)." in line for line in lines)


def test_differences_of_both_signs_follow_none(made_up):
    turned = [
        replace(one, differences=replace(one.differences, values=-one.differences.values))
        if one.condition.endswith("width 2")
        else one
        for one in made_up.judged
    ]
    lines = capacity.section(replace(made_up, judged=turned)).lines
    assert len([line for line in lines if "the mean differences are not all of one sign" in line]) == 2
