"""Of an outcome whose lower values are better every table and picture says so, in its unit."""

import re

from analysis.figures.paired import WORSE
from analysis.report import overview
from analysis.report.page import page
from analysis.report.sections import sections_of


def test_no_page_speaks_of_percentage_points(in_nats):
    sections = sections_of(in_nats)
    text = page(in_nats, sections)
    assert not re.findall(r".*\bpp\b.*|.*percentage points.*", text)
    assert "the effect, in nats. Lower cross-entropy is better" in text
    assert "| outcome | test cross-entropy, margin ±0.01 nats |" in text


def test_the_overview_tells_gains(in_nats, made_up):
    assert "| Condition | contrast | gain, nats (lower values are better) | verdict |" in overview(in_nats)
    assert "| Condition | contrast | difference | verdict |" in overview(made_up)


def test_the_forest_plot_shows_each_seeds_gain(in_nats, made_up):
    for found, label in (
        (made_up, "treatment − baseline, percentage points"),
        (in_nats, "gain, nats (lower values are better)"),
    ):
        (axes,) = sections_of(found)[0].pictures["forest"].draw().axes
        assert axes.get_xlabel().startswith(f"{label}: mean")
        seeds = next(line for line in axes.get_lines() if line.get_marker() == "|")
        assert list(seeds.get_xdata()) == list(found.judged[0].differences.gains)
        assert max(seeds.get_xdata()) < 0


def test_the_paired_plot_is_dark_where_the_treatment_is_ahead(in_nats, made_up):
    for found in (made_up, in_nats):  # linear loses at every seed
        pictures = {name: picture for section in sections_of(found) for name, picture in section.pictures.items()}
        first = pictures["paired-linear-none"].draw().axes[0].get_lines()[0]
        assert first.get_color() == WORSE
