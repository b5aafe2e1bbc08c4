"""The numbers have a test that a few extreme seeds move little."""

from analysis.report.elements.words import chance
from analysis.report.sections import numbers
from analysis.statistics.significance import wilcoxon
from tests.analysis.report.conftest import cells


def test_each_contrast_has_its_exact_signed_rank_p(made_up):
    section = numbers.section(made_up)
    for one in made_up.judged:
        shown = cells(section, one.condition, str(one.contrast))["p by signed rank"]
        assert shown == chance(wilcoxon(one.differences.values).p) == "0.0078"  # 2^-7: eight seeds on one side


def test_a_contrast_that_spans_epochs_has_no_test(found):
    section = numbers.section(found)
    spanning = [one for one in found.judged if "epochs" in one.contrast.differs]
    assert spanning
    rows = [line for line in section.lines if "short" in line and line.startswith("|")]
    assert len(rows) == len(spanning)
    assert all(row.split("|")[8:12] == [" – "] * 4 for row in rows)


def test_units_are_those_of_the_outcome(in_nats):
    (head,) = [line for line in numbers.section(in_nats).lines if line.startswith("| Condition")]
    for name in ("baseline, nats", "treatment, nats", "gain, nats (lower values are better)", "without failures, nats"):
        assert f"| {name} |" in head
