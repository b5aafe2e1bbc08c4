"""Whatever an arm, a task or a study is called: every page, table and picture says this name and nothing else."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy
import pytest
from markdown_it import MarkdownIt

from analysis.report import files, findings, overview
from analysis.report.elements.markdown import Markdown, literal
from analysis.report.elements.table import table
from spectra_tune.design import Seeds, Study, Treatment, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, curve_table, figure_table

NAMES = (
    *("<script>alert(1)</script>", "<lambda>", "s<1", "s>1", "A", "a", "a|b", "`code`", "$x_1$", "\"q\" & 'z' &amp;"),
    *("线性", "常数", "..", "L" * 300, "*b* _i_ [l](http://x)", "a\\b\\|c", "[1, 2]", "~~x~~", "שלום"),
)


@dataclass(frozen=True)
class Awkward:
    """A task of a class that says its own name."""

    samples: int = 12
    classes: int = 2
    features: int = 2

    def draw(self, split, seed):
        generator = numpy.random.default_rng([seed, len(split)])
        target = generator.integers(0, 2, self.samples)
        target[:2] = 0, 1
        return generator.standard_normal((self.samples, 2)), target

    def __str__(self):
        return "圆 <b>|$y$"


STUDY = Study(
    question="Is `it` *said* [so](http://x)?",
    conditions=grid(task=[Awkward()], network=[mlp(width=2)], epochs=[1]),
    arms={"none": Treatment.none()}
    | {name: Treatment(strength=0.1 * (at + 1), sigma_end=1.0) for at, name in enumerate(NAMES)},
    contrasts=[
        (NAMES[0], "none"),
        ("s<1", "A"),
        ("s>1", "a"),
        ("线性", "none"),
        ("常数", "none"),
        ("$x_1$", "L" * 300),
    ],
    seeds=Seeds(confirm=range(2)),
)


class Page(HTMLParser):
    """A page's tags, its pictures' sources, and the texts of its cells and paragraphs."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.sources, self.texts, self._open = set(), [], [], ""
        self.feed(text)
        self.texts = [one.strip() for one in self.texts]

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [dict(attrs)["src"]] if tag == "img" else []
        if tag in ("td", "th", "p", "li", "h1", "h2"):
            self.texts.append("")

    def handle_data(self, data):
        if self.texts:
            self.texts[-1] += data


@pytest.fixture(scope="module")
def found():
    runs = run_block(STUDY.blocks()[0])
    links = {(signature, name): "http://127.0.0.1/#/1" for signature in STUDY.labels() for name in NAMES}
    return findings("名 <i>x", STUDY, Tables(runs, curve_table({}), figure_table({})), links=links)


@pytest.fixture(scope="module")
def written(found):
    """Every file: a warning of matplotlib, such as of a missing glyph, is an error here."""
    return files(found)


def test_every_name_stands_on_the_page_as_it_is(written):
    page = Page(written["report.html"].decode())
    assert not {"script", "lambda", "b", "i"} & page.tags
    for name in NAMES:
        assert f"arm {name}" in page.texts
    for contrast in STUDY.contrasts:
        assert page.texts.count(f"{contrast.treatment} − {contrast.baseline}") >= 3
    assert "名 <i>x" in page.texts
    assert STUDY.question in page.texts
    assert any("圆 <b>|$y$" in text for text in page.texts)


def test_every_contrast_has_a_picture_of_its_own_on_any_disk_and_on_the_page(written):
    paired = [name for name in written if name.startswith("paired-") and name.endswith(".png")]
    assert len({name.lower() for name in paired}) == len(STUDY.contrasts)
    sources = Page(written["report.html"].decode()).sources
    assert len(sources) == len([name for name in written if name.endswith(".svg")])
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)


def test_a_picture_says_what_its_numbers_stand_for(written):
    below = [text for text in Page(written["report.html"].decode()).texts if text.startswith("In the picture ")]
    listed = [one for text in below for one in text.removeprefix("In the picture ").removesuffix(".").split("; ")]
    numbers = dict(one.split(" is ") for one in listed)
    assert all(re.fullmatch(r"\[\d\]", number) for number in numbers)
    assert {"线性", "常数", "圆 <b>|$y$", "名 <i>x", "L" * 300} <= set(numbers.values())
    assert len(set(numbers.values())) == len(numbers)


def test_a_dollar_is_drawn_as_it_is_written(written):
    (paired,) = [name for name in written if name.startswith("paired-x-1-L") and name.endswith(".svg")]
    assert ">$x_1$<" in written[paired].decode()
    assert ">$x_1$ − LLL" in written["forest.svg"].decode()


def test_the_overview_has_whole_tables(found):
    rows = [line for line in overview(found).splitlines() if line.startswith("|")]
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render("\n".join(rows))
    assert html.count("<td>") == 4 * len(STUDY.contrasts)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; − none" in html


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_says_its_text(name):
    html = MarkdownIt("commonmark").enable("table").render("\n".join(table(("head",), [(name,)])))
    assert Page(html).texts == ["head", name]


def test_what_is_markdown_already_and_intervals_stay():
    assert literal(Markdown("**a** [b](c)")) == "**a** [b](c)"
    assert literal("+1.94 [+1.25, +2.64], 95 % [no_split]") == r"+1.94 [+1.25, +2.64], 95 % \[no_split\]"
    assert literal("a\n b") == "a b"
