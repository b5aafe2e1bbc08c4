"""A verdict stands beside what its treatment costs."""

import numpy
import pytest

from analysis.describing.price import priced
from spectra_tune.results import COST, with_costs


def test_an_arms_cost_is_compared_repeat_by_repeat(runs, judged):
    assert all(one.overhead is None for one in priced(judged, runs))
    costs = {name: dict.fromkeys(COST, 1.0) for name in ("none", "static", "linear", "short")}
    costs["linear"] = dict(zip(COST, (1.2, 1.1, 1.2, 1.3, 1.2, 1.2), strict=True))
    found = priced(judged, with_costs(runs, costs))[0]
    assert found.overhead.estimate == pytest.approx(numpy.exp(numpy.log([1.1, 1.2, 1.3, 1.2, 1.2]).mean()))
    assert found.overhead.n == 5
    assert found.decision.reason
