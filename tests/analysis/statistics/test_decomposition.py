"""The parts of a claim add up to it, whatever was claimed."""

import numpy
import pytest

from analysis.statistics.decomposition import decompose
from analysis.statistics.significance import paired_t

START = numpy.array([80.0, 81, 79, 80.5])
LONGER = START + numpy.array([3.0, 3.5, 2.5, 3.2])
TREATED = LONGER + numpy.array([0.2, -0.1, 0.3, 0.0])
STEPS = [("epochs", LONGER), ("treatment", TREATED)]


def test_each_part_is_the_paired_effect_of_one_change():
    found = decompose(None, START, STEPS)
    assert [part.name for part in found.parts] == ["epochs", "treatment"]
    assert found.parts[0].effect == paired_t(LONGER - START)
    assert found.parts[1].effect == paired_t(TREATED - LONGER)
    assert found.claimed == pytest.approx((TREATED - START).mean())


@pytest.mark.parametrize("claimed", [1.9, -4.0, None])
def test_the_parts_add_up_to_the_claim(claimed):
    found = decompose(claimed, START, STEPS)
    assert sum(part.effect.estimate for part in found.parts) == pytest.approx(found.claimed, abs=1e-12)


def test_what_the_steps_do_not_reproduce_is_a_part_with_the_reproductions_interval():
    found = decompose(1.9, START, STEPS)
    rest, whole = found.parts[-1], paired_t(TREATED - START)
    assert rest.name == "selection and chance"
    assert rest.effect.estimate == pytest.approx(1.9 - whole.estimate)
    assert (rest.effect.low, rest.effect.high) == (pytest.approx(1.9 - whole.high), pytest.approx(1.9 - whole.low))
    assert found.reproduced == whole


@pytest.mark.parametrize(
    ("start", "steps", "says"),
    [(START, [], "at least one step"), (START, [("a", START[:3])], "same seeds"), ([1.0], STEPS, "at least 2")],
)
def test_what_cannot_be_taken_apart_is_refused(start, steps, says):
    with pytest.raises(ValueError, match=says):
        decompose(1.0, start, steps)
