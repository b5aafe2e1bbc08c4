"""No code looks into a metric's name, or a verdict's, to learn what it is: SPLIT_METRICS and VerdictName say so."""

import re
from pathlib import Path

import pytest

from analysis.judging.verdict_name import VerdictName
from spectra_tune.design import SPLIT_METRICS

ROOT = Path(__file__).parent.parent
FILES = sorted(file for package in ("spectra_tune", "analysis", "studies") for file in (ROOT / package).rglob("*.py"))

SPLIT = r"(?:train|validation|test)_?"
SCORE = "(?:" + "|".join(sorted({one.metric.name for one in SPLIT_METRICS.values()}, key=len, reverse=True)) + ")"
QUOTE = r"""["']"""

CUT = "(?:partition|rpartition|split|rsplit|removeprefix|removesuffix)"
END = "(?:endswith|startswith|removeprefix|removesuffix)"
LOOKED_INTO = r"\w*(?:metric|outcome|name|column)\w*\b(?!s)"

LOOKS = {
    "a name's end or beginning": rf"\.{END}\(\(?{QUOTE}(?:{SPLIT}|_?{SCORE})",
    "a part of a name": rf"{QUOTE}_?(?:{SCORE}|{SPLIT}){QUOTE}\s+(?:not\s+)?in\s+{LOOKED_INTO}",
    "a split replaced": rf"\.replace\({QUOTE}{SPLIT}{QUOTE}",
    "a name taken apart": rf"(?:metric|outcome|gap)\w*\.{CUT}\(",
    "a name compared": rf"(?:==|!=)\s*{QUOTE}(?:{SPLIT})?{SCORE}{QUOTE}|\[{QUOTE}metric{QUOTE}\]\.str\.",
}
"""Ways to ask a name what only a Metric knows."""


def place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def found_in(text: str) -> list[str]:
    return [
        f"{number}: {why}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), start=1)
        for why, pattern in LOOKS.items()
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize("file", FILES, ids=place)
def test_no_code_looks_into_a_metrics_name(file):
    looks = found_in(file.read_text())
    assert not looks


@pytest.mark.parametrize("file", [one for one in FILES if one.name != "verdict_name.py"], ids=place)
def test_no_code_spells_a_verdicts_name(file):
    words = "|".join(re.escape(name) for name in VerdictName)
    spelled = re.compile(rf"""["'](?:{words}|supported)["']""")
    lines = enumerate(file.read_text().splitlines(), start=1)
    spellings = [f"{number}: {line.strip()}" for number, line in lines if spelled.search(line)]
    assert not spellings


def test_what_a_run_counts_as_is_looked_up_in_one_place():
    asks = {place(file) for file in FILES if "}_of_constant" in file.read_text()}
    assert asks <= {"spectra_tune/objectives/metric.py", "spectra_tune/results/scored.py"}


@pytest.mark.parametrize(
    "line",
    [
        'scale = 100.0 if metric.endswith("accuracy") else 1.0',
        'metric.replace("test_", "validation_")',
        'scale, unit = (100.0, "pp") if "accuracy" in metric else (1.0, "nats")',
        'metric.removeprefix("test_")',
        "measure = metric.partition('_')[2]",
        'exact = curves["metric"].str.endswith("accuracy")',
        'if metric == "test_accuracy":',
    ],
)
def test_what_was_once_written_would_be_seen(line):
    assert found_in(line)


@pytest.mark.parametrize(
    "line",
    [
        'Outcome(metric="test_accuracy", margin_pp=1.0)',
        'assert "loss" in known_words',
        'outcome.measured.on("validation").column',
        "metric.replace('_', ' ')",
    ],
)
def test_what_asks_nothing_is_let_through(line):
    assert not found_in(line)
