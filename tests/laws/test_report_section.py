"""Every section of the report is valid Markdown, tables that parse and pictures that render, or it is absent."""

import io
import pkgutil
import re
from dataclasses import replace
from importlib import import_module

import pandas
import pytest
from markdown_it import MarkdownIt

from analysis.figures import rendered
from analysis.judging.declared import declared
from analysis.report import findings, findings_of_declared, sections
from analysis.report.elements.needs import Need, lacks
from analysis.report.sections import SECTIONS, sections_of
from spectra_tune.design import Arm, Attack, Block, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.networks import mlp
from spectra_tune.results import COMPLEXITY, COST, Tables, curve_table, figure_table, joined, with_costs
from spectra_tune.tasks import moons
from tests.analysis.describing.conftest import STUDY as BESIDE
from tests.analysis.describing.test_factors import STUDY as FACTORED
from tests.tools.elsewhere import DECLARATION, PROBLEMS, results
from tests.tools.searching import STUDY as SEARCHING
from tests.tools.searching import answered, near_two

TARGETS = {f"to {sigma:g}": Treatment(schedule="static", sigma_end=sigma, strength=0.2) for sigma in (0.5, 1, 2, 4)}
WHOLE = replace(BESIDE, arms={**dict(BESIDE.arms), **TARGETS}, threshold=0.6, seeds=Seeds(confirm=range(5)))
ALONE = replace(
    BESIDE, conditions=BESIDE.conditions[:1], contrasts=BESIDE.contrasts[:1], claim=None, seeds=Seeds(confirm=range(2))
)
AGAIN = Study(
    question="How often is nothing something?",
    conditions=grid(task=[moons(samples=40)], network=[mlp(width=3)], epochs=[1]),
    arms={"none": Treatment.none(), "again": Arm(treatment=Treatment.none(), stream=1)},
    contrasts=[Contrast(treatment="again", baseline="none", differs={"stream"})],
    seeds=Seeds(confirm=range(100)),
)


def whole():
    """A study with all that is no search's: curves, figures, timings, complexity, probes, a claim and a sweep."""
    tables = []
    for block in WHOLE.blocks():
        training = BlockTraining(block)
        while not training.finished:
            report = training.advance()
        tables.append(Tables(report.runs, training.curves(), training.figures()))
    runs, curves, figures = joined(tables)
    costs = {name: dict.fromkeys(COST, 1.0 + at) for at, (name, _) in enumerate(WHOLE.arms)}
    hard = (runs["task"] == str(WHOLE.conditions[0].task)) + 1.0
    measured = dict.fromkeys(COMPLEXITY, hard) | {"probe_x": runs["seed"] * hard, "probe_reasons": ""}
    measured |= {"probe_gradient_flow_1": 0.5 * runs["seed"], "probe_gradient_flow_slope": 0.1 * hard}
    return findings("whole", WHOLE, Tables(with_costs(runs, costs).assign(**measured), curves, figures))


def alone():
    """One contrast in one Condition on two seeds, and nothing beside the runs."""
    return findings("alone", ALONE, Tables(run_block(ALONE.blocks()[0]), curve_table({}), figure_table({})))


def again():
    """Equal Treatments on so many seeds that an error rate can be told."""
    return findings("again", AGAIN, Tables(run_block(AGAIN.blocks()[0]), curve_table({}), figure_table({})))


def attacked():
    """Two arms on few seeds under attack."""
    study = replace(ALONE, outcome=Outcome(metric="test_robust_accuracy", attack=Attack(norm="l2", epsilon=0.2)))
    return findings("attacked", study, Tables(run_block(study.blocks()[0]), curve_table({}), figure_table({})))


def factored():
    """Conditions that differ in factors."""
    runs = pandas.concat([run_block(block) for block in FACTORED.blocks()], ignore_index=True)
    return findings("factored", FACTORED, Tables(runs, curve_table({}), figure_table({})))


