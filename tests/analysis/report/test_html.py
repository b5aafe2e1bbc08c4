"""The page is coloured by verdict, and can be read on a telephone."""

import base64

import pytest

from analysis.figures.marks import MARKS
from analysis.judging.verdict_name import HARMFUL, SUPPORTED, VerdictName
from analysis.report.html import html

TEXT = """\
# A <b>page</b> & more

| Condition | a − b | c − b |
|---|---|---|
| moons | ▲ +2.00 supported, at least the margin | ◌ inconclusive |

| n | mean |
|---|---|
| 20 | 1.94 |

![Every contrast](forest.svg)

![Others](curves.svg)
"""
PICTURES = {"forest.svg": b"<svg>wide</svg>", "forest-narrow.svg": b"<svg>narrow</svg>", "curves.svg": b"<svg>c</svg>"}


@pytest.fixture(scope="module")
def written():
    return html("A <b>page</b>", TEXT, PICTURES)


def inside(picture):
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"


def test_a_verdict_has_its_tone_and_its_table_becomes_cards(written):
    assert '<td data-head="a − b" class="gain">▲ +2.00 supported, at least the margin</td>' in written
    assert '<td data-head="c − b" class="open">◌ inconclusive</td>' in written
    assert '<td data-head="Condition">moons</td>' in written
    assert written.count('<table class="cards">') == 1
    assert written.count("<table>") == 1  # no verdict stands in the second


def test_every_table_scrolls_in_a_place_of_its_own_that_a_key_reaches(written):
    assert written.count('<div class="wide" tabindex="0">\n<table') == 2
    assert written.count("</table>\n</div>") == 2


def test_a_picture_has_its_narrow_form_where_there_is_one(written):
    source = f'<source media="(max-width: 40rem)" srcset="{inside(b"<svg>narrow</svg>")}">'
    assert f'<picture>{source}<img src="{inside(b"<svg>wide</svg>")}" alt="Every contrast" /></picture>' in written
    assert (
        f'<div class="wide picture" tabindex="0"><img src="{inside(b"<svg>c</svg>")}" alt="Others" /></div>' in written
    )


def test_markup_in_a_name_is_text_and_the_viewport_is_declared(written):
    assert "<b>" not in written
    assert "<title>A &lt;b&gt;page&lt;/b&gt;</title>" in written
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in written


def test_every_verdict_has_a_mark_of_its_own():
    assert set(MARKS) == set(VerdictName)
    assert len(set(MARKS.values())) == len(MARKS)
    assert all(len(mark) == 1 for mark in MARKS.values())
    for names, tone in ((SUPPORTED, "gain"), (HARMFUL, "loss")):
        for name in names:
            assert f'class="{tone}"' in html("", f"| a |\n|---|\n| {MARKS[name]} x |\n", {})
