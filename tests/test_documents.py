"""The code in the documents runs as it stands there."""

import os
import re
from pathlib import Path

import pytest

from studies.command import catalogue
from tests.test_readme import README

DOCS = Path(__file__).parent.parent / "docs"


def blocks(name):
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(), flags=re.DOTALL)


@pytest.mark.parametrize(
    "name", ["verdicts.md", "mlflow.md", "measurements.md", "data.md", "networks.md", "own-loop.md"]
)
def test_the_code_of_a_guide_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for block in blocks(name):
        exec(block, {})
    assert capsys.readouterr().out
    assert os.listdir(tmp_path) == []


def test_the_tutorials_study_can_be_run_and_its_block_trains(tmp_path, capsys):
    study, notebook = blocks("tutorial.md")
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
    study, space = blocks("search.md")
    file = tmp_path / "tuned.py"
    file.write_text(study)
    named = catalogue.load(str(file))
    assert [condition.network.width for condition in named.study.conditions] == [8, 16, 32, 64, 128]
    exec(space, {})
    assert "sigma_end: 0.5 … 4" in capsys.readouterr().out


def test_every_document_is_linked_from_the_readme():
    for file in DOCS.glob("*.md"):
        assert f"docs/{file.name}" in README
