"""What pictures show of a long study."""

import pandas

from analysis.judging.question import question_of
from analysis.report.elements.shown import shown
from spectra_tune.design import MOST_PICTURED, Seeds, Study, Treatment, condition_signature, grid
from spectra_tune.networks import mlp
from spectra_tune.results import Tables
from spectra_tune.tasks import moons

MORE = 3


def test_pictures_show_the_conditions_whose_blocks_keep_data_for_them():
    rates = [0.1 / (1 + at) for at in range(MOST_PICTURED + MORE)]
    study = Study(
        question="Which are shown?",
        conditions=grid(task=[moons()], network=[mlp(width=8)], learning_rate=rates, epochs=[2]),
        arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
        contrasts=[("static", "none")],
        seeds=Seeds(confirm=range(2)),
    )
    nothing = pandas.DataFrame(columns=["signature", "condition_signature"])
    found = shown(question_of(study), Tables(nothing, nothing, nothing))
    pictured = [condition_signature(block.condition) for block in study.blocks() if block.pictured]
    assert list(found.labels) == pictured
    assert len(study.blocks()) - len(pictured) == MORE
    assert f"the first {MOST_PICTURED} of {len(rates)} Conditions" in found.note
