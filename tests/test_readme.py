"""What the README shows works as it stands there."""

import re
from pathlib import Path

import pytest

from studies.command import catalogue
from tests.tools.mutate import MUTATIONS

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_study_is_a_study(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(BLOCKS[0])
    assert catalogue.load(str(file)).study.tests == 2


def test_the_example_block_trains():
    names: dict = {}
    exec(BLOCKS[1], names)
    assert len(names["runs"]) == 40


@pytest.mark.parametrize("name", catalogue.listed())
def test_every_study_is_in_the_table(name):
    assert f"| `{name}` | {catalogue.listed()[name]} |" in README


def test_linked_files_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (Path(__file__).parent.parent / target).exists(), target


def test_the_document_lists_every_mutation():
    text = (Path(__file__).parent.parent / "docs" / "statistics.md").read_text()
    assert all(f"| {mutation.name} | `{mutation.file}` |" in text for mutation in MUTATIONS)
