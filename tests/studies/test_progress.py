"""The display says what is done: a bar in a terminal, plain lines in a pipe, nothing where it is told to be quiet."""

import io
import re

import pytest
from rich.console import Console

from spectra_tune.design import Contrast, Outcome, Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from studies.command import progress
from studies.command.live_effect import Largest
from studies.command.progress import MOST_LINES, Display, bar_in_terminal
from tests.conftest import ARMS
from tests.tools.terminals import without_controls

STUDY = Study(
    question="Which is the largest?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=3), mlp(width=6)], epochs=[8]),
    arms=ARMS,
    contrasts=[("linear", "static"), Contrast(treatment="static", baseline="none")],
    seeds=Seeds(confirm=range(4)),
    outcome=Outcome(metric="test_accuracy"),
)


def shown(**console):
    """What a display of two blocks prints."""
    out = io.StringIO()
    with Display(Console(file=out, width=160, **console), bar_in_terminal, {"one": 6, "two": 6}) as display:
        display.update("one", 5, 10, finished=False, error=None)
        display.note("largest difference so far +1.00 pp")
        display.update("one", 10, 10, finished=True, error=None)
        display.update("two", 1, 10, finished=True, error="ArithmeticError: no weights")
    return out.getvalue()


def test_in_a_pipe_a_line_for_each_block_that_ends():
    lines = shown().splitlines()
    assert lines[0].startswith("finished  one  (1 of 2 blocks, ")
    assert lines[1] == "failed    two: ArithmeticError: no weights"
    assert len(lines) == 2


def test_in_a_terminal_a_bar_with_what_was_found():
    text = shown(force_terminal=True)
    assert "largest difference so far +1.00 pp" in text
    assert "1 failed" in text


LONG = "largest difference so far +2.30 pp [+0.76, +3.84], linear − static, border, width 32"


@pytest.mark.parametrize("unit", ["blocks", "searches"])
@pytest.mark.parametrize(
    "note", ["", LONG, f"{LONG}, {'and so on ' * 99}{'x' * 300}"], ids=["none", "long", "too long"]
)
@pytest.mark.parametrize("width", [56, 60, 80, 200])
def test_the_live_line_never_loses_bar_count_speed_and_time_left(monkeypatch, width, note, unit):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    out = io.StringIO()
    with Display(
        Console(file=out, width=width, force_terminal=True), bar_in_terminal, {str(at): 500 for at in range(100)}, unit
    ) as one:
        one.note(note)
        now[0] = 4000.0
        for at in range(30):
            one.update(str(at), 10, 10, finished=True, error=None)
    lines = without_controls(out.getvalue()).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= width
    bars = [at for at, line in enumerate(lines) if "/100" in line]
    assert bars[-1] - max(at for at, line in enumerate(lines) if line.startswith("training")) <= MOST_LINES + 1
    last = next(line for line in reversed(lines) if "/100" in line)
    assert re.search(rf"^[━╸╺]{{4,}} +30/100 {unit}, \d+\.\d runs/s( \d:\d\d:\d\d)? left [-\d]+:[-\d]+ *$", last), last
    if note:
        assert "largest difference so far +2.30 pp [+0.76, +3.84], linear" in " ".join(" ".join(lines).split())


def test_without_colour_the_bar_has_none():
    coloured = re.compile(r"\x1b\[[\d;]*[349][\dm]")
    assert coloured.search(shown(force_terminal=True, color_system="standard"))
    assert not coloured.search(shown(force_terminal=True, color_system="standard", _environ={"NO_COLOR": "1"}))


def test_a_dumb_terminal_gets_plain_lines():
    text = shown(force_terminal=True, _environ={"TERM": "dumb"})
    assert "\x1b" not in text
    assert text.startswith("finished  one  (1 of 2 blocks, ")


def test_in_a_pipe_a_line_a_minute_while_nothing_ends(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    out = io.StringIO()
    with Display(Console(file=out, width=160), bar_in_terminal, {"one": 60, "two": 60}) as display:
        for now[0] in (10.0, 30.0, 59.0, 60.0, 61.0, 100.0, 119.0, 120.0):
            display.update("one", int(now[0]), 240, finished=False, error=None)
    assert out.getvalue().splitlines() == [
        "training, 1 running  (0 of 2 blocks, 12% trained, 0.2 runs/s, about 7 min left)",
        "training, 1 running  (0 of 2 blocks, 25% trained, 0.2 runs/s, about 6 min left)",
    ]


def test_where_it_is_told_to_be_quiet_nothing():
    assert shown(quiet=True) == ""


def test_the_largest_difference_is_that_of_all_blocks_with_its_interval():
    largest, means = Largest(STUDY), {}
    for block in STUDY.blocks():
        runs = run_block(block)
        largest.add(runs)
        wide = 100 * runs.pivot(index="seed", columns="arm", values="test_accuracy")
        label = STUDY.labels()[runs["condition_signature"].iloc[0]]
        means |= {(str(pair), label): (wide[pair.treatment] - wide[pair.baseline]).mean() for pair in STUDY.contrasts}
    (contrast, label), mean = max(means.items(), key=lambda item: item[1])
    assert float(largest.text.split()[4]) == pytest.approx(mean, abs=0.006)
    assert largest.text.endswith(f"], {contrast}, {label}")


def test_a_block_that_cannot_be_compared_is_no_candidate():
    largest = Largest(STUDY)
    runs = run_block(STUDY.blocks()[0])
    largest.add(runs[runs["arm"] == "none"])
    assert largest.text == ""
