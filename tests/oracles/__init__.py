"""Known answers, with their tolerances."""

import json
from pathlib import Path

import pytest

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "statistics.json").read_text())["cases"]}


def given(name):
    """What a case is computed from."""
    return CASES[name]["input"]


def expected(name):
    """What a case must give."""
    return CASES[name]["expected"]


def near(name, value, tolerance=None):
    """A number to compare with, within the case's tolerance: relative to max(1, |value|), absolute for Monte Carlo."""
    tolerance = CASES[name]["tol"] if tolerance is None else tolerance
    scale = 1 if CASES[name]["kind"] == "monte-carlo" else max(1, abs(value))
    return pytest.approx(value, abs=tolerance * scale, rel=0)
