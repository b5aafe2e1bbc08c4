"""A study from Python: named and planned at once, shown as what came out, and continued by a call."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spectra_tune.design import InvalidStudy, Study
from studies import notebook
from studies.command import catalogue, interrupts, plan
from studies.command.pasted import option, verb_on
from studies.command.report import read_kept
from studies.notebook import bar, load, named
from studies.notebook.result import Result, result_of
from tests.tools.keep import KEPT

FILE = KEPT / "0.1" / "small.py"
STUDY = catalogue.load(str(FILE)).study

LIGHT = """
import sys
from spectra_tune.design import Treatment
from studies.notebook import load, named
one = named("mine", load("capacity").named.study)
assert one.smoke().named.name == "mine-smoke"
print([name for name in ("torch", "ray", "mlflow", "IPython", "optuna") if name in sys.modules])
"""


@pytest.fixture
def result(folder) -> Result:
    kept = catalogue.load(str(FILE))
    return result_of(kept, read_kept(kept, FILE.with_suffix(".parquet")), f"sqlite:///{folder / 'mlflow.db'}")


def test_naming_a_study_loads_nothing_heavy():
    run = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "[]", run.stderr


def test_a_plan_is_that_of_show_and_shows_itself():
    shown = named("mine & <yours>", STUDY).plan()
    assert shown.text.startswith(plan.text("mine & <yours>", STUDY))
    assert re.search(r"\ntime        (about \d+|not estimated)", repr(shown))
    assert "mine &amp; &lt;yours&gt;: Are tables" in shown._repr_html_()


@pytest.mark.parametrize(
    ("name", "study", "says"),
    [("mine", "capacity", "must be a Study, got 'capacity'"), (" ", STUDY, "a study's name must be text")],
)
def test_what_is_no_study_or_has_no_name_is_refused(name, study, says):
    with pytest.raises(InvalidStudy, match=says):
        named(name, study)


@pytest.mark.parametrize("name", ["../up", "a/b", "/tmp/outside", ".", "..", "a\\b", "x" * 201])
def test_a_name_that_leads_out_of_the_storage_is_refused(name):
    with pytest.raises(InvalidStudy, match=r"a study's name must be that of a folder: .* got "):
        named(name, STUDY)


@pytest.mark.parametrize("given", [{"storage": 3}, {"tracking_uri": 3}, {"address": ["a"]}])
def test_a_place_that_is_none_is_refused_in_a_line(given):
    with pytest.raises(InvalidStudy, match=rf"^{next(iter(given))} must be a text or a path, got "):
        named("mine", STUDY, **given)
    with pytest.raises(InvalidStudy, match=r"^a study's name or file must be a text or a path, got 3$"):
        load(3)


def test_a_study_of_a_file_is_loaded_as_on_the_command_line():
    assert load(FILE, storage=FILE.parent).storage == str(FILE.parent)
    one = load(str(FILE), storage="s3://bucket")
    assert one.named.study == STUDY
    assert (one.named.name, one.storage, one.address) == ("small", "s3://bucket", None)
    assert one.smoke().named.typed == f"{FILE} --smoke"
    with pytest.raises(InvalidStudy, match="is a small sibling already"):
        one.smoke().smoke()


def test_what_continues_it_is_a_call_where_no_command_could():
    one = named("mine", STUDY).named
    assert verb_on(one, "run", "--resume", uri="sqlite:///a.db", place="/b") == "run(resume=True)"
    assert verb_on(one, "sync", uri="sqlite:///a.db") == "run(resume=True)"
    assert verb_on(one, "run") == "run()"
    assert option(one, "--accept-changes") == "accept_changes=True"
    assert option(load("capacity").named, "--resume") == "--resume"
    with pytest.raises(InvalidStudy, match="'mine' was declared in a notebook"):
        catalogue.load_typed(one.typed)


def test_what_a_notebooks_own_modules_define_travels_by_value():
    """This file stands for one: it is neither installed nor of this project's packages."""
    own = named("mine", STUDY).named.by_value
    assert sys.modules[__name__] in own
    assert notebook not in own
    assert pytest not in own
    assert load("capacity").named.by_value == []


def test_an_error_is_one_line_there_too():
    assert InvalidStudy("it must be so")._render_traceback_() == ["InvalidStudy: it must be so"]


def test_a_result_has_the_verdicts_as_a_table_and_shows_them(result):
    assert list(result.verdicts["verdict"].unique()) == [
        *("equivalent", "harmful, at least the margin", "unsafe", "harmful, size open")
    ]
    html = result._repr_html_()
    assert "Are tables of 0.1 still read" in html
    assert all(sentence[:40].replace(">", "&gt;") in html for sentence in result.verdicts["sentence"])
    assert html.count("data:image/svg+xml") == 1
    assert "<html" not in html
    assert re.search(r"^body", html, flags=re.MULTILINE) is None or html.index(".spectra-tune {") < html.index("body")
    assert repr(result).count("\n") == len(result.verdicts)


def test_figures_are_drawn_when_they_are_shown(result):
    assert {"forest", "curves", "paired-static-none"} <= set(result.figures)
    shown = result.figures["forest"]
    assert re.search(r'<img src="data:image/svg\+xml;base64,\w+', shown._repr_html_())
    assert shown.rendered("png").startswith(b"\x89PNG")
    assert "Every contrast" in repr(shown)


def test_an_interrupt_does_not_end_a_notebooks_process():
    before = signal.getsignal(signal.SIGINT)
    with interrupts.process_goes_on():
        interrupts.next_at_once()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_a_notebook_there_is_the_terminals_bar(monkeypatch):
    assert not bar.in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert not bar.in_notebook()


def test_the_docs_say_which_calls_there_are():
    page = (Path(__file__).parents[2] / "docs" / "tutorials" / "notebook.md").read_text()
    for call in ("named(", ".plan()", ".run(", ".verdicts", ".figures", ".report()", ".paper()", ".result()"):
        assert call in page
    assert isinstance(STUDY, Study)
