"""Arms that differ in one number are a sweep; many arms and contrasts leave the report's pictures readable."""

from dataclasses import replace

import numpy
import pytest

from analysis.describing.sweep import Line, sweeps
from analysis.figures import sweep_curves
from analysis.judging.contrasts import arm_summaries
from analysis.report import findings
from analysis.report.elements.shown import MOST_ARMS
from analysis.report.page import page
from analysis.report.sections import pictures_of, sections_of
from analysis.report.sections.numbers import MOST_PAIRED
from spectra_tune.design import Arm, Contrast, Seeds, Study, Treatment, grid
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, joined
from spectra_tune.tasks import moons

SIGMAS = (0.5, 1.0, 2.0, 4.0)
GAINS = (0.5, 1.5, 2.0, 4.0)  # 1 is the Condition's own


def static(sigma, strength=0.1):
    return Treatment(schedule="static", sigma_end=sigma, strength=strength)


def study(arms, contrasts=None):
    return Study(
        question="Where is the best target?",
        conditions=grid(task=[moons(samples=40)], network=[mlp(width=w) for w in (3, 4)], epochs=[2]),
        arms={"none": Treatment.none(), **arms},
        contrasts=contrasts or [(arm, "none") for arm in arms],
        seeds=Seeds(confirm=range(3)),
    )


MANY = study({f"to {sigma:g} by {by:g}": static(sigma, by) for by in (1.0, 0.1, 0.01, 0.001) for sigma in SIGMAS})


@pytest.fixture(scope="module")
def found():
    tables = []
    for block in MANY.blocks():
        training = BlockTraining(block)
        while not training.finished:
            report = training.advance()
        tables.append(Tables(report.runs, training.curves(), training.figures()))
    whole = joined(tables)
    made_up = numpy.random.default_rng(3).uniform(0.5, 0.9, len(whole.runs))  # two epochs teach nothing
    return findings("many", MANY, whole._replace(runs=whole.runs.assign(test_accuracy=made_up)))


def test_arms_that_differ_in_one_number_are_a_line():
    (one,) = sweeps(study({f"s{sigma}": static(sigma) for sigma in reversed(SIGMAS)}))
    assert one.field == "sigma_end"
    assert one.lines == (Line(label="", arms=("s0.5", "s1.0", "s2.0", "s4.0"), values=SIGMAS),)


def test_three_arms_are_none():
    assert sweeps(study({f"s{sigma}": static(sigma) for sigma in SIGMAS[:3]})) == []


def test_arms_that_differ_in_more_are_not_on_one_line():
    arms = {f"s{sigma}": static(sigma, strength=sigma / 10) for sigma in SIGMAS}
    assert sweeps(study(arms)) == []


def test_a_grid_is_a_sweep_of_each_of_its_sides():
    found = {one.field: one for one in sweeps(MANY)}
    assert set(found) == {"sigma_end", "strength"}
    assert [line.label for line in found["sigma_end"].lines] == [f"strength {by}" for by in (1.0, 0.1, 0.01, 0.001)]
    assert [line.label for line in found["strength"].lines] == [f"sigma end {sigma}" for sigma in SIGMAS]
    assert found["strength"].lines[0].arms[0] == "to 0.5 by 0.001"


def test_a_changed_field_is_swept_too():
    arms = {f"gain {gain}": Arm(treatment=Treatment.none(), changes={"init_gain": gain}) for gain in GAINS}
    contrasts = [Contrast(treatment=arm, baseline="none", differs={"init_gain"}) for arm in arms]
    (one,) = sweeps(study({**arms, "static": static(1.0)}, contrasts))
    assert (one.field, one.lines[0].values) == ("init_gain", GAINS)


def test_a_repeated_stream_is_not_a_setting():
    arms = {f"again {stream}": Arm(treatment=static(1.0), stream=stream) for stream in range(1, 6)}
    contrasts = [Contrast(treatment=arm, baseline="again 1", differs={"stream"}) for arm in list(arms)[1:]]
    assert sweeps(study(arms, contrasts)) == []


def test_the_picture_has_each_arms_mean_at_its_number(found):
    sweep = next(one for one in sweeps(MANY) if one.field == "sigma_end")
    summaries, labels = arm_summaries(found.runs), MANY.labels()
    figure = sweep_curves(sweep, summaries, labels, MANY.outcome.measured)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == list(labels.values())
    signature = list(labels)[1]
    lines = panels[1].get_lines()
    assert list(lines[0].get_ydata()) == pytest.approx([100 * summaries[signature, "none"]["test_accuracy"]] * 2)
    by_arm = [100 * summaries[signature, arm]["test_accuracy"] for arm in sweep.lines[2].arms]
    assert list(lines[3].get_xdata()) == list(SIGMAS)
    assert list(lines[3].get_ydata()) == pytest.approx(by_arm)
    assert panels[0].get_xscale() == "log"


def test_many_contrasts_have_no_paired_plots_and_the_page_says_so(found):
    drawn = pictures_of(found)
    assert len(MANY.contrasts) > MOST_PAIRED
    assert not [name for name in drawn if name.startswith("paired-")]
    assert {"sweep-sigma-end", "sweep-strength", "forest"} <= set(drawn)
    text = page(found, sections_of(found))
    assert f"No paired plots: {len(MANY.contrasts)} contrasts are more than the {MOST_PAIRED}" in text
    assert f"show {MOST_ARMS} of the {len(found.arms)} arms" in text


def test_few_contrasts_have_theirs(found):
    few = findings("few", replace(MANY, contrasts=MANY.contrasts[:MOST_PAIRED]), found.tables)
    drawn = pictures_of(few)
    assert len([name for name in drawn if name.startswith("paired-")]) == MOST_PAIRED
    assert "No paired plots" not in page(few, sections_of(few))
