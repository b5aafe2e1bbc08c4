"""What a terminal shows of a study that has ended."""

import io

import pytest
from rich.console import Console

from analysis.judging.contrasts import judge_study
from spectra_tune import tracking
from studies.command import catalogue, terminal
from studies.command.report import RESULTS, read_kept


@pytest.mark.parametrize(("conditions", "said"), [(30, 0), (31, 1), (2000, 1970)])
def test_of_very_many_conditions_some_links_are_shown_and_the_rest_counted(monkeypatch, conditions, said):
    links = [(f"condition {at}", f"http://127.0.0.1:5000/#/{at}") for at in range(conditions)]
    monkeypatch.setattr(tracking, "links", lambda *_: links)
    named = catalogue.load("capacity")
    judged = judge_study(named.study, read_kept(named, RESULTS / "capacity.parquet").runs)
    out = io.StringIO()
    terminal.conclude(Console(file=out, width=200), named, judged, "sqlite:///none.db")
    shown = [line for line in out.getvalue().splitlines() if "http://" in line]
    assert shown == [f"  {label}: {link}" for label, link in links[:30]]
    assert (f"{said} more Conditions" in out.getvalue()) == bool(said)
