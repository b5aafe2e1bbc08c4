"""The report says every sentence, needs no other file, and prints no number without its n and interval."""

import base64
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from analysis.report import files, findings, overview
from analysis.report.sections import sections_of
from tests.analysis.describing.conftest import STUDY

NO_WORDS = r"\bnan\b|\bNaN\b|\binf\b|\bNone\b|-0\.00\b|\b0\.000\b"


@pytest.fixture(scope="module")
def written(found):
    return files(found)


class Page(HTMLParser):
    """What a page refers to, and its text."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.links, self.text, self.tags = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.sources += [given[name] for name in ("src", "srcset") if name in given]
        self.links += [given["href"]] if "href" in given else []

    def handle_data(self, data):
        self.text += data


def test_the_page_says_every_verdict_sentence_before_anything_else(found, written):
    page = Page(written["report.html"].decode())
    for one in found.judged:
        assert one.verdict.sentence in page.text
    text = written["report.md"].decode()
    assert (
        text.index("## In short")
        < text.index("## Verdicts")
        < text.index("## How to read this")
        < text.index("## Design")
    )


def test_the_page_has_every_section_that_has_something_to_say_in_order(found, written):
    headings = [section.lines[0] for section in sections_of(found)]
    assert [line for line in written["report.md"].decode().splitlines() if line.startswith("## ")] == headings


def test_the_page_needs_no_other_file_and_no_network(written):
    page = Page(written["report.html"].decode())
    assert page.sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    for source in page.sources:
        assert base64.b64decode(source.partition(",")[2]).startswith(b"<?xml")
    assert not {"script", "link", "iframe"} & set(page.tags)


def test_every_contrast_links_to_the_mlflow_runs_of_both_arms(found, written):
    links = Page(written["report.html"].decode()).links
    for one in found.judged:
        for arm in (one.contrast.treatment, one.contrast.baseline):
            assert found.links[one.condition_signature, arm] in links


def test_every_row_of_verdicts_and_of_numbers_links_to_the_page_that_compares_its_arms(found, written):
    links = Page(written["report.html"].decode()).links
    rows = Counter(one.condition_signature for one in found.judged)
    for signature, contrasts in rows.items():
        assert links.count(found.compared[signature]) == 2 * contrasts


def test_every_picture_comes_as_png_and_svg_and_is_on_both_pages(written):
    pictures = {name.removesuffix(".png") for name in written if name.endswith(".png")}
    planar = {"boundaries-moons-samples-60", "boundaries-circles-samples-60"}
    over_epochs = {"curves", "sigmas", "spectra"}
    assert pictures == {"forest", "paired-linear-static", "paired-linear-short", "claim", "cost"} | over_epochs | planar
    for name in pictures:
        assert written[f"{name}.png"].startswith(b"\x89PNG")
        assert f"({name}.svg)" in written["report.md"].decode()
        assert f"{name}.svg" in written


def test_nothing_is_printed_that_is_no_number(written):
    for name in ("report.md", "contrasts.csv"):
        assert not re.search(NO_WORDS, written[name].decode().replace("none", "")), name


def test_equal_findings_make_equal_files(found, written):
    again = files(found)
    assert {name for name in written if written[name] != again[name]} == set()


def test_the_table_of_contrasts_has_a_row_for_each(found, written):
    lines = written["contrasts.csv"].decode().splitlines()
    assert len(lines) == 1 + len(found.judged)
    assert {"mean", "low", "high", "p_adjusted", "complete_cases_mean", "sentence"} <= set(lines[0].split(","))


def test_the_overview_is_short_and_has_every_verdict(found):
    text = overview(found)
    assert all(one.verdict.name in text for one in found.judged)
    assert len(text) < 8000


def test_a_study_with_a_condition_that_never_ran_is_reported(found):
    lost = found.runs[found.runs["task"] != "circles(samples=60)"]
    with_gaps = findings("gaps", replace(STUDY, claim=None), found.tables._replace(runs=lost))
    text = files(with_gaps)["report.md"].decode()
    assert text.count("**not comparable**") == 9  # three Conditions lost, and every contrast that spans epochs
    assert not re.search(NO_WORDS, text.replace("none", ""))