def searched():
    """A search on three seeds, and its confirmation."""
    tables = []
    for stratum, condition in enumerate(SEARCHING.conditions):
        for arm in SEARCHING.sides():
            values = [{"learning_rate": 0.01 * (number + 1), "sigma_end": 1.0 + number / 9} for number in range(10)]
            pack = ConfigurationBatch(
                stratum=stratum, arm=arm, values=dict(enumerate(values)), repeats={}, seeds=SEARCHING.seeds.search
            )
            tables.append(answered(pack, near_two, SEARCHING).assign(parameters=100 * (stratum + 1)))
        seeds = SEARCHING.seeds.confirm[:5]
        tables.append(run_block(Block(condition=condition, arms=dict(SEARCHING.arms), seeds=seeds)))
    runs = pandas.concat(tables, ignore_index=True)
    runs["one_split"] = runs["one_split"].fillna(False).astype(bool)
    return findings("searched", SEARCHING, Tables(runs, curve_table({}), figure_table({})))


def elsewhere():
    """A table of another tool: arms, seeds and one metric."""
    return findings_of_declared("elsewhere", declared(results(PROBLEMS[:2]), DECLARATION, "table.csv"))


@pytest.fixture(scope="module")
def studies():
    return [whole(), alone(), again(), attacked(), factored(), searched(), elsewhere()]


@pytest.fixture(scope="module", params=SECTIONS)
def told(request, studies):
    """What one section says of each study that it says something of."""
    tell, needs = import_module(f"{sections.__name__}.{request.param}").section, SECTIONS[request.param]
    able = [found for found in studies if not any(lacks(found, need) for need in needs)]
    return [section for found in able if (section := tell(found)) is not None]


def tables_in(lines):
    """Runs of lines that are rows of a Markdown table."""
    blocks, before = [], ""
    for line in "\n".join(lines).split("\n"):
        if line.startswith("|"):
            blocks.append([line]) if not before.startswith("|") else blocks[-1].append(line)
        before = line
    return blocks


def test_the_list_has_every_section_once():
    assert sorted(SECTIONS) == sorted(module.name for module in pkgutil.iter_modules(sections.__path__))


def test_every_need_is_lacking_somewhere_and_every_section_left_out_is_named_once(studies):
    for need in Need:
        assert any(lacks(found, need) for found in studies)
    for found in studies:
        left = [name for name, needs in SECTIONS.items() if any(lacks(found, need) for need in needs)]
        last = sections_of(found)[-1]
        told = [line.rpartition(": ")[2].rstrip(".") for line in last.lines if line.startswith("- Left out, since ")]
        named = [name for line in told for name in line.split(", ")]
        assert sorted(named) == sorted(name.replace("_", " ") for name in left)


def test_a_section_is_told_of_one_of_these_studies(told):
    assert told


def test_a_section_has_a_heading_of_its_own_and_ends_with_an_empty_line(told):
    for section in told:
        assert section.lines[0].startswith("## ")
        assert section.lines[-1] == ""
        assert [line for line in section.lines if line.startswith(("# ", "## "))] == [section.lines[0]]


def test_a_section_says_something_below_its_heading_and_prints_no_missing_number(told):
    for section in told:
        assert any(section.lines[1:]) or section.pictures
        assert not re.search(r"\bnan\b|\bNaN\b|\binf\b|\bNone\b|-0\.00\b", "\n".join(section.lines))


def test_the_tables_of_a_section_have_equal_cells_in_each_row(told):
    for section in told:
        blocks = tables_in(section.lines)
        for rows in blocks:
            assert re.fullmatch(r"\|(---\|)+", rows[1])
            assert {row.count("|") for row in rows} == {rows[1].count("|")}, rows[0]
        html = MarkdownIt("commonmark").enable("table").render("\n".join(section.lines))
        assert html.count("<table>") == len(blocks)


def test_the_files_of_a_sections_tables_can_be_read(told):
    for section in told:
        for table in section.tables.values():
            again = pandas.read_csv(io.StringIO(table.to_csv(index=False)))
            assert list(again.columns) == list(table.columns)
            assert len(again) == len(table)


def test_the_pictures_of_a_section_can_be_drawn(told):
    for section in told:
        for picture in section.pictures.values():
            assert rendered(picture.draw(), "png").startswith(b"\x89PNG")
            assert picture.shows


def test_no_two_sections_write_the_same_file(studies):
    for found in studies:
        for kind in ("tables", "pictures"):
            names = [name for section in sections_of(found) for name in getattr(section, kind)]
            assert len(names) == len({*names})


def test_a_picture_is_drawn_alike_each_time(studies):
    forest = sections_of(studies[1])[0].pictures["forest"]
    first, second = (rendered(forest.draw(), "svg") for _ in range(2))
    assert first == second
