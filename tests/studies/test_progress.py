"""The display says what is done: a bar in a terminal, plain lines in a pipe, nothing where it is told to be quiet."""

import io

import pytest
from rich.console import Console

from spectra_tune.design import Contrast, Outcome, Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from studies.command.live_effect import Largest
from studies.command.progress import Display
from tests.conftest import ARMS

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
    with Display(Console(file=out, width=160, **console), {"one": 6, "two": 6}) as display:
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
