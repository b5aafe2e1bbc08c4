"""What MLflow's pages show of arms of any name: metrics and tags of their own, under names that MLflow takes."""

import re

from analysis.report import findings
from spectra_tune.engine import run_block
from spectra_tune.results import Tables, curve_table, figure_table
from studies.command.mlflow_records import for_children
from tests.analysis.report.test_awkward_names import STUDY


def test_every_baseline_has_metrics_and_tags_of_its_own_that_mlflow_takes():
    runs = run_block(STUDY.blocks()[0])
    summaries, tags = for_children(findings("mine", STUDY, Tables(runs, curve_table({}), figure_table({}))))
    baselines = {contrast.baseline for contrast in STUDY.contrasts}
    for names, start in ((summaries, "gain_over_"), (tags, "verdict over "), (tags, "sentence over ")):
        over = {
            name.lower()
            for of_child in names.values()
            for name in of_child
            if name.startswith(start) and not name.endswith(("_low", "_high", "_p_adjusted"))
        }
        assert len(over) == len(baselines)
    names = [name for table in (summaries, tags) for of_child in table.values() for name in of_child]
    assert all(re.fullmatch(r"[/\w.\- ]{1,250}", name) for name in names)


def test_a_childs_description_says_the_names_of_its_arms():
    runs = run_block(STUDY.blocks()[0])
    _, tags = for_children(findings("mine", STUDY, Tables(runs, curve_table({}), figure_table({}))))
    notes = "".join(of_child.get("mlflow.note.content", "") for of_child in tags.values())
    assert "**\\<script>alert(1)\\</script>**" in notes
    assert "<script>" not in notes.replace("\\<", "")
