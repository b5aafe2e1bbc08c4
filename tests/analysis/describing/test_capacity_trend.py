"""Gains of the same seeds at several widths make a trend; Conditions that differ in more are not on its line."""

from dataclasses import replace

import numpy
import pandas
import pytest

from analysis.describing.capacity_trend import with_capacity
from analysis.judging.contrasts import judge_study
from spectra_tune.design import Outcome, Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from tests.conftest import ARMS


def test_the_trend_with_width_is_each_seeds_slope(study, judged, differences):
    found = {(one.task, str(one.contrast)): one for one in with_capacity(study, judged)}
    table = numpy.stack([differences(condition) for condition in study.conditions[:3]], axis=1)
    slopes = numpy.polyfit(numpy.log2([3, 4, 6]), table.T, 1)[0]
    trend = found["moons(samples=60)", "linear − static"]
    assert trend.widths == (3, 4, 6)
    assert trend.interaction.estimate == pytest.approx(slopes.mean())
    assert trend.interaction.n == 6


def test_two_widths_are_no_trend(study, judged):
    assert with_capacity(replace(study, conditions=study.conditions[:2]), judged) == []


@pytest.mark.parametrize(
    ("field", "values", "says"),
    [
        ("optimizer", ["adam", "sgd"], ["optimizer adam", "optimizer sgd"]),
        ("weight_decay", [0.0, 0.3], ["weight decay 0.0", "weight decay 0.3"]),
        (
            "learning_rate_schedule",
            ["constant", "cosine"],
            ["learning rate schedule constant", "learning rate schedule cosine"],
        ),
    ],
)
def test_conditions_that_differ_in_more_than_the_width_have_lines_of_their_own(field, values, says):
    """Both lines are those of studies that have one value each."""
    both = Study(
        question="Two lines?",
        conditions=grid(
            task=[moons(samples=60)], network=[mlp(width=w) for w in (3, 4, 6)], epochs=[5], **{field: values}
        ),
        arms=ARMS,
        contrasts=[("static", "none")],
        seeds=Seeds(confirm=range(5)),
        outcome=Outcome(metric="test_loss"),
    )
    runs = pandas.concat([run_block(block) for block in both.blocks()], ignore_index=True)
    found = with_capacity(both, judge_study(both, runs))
    assert [one.setting for one in found] == says
    assert [one.label for one in found] == [f"moons(samples=60), {setting}" for setting in says]
    for number, one in enumerate(found):
        alone = replace(both, conditions=[c for c in both.conditions if getattr(c, field) == values[number]])
        (known,) = with_capacity(alone, judge_study(alone, runs))
        assert one.interaction == known.interaction
        assert known.setting == ""
    assert found[0].interaction.estimate != found[1].interaction.estimate
