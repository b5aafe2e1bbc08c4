"""No number is printed without its interval, and no p smaller than it is."""

import pytest

from analysis.report.elements.words import chance, number, with_interval


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (1.0, "1"),
        (0.0421, "0.042"),
        (2.0**-10, "≤\u00a01/1,024"),
        (1e-30, "≤\u00a01/1,000,000,000"),
    ],
)
def test_a_p_is_never_printed_as_zero(p, shown):
    assert chance(p) == shown


def test_a_small_p_is_never_printed_smaller_than_it_is():
    for p in (0.00099, 3e-5, 2.0**-19, 1.1e-9):
        assert 1 / int(chance(p).removeprefix("≤\u00a01/").replace(",", "")) >= p * (1 - 1e-9)


def test_numbers_are_printed_with_their_interval_or_say_that_there_is_none():
    assert with_interval(1.0, 0.5, 1.5, sign=True) == "+1.00 [+0.50, +1.50]"
    assert with_interval(1.0, None, None) == "1.00 [no interval]"
    assert with_interval(None, None, None) == "–"
    assert number(-0.001) == "0.00"
