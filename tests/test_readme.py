"""What the README shows works as it stands there."""

import re
from pathlib import Path

import pytest

from studies.command import catalogue
from tests.tools.mutate import MUTATIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_study_is_a_study(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(BLOCKS[0])
    assert catalogue.load(str(file)).study.tests == 2


def test_it_is_read_in_a_minute():
    assert README.count("\n") < 120


def test_its_two_commands_are_targets_of_the_makefile():
    commands = re.search(r"```\n(make .*?)```", README, flags=re.DOTALL)
    assert commands is not None
    named = re.findall(r"^make (\S+)", commands[1], flags=re.MULTILINE)
    assert len(named) == 2
    assert set(named) <= set(re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("name", catalogue.listed())
def test_every_study_is_in_the_table(name):
    assert f"| `{name}` | {catalogue.listed()[name]} |" in (ROOT / "docs" / "studies.md").read_text()


def test_what_came_out_is_that_of_the_whole_account():
    whole = (ROOT / "docs" / "what-came-out.md").read_text()
    rows = re.findall(r"^\| .*?\(`\w+`\) \| (.*?) \|", README, flags=re.MULTILINE)
    assert len(rows) == 7
    assert all(row.strip("*") in whole for row in rows)


def test_the_document_lists_every_mutation():
    text = (ROOT / "docs" / "concepts" / "statistics.md").read_text()
    assert all(f"| {mutation.name} | `{mutation.file}` |" in text for mutation in MUTATIONS)
