"""Lines read well at every width, in a pipe and in ASCII, and end silently where nobody reads on."""

import io
import os
import signal
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from analysis.judging.contrasts import judge_study
from analysis.judging.question import question_of
from studies.command import catalogue, plan
from studies.command.console import READABLE, WHOLE, carried, readable_output, say, to_reader, wrapped
from studies.command.interrupts import ReaderGone, at_once, reader_gone
from studies.command.pasted import command
from studies.command.report import RESULTS, read_kept
from studies.command.terminal import say_at_a_glance
from tests.tools.terminals import in_pipe, in_terminal, unread

WIDTHS = (40, 60, 80, 100, 200)
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
ADVISE = ("advise", "--task", "moons", "--width", "16", "--epochs", "77")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["capacity", "depth_profile", "tuned_against_tuned"])
def test_a_plan_breaks_at_blanks_only_and_fits(name, width):
    text = plan.text(name, catalogue.load(name).study)
    shown = wrapped(text, width)
    assert shown.split() == text.split()
    assert max(map(cell_len, shown.splitlines())) <= min(width, READABLE)
    assert not any(line.endswith(" width") for line in shown.splitlines())


def test_what_goes_on_hangs_below_what_its_line_says():
    assert (
        wrapped("arms        none; static; linear", 24) == "arms        none;\n            static;\n            linear"
    )
    assert wrapped("  - one two three", 10) == "  - one\n    two\n    three"
    assert wrapped("one two three", 9) == "one two\n  three"
    assert wrapped("names of 漢字漢字 too", 14) == "names of\n  漢字漢字 too"


@pytest.mark.parametrize("end", ["", "; or begin it anew", ", then"])
def test_a_command_to_be_pasted_is_never_broken(end):
    pasted = command(
        "run", "'/my studies/it; is, mine.py' --smoke", "--resume", place="/a b/c", uri="sqlite:////x y.db"
    )
    (line,) = [line for line in wrapped(f"stopped: a store is away: {pasted}{end}", 40).splitlines() if "run" in line]
    assert f"{pasted}{end[:1]}" in line


@pytest.fixture(scope="module")
def founding():
    """A study, and what came out."""
    named = catalogue.load("founding_lesson")
    return named, judge_study(named.study, read_kept(named, RESULTS / "founding_lesson.parquet").runs)


@pytest.mark.parametrize("width", [40, *range(60, 101, 2), 200])
def test_verdicts_at_a_glance_keep_words_and_intervals_whole(founding, width):
    named, judged = founding
    far = [replace(one, condition=f"{one.condition}, and more of it") for one in judged]
    out = io.StringIO()
    say_at_a_glance(Console(file=out, width=width), named.name, question_of(named.study), judged + far)
    lines = out.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    text = " ".join(out.getvalue().replace("│", " ").split())
    assert "difference, pp [95 %]" in text
    for one in judged:
        found = one.verdict.statistics
        assert f"{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]" in text
        assert all(word in text.split() for word in one.verdict.name.split())
    assert lines[-1].rstrip()[-1] != "…"


def test_in_a_pipe_lines_are_whole_and_without_control_characters(capsys):
    line = "a long line " * 300
    console = to_reader()
    assert console.width == WHOLE
    assert not console.is_interactive
    say(console, line)
    assert capsys.readouterr().out == f"{line}\n"


def test_in_a_terminal_a_list_is_as_wide_as_it():
    for columns in (60, 80):
        shown = in_terminal("list", columns=columns)
        assert max(map(len, shown.splitlines())) <= columns
        assert shown.split() == in_pipe("list").stdout.decode().split()


@pytest.mark.parametrize("arguments", [("list",), ("show", "founding_lesson"), ADVISE], ids=lambda given: given[0])
def test_an_output_that_has_ascii_only_gets_readable_ascii(arguments):
    ended = in_pipe(*arguments, **ASCII)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"\\" not in ended.stdout
    ended.stdout.decode("ascii")
    if arguments[0] == "show":
        assert b"adaptive" in ended.stdout
        assert b"margin +-1 pp" in ended.stdout


def test_what_has_no_sign_in_ascii_is_escaped_and_a_path_keeps_its_bytes(monkeypatch):
    assert carried("Größe 5 × 3 …", "ascii") == r"Gr\xf6\xdfe 5 x 3 ..."
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    readable_output()
    out.write("±" + b"/caf\xc3\xa9".decode("ascii", "surrogateescape"))
    out.flush()
    assert raw.getvalue() == b"+-/caf\xc3\xa9"


@pytest.mark.parametrize("arguments", [("list",), ("--help",), ("run", "--help")], ids=lambda given: given[0])
def test_a_command_that_nobody_reads_ends_silently(arguments):
    ended = unread(*arguments)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_an_error_that_nobody_reads_ends_silently():
    assert unread("run", both=True).returncode == 141


def test_what_is_said_after_a_reader_has_left_goes_nowhere(monkeypatch):
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        with pytest.raises(ReaderGone):
            say(to_reader(), "one")
        say(to_reader(), "two")
        monkeypatch.undo()


def test_a_reader_that_leaves_interrupts_what_trains_and_ends_what_does_not(capsys):
    before, heard = signal.getsignal(signal.SIGINT), []
    try:
        for handler in (signal.default_int_handler, at_once, signal.SIG_IGN):
            signal.signal(signal.SIGINT, handler)
            with pytest.raises(ReaderGone):
                reader_gone()
        signal.signal(signal.SIGINT, lambda number, _: heard.append(number))  # as Tune does while it trains
        reader_gone()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
    assert capsys.readouterr().err == "spectra-tune: nobody reads the output any more: stopping in order\n"
