"""The code in the documents runs as it stands there."""

import os
import re
from pathlib import Path

import pytest

from studies.command import catalogue
from tests.tools.markdown_links import broken, reached

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def blocks(name):
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(), flags=re.DOTALL)


@pytest.mark.parametrize(
    "name",
    [
        "concepts/verdicts.md",
        *(f"reference/{name}.md" for name in ("mlflow", "measurements", "data", "networks", "trained-networks")),
        "tutorials/own-loop.md",
    ],
)
def test_the_code_of_a_guide_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for block in blocks(name):
        exec(block, {})
    assert capsys.readouterr().out
    assert os.listdir(tmp_path) == []


def test_the_tutorials_study_can_be_run_and_its_block_trains(tmp_path, capsys):
    study, notebook = blocks("tutorials/own-network-and-data.md")
    file = tmp_path / "mine.py"
    file.write_text(study)
    named = catalogue.load(str(file))
    assert named.study.tests == 2
    names = vars(named.module)
    exec(notebook, names)
    assert len(names["runs"]) == 10
    assert names["runs"]["equal_bits"].all()
    assert "of 60" in capsys.readouterr().out


def test_the_search_guides_study_is_one_and_its_space_prints(tmp_path, capsys):
    study, space = blocks("concepts/selection.md")
    file = tmp_path / "tuned.py"
    file.write_text(study)
    named = catalogue.load(str(file))
    assert [condition.network.width for condition in named.study.conditions] == [8, 16, 32, 64, 128]
    exec(space, {})
    assert "sigma_end: 0.5 … 4" in capsys.readouterr().out


def test_the_first_study_can_be_run_and_its_block_trains(tmp_path):
    study, block = blocks("tutorials/first-study.md")
    file = tmp_path / "mine.py"
    file.write_text(study)
    assert catalogue.load(str(file)).study.tests == 2
    names: dict = {}
    exec(block, names)
    assert len(names["runs"]) == 40


def test_every_link_of_every_page_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    assert len(pages) > 15
    assert [line for page in pages for line in broken(page)] == []


def test_every_page_is_reached_from_the_index():
    assert set(DOCS.rglob("*.md")) <= reached(DOCS / "index.md")
    assert DOCS / "index.md" in reached(ROOT / "README.md")


def test_a_link_to_nowhere_is_found(tmp_path):
    (tmp_path / "other.md").write_text("## A heading, `code` and more\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md#a-heading-code-and-more) [b](other.md#none) [c](absent.md) ![d](https://example.org/x)\n"
    )
    assert broken(page) == ["page.md: other.md#none", "page.md: absent.md"]
