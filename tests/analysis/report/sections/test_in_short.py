"""The first screen: one sentence, every verdict at a glance, the forest plot."""

import re
from dataclasses import replace

import pytest

from analysis.figures.marks import marked
from analysis.judging.verdict_name import VerdictName
from analysis.report.elements.in_all import in_all
from analysis.report.sections import in_short


def called(judged, *names):
    """As many contrasts, with these verdicts."""
    return [replace(judged[0], verdict=replace(judged[0].verdict, name=name)) for name in names]


def rows(found):
    return [line.strip("| ").split(" | ") for line in in_short.section(found).lines if line.startswith("| ")]


def test_every_verdict_stands_in_the_matrix_where_its_condition_and_contrast_meet(made_up):
    head, *below = rows(made_up)
    assert head == ["Condition", "linear − none", "static − none"]
    assert [row[0] for row in below] == list(made_up.study.labels().values())
    for one in made_up.judged:
        row = next(row for row in below if row[0] == one.condition)
        cell = row[head.index(str(one.contrast))]
        mark, _, name = marked(one.verdict.name).partition(" ")
        assert cell == f"{mark} {one.verdict.statistics.mean:+.2f} {name}"


def test_many_contrasts_in_few_conditions_go_down(made_up):
    (first, *_) = made_up.judged
    many = [
        replace(first, contrast=replace(first.contrast, treatment=f"to {target}"))
        for target in range(in_short.MOST_COLUMNS + 1)
    ]
    head, *below = rows(replace(made_up, judged=many))
    assert head == ["contrast", first.condition]
    assert [row[0] for row in below] == [str(one.contrast) for one in many]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["SUPPORTED_SIZE_OPEN"], "The one registered comparison, linear − none: supported, size open."),
        (
            ["SUPPORTED_AT_LEAST_THE_MARGIN", "SUPPORTED_SIZE_OPEN", "HARMFUL_AT_LEAST_THE_MARGIN", "INCONCLUSIVE"],
            "Of 4 registered comparisons the treatment gains in 2 (1 by at least 1 pp), loses in 1 (all by at least "
            "1 pp), differs by less than 1 pp in 0; open: 1.",
        ),
        (
            ["HARMFUL_BUT_NEGLIGIBLE", "EQUIVALENT", "UNSAFE", "UNDERPOWERED"],
            "Of 4 registered comparisons the treatment gains in 0, loses in 0, differs by less than 1 pp in 2; open: 1"
            "; without any claim: 1.",
        ),
    ],
)
def test_one_sentence_tells_what_came_out_in_all(made_up, names, says):
    assert in_all(called(made_up.judged, *(VerdictName[name] for name in names)), made_up.question) == says


def test_every_verdict_is_counted_once_in_the_sentence(made_up):
    for name in VerdictName:
        sentence = in_all(called(made_up.judged, name, name), made_up.question)
        counts = re.findall(r"(?:gains in|loses in|than 1 pp in|open:|claim:) (\d+)", sentence)
        assert sorted(counts, key=int)[-2:] in (["0", "2"], ["2"]), sentence
