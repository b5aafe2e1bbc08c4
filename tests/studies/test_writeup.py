"""The account says what the kept studies say, word for word."""

import pytest

from spectra_tune.results import protocol_columns
from studies.account import evidence
from studies.account.claims import CLAIMS
from studies.account.writeup import DOCS, GENERATED, conditions_page, findings_page, found_in, when_page
from studies.command import archive, catalogue
from studies.command.report import RESULTS, read_kept

PAGE = (GENERATED / "findings.md").read_text()


def test_every_study_is_kept_as_it_is_declared():
    for name in catalogue.listed():
        named = catalogue.load(name)
        tables = read_kept(named, RESULTS / f"{name}.parquet")
        confirmed = tables.runs[tables.runs["stage"] == "confirm"]
        assert len(confirmed.groupby(["condition_signature", "arm"])) == len(named.study.conditions) * len(
            named.study.arms
        )
        assert len(tables.curves) > 0 or named.study.factors
        assert {"kind", "learning_rate"} <= set(protocol_columns(confirmed))


def test_every_study_answers_a_claim_and_is_on_the_page():
    assert {claim.study for claim in CLAIMS} == set(catalogue.listed())
    for claim in CLAIMS:
        assert claim.said in PAGE
        assert (GENERATED / "img" / f"{claim.study}-{claim.picture}.png").stat().st_size > 5000


@pytest.mark.parametrize("name", ["replication", "adaptive_across_tasks", "overhead", "convergence"])
def test_the_page_has_the_verdicts_word_for_word(name):
    found = found_in(name)
    for claim in (one for one in CLAIMS if one.study == name):
        answer = claim.answer(found)
        assert f"**{answer.standing}.** {answer.summary}" in PAGE
        for line in answer.lines:
            assert line in PAGE
    rows = [row for row in evidence.read() if row.study == name]
    assert rows == evidence.evidence_of(found)


def test_the_guide_is_that_of_the_evidence():
    assert (GENERATED / "when-to-use.md").read_text() == when_page(evidence.read())
    assert (GENERATED / "conditions.md").read_text() == conditions_page(evidence.read())


def test_the_guide_counts_every_condition_once():
    page = conditions_page(evidence.read())
    rows = [line.split(" | ") for line in when_page(evidence.read()).splitlines() if line.startswith("| ")]
    counted = sum(int(cells[1]) for cells in rows if cells[1].isdigit())
    assert counted == sum(line.count("| **") for line in page.splitlines()) > 0


@pytest.mark.slow
def test_the_whole_page_is_that_of_the_kept_studies():
    found = {name: found_in(name) for name in catalogue.listed()}
    assert findings_page([(claim, claim.answer(found[claim.study]), found[claim.study]) for claim in CLAIMS]) == PAGE


def test_a_kept_study_that_was_declared_otherwise_is_refused(tmp_path):
    named = catalogue.load("replication")
    tables = read_kept(named, RESULTS / "replication.parquet")
    archive.write(tmp_path, "replication", "of another declaration", tables)
    archive.write(tmp_path, "other", named.study.signature(), tables)
    for file, says in (("replication", "has changed since"), ("other", "holds 'other'")):
        with pytest.raises(Exception, match=says):
            read_kept(named, tmp_path / f"{file}.parquet")
    (tmp_path / "replication.curves.parquet").unlink()
    with pytest.raises(Exception, match=r"replication\.curves\.parquet is absent"):
        archive.read(tmp_path / "replication.parquet")
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(Exception, match="must be a Parquet file"):
        archive.read(tmp_path / "text.parquet")


def test_what_came_out_counts_the_evidence():
    names = [row.verdict.partition(" (")[0] for row in evidence.read()]
    page = " ".join((DOCS / "what-came-out.md").read_text().split())
    assert f"In all studies together, {len(names)} registered contrasts" in page
    for name in set(names):
        assert f"{names.count(name)} {'are ' if name == 'harmful, at least the margin' else ''}{name}" in page
