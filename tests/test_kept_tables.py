"""Tables that an earlier version kept are read today, and judged as they were: what a minor version promises."""

import json
import tomllib

import pytest

from analysis.judging.contrasts import judge_study
from analysis.report import findings, summary
from spectra_tune.results import Kind, column
from studies.command import archive, catalogue
from studies.command.report import read_kept
from tests.tools.keep import FIELDS, KEPT, said

VERSIONS = sorted(folder.name for folder in KEPT.iterdir())
NOW = tomllib.loads((KEPT.parents[1] / "pyproject.toml").read_text())["project"]["version"].rpartition(".")[0]


@pytest.fixture(params=[one for one in VERSIONS if one == NOW])
def kept(request):
    """Study, file and tables of what is comparable with today's."""
    folder = KEPT / request.param
    return catalogue.load(str(folder / "small.py")), folder / "small.parquet"


def test_todays_minor_version_has_kept_its_tables():
    assert NOW in VERSIONS, f"give tests/kept/{NOW} a small.py, and keep its tables: python -m tests.tools.keep {NOW}"


def test_kept_tables_are_read_and_give_the_verdicts_of_then(kept):
    named, file = kept
    runs = read_kept(named, file).runs  # refused if the signature of the study were another
    then = json.loads(file.with_suffix(".json").read_text())
    now = said(judge_study(named.study, runs))
    assert len(then) == named.study.tests == 6
    for one, other in zip(now, then, strict=True):
        numbers = [pytest.approx(one.pop(name), rel=1e-9, abs=1e-12) for name in FIELDS]
        assert numbers == [other.pop(name) for name in FIELDS]
        assert one == other
    assert len({one["verdict"] for one in then}) >= 4


def test_every_kept_column_is_still_declared_as_it_was(kept):
    named, file = kept
    tables = read_kept(named, file)
    kinds = {name: found.kind for name in tables.runs if (found := column(name)) is not None}
    assert set(kinds) == set(tables.runs)
    assert set(kinds.values()) == set(Kind)
    assert set(tables.runs["status"]) == {"ok", "diverged"}
    assert not tables.curves.empty
    assert not tables.figures.empty


def test_every_version_that_was_kept_can_still_be_opened():
    """Whether its runs are comparable with today's or not."""
    for version in VERSIONS:
        name, signature, tables = archive.read(KEPT / version / "small.parquet")
        assert (name, len(signature)) == ("small", 64)
        assert len(tables.runs) == 72


def test_what_came_out_is_told(kept):
    named, file = kept
    told = summary(findings(named.name, named.study, read_kept(named, file)))
    assert "diverges more" in told
    assert "Of 6 registered comparisons" in told
