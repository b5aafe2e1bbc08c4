"""Every study can be shrunk, runs from its plan to its report, and its tables can be kept and read again."""

import pytest

from analysis import report as reporting
from analysis.judging.contrasts import judge_study
from analysis.report.page import page
from analysis.report.sections import sections_of
from spectra_tune import tracking
from spectra_tune.results import PROBE_REASONS, probe_columns
from studies.__main__ import main
from studies.command import archive, catalogue

UNFINISHED = ("failed: ", "interrupted")


ALWAYS = ("capacity", "does_it_regularize", "aa_control", "recurrent")
"""One of each kind: with a claim by capacity, with probes, of controls, of sequences with a competitor.

The others take minutes: only in make test-slow. A searching one is in tests/integration/test_searching.py.
"""


@pytest.mark.integration
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.slow]) for name in catalogue.listed()]
)
def test_a_study_in_small_from_its_plan_to_its_report(name, ray, folder, capsys):
    named = catalogue.load(name, smoke=True)
    assert main(["run", name, "--smoke", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert f"over m = {named.study.tests} tests" in " ".join(printed.split())
    assert not any(word in printed for word in UNFINISHED)

    tables = tracking.read_tables(named.name, f"sqlite:///{folder / 'mlflow.db'}")
    confirmed = tables.runs[tables.runs["stage"] == "confirm"]
    assert set(confirmed["status"]) <= {"ok", "diverged"}
    assert set(confirmed["arm"]) == {arm for arm, _ in named.study.arms}
    for probe in probe_columns(confirmed):
        unmeasured = confirmed[confirmed[probe].isna()]
        quantity = probe.removeprefix("probe_")
        layers = quantity.rpartition("_")[2].isdigit()
        assert layers or unmeasured[PROBE_REASONS].str.contains(quantity).all()

    archive.write(folder / "kept", named.name, named.study.signature(), tables)
    file = folder / "kept" / f"{named.name}.parquet"
    again = archive.read(file)[2]
    assert again.runs.equals(tables.runs)
    found = reporting.findings(named.name, named.study, again)
    sentences = [one.verdict.sentence for one in judge_study(named.study, tables.runs)]
    assert [one.verdict.sentence for one in found.judged] == sentences
    assert "is the generalization gap" in page(found, sections_of(found))
    assert main(["report", name, "--smoke", "--from", str(file)]) == 0
    assert " ".join(sentences[0].split()) in " ".join(capsys.readouterr().out.split())
