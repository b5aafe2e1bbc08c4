"""A study is found by what one types, and says itself what that is."""

import pytest

from studies.command import catalogue
from tests.tools.study_file import written


@pytest.mark.parametrize("smoke", [False, True])
def test_what_names_a_study_leads_back_to_it(smoke):
    named = catalogue.load("capacity", smoke=smoke)
    assert named.typed == "capacity" + " --smoke" * smoke
    again = catalogue.load_typed(named.typed)
    assert (again.name, again.smoke, again.study.signature()) == (named.name, smoke, named.study.signature())


@pytest.mark.parametrize("smoke", [False, True])
def test_a_users_own_file_is_named_by_its_whole_path(tmp_path, monkeypatch, smoke):
    work = tmp_path / "my studies" / "work"
    work.mkdir(parents=True)
    written(work)
    monkeypatch.chdir(work)
    named = catalogue.load("../mine.py", smoke=smoke)
    monkeypatch.chdir(tmp_path)
    again = catalogue.load_typed(named.typed)
    assert named.name == again.name == ("mine-smoke" if smoke else "mine")
    assert again.study.signature() == named.study.signature()


def test_a_study_whose_own_name_ends_in_smoke_is_no_small_sibling(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    named = catalogue.load(written(work, name="wood-smoke.py"))
    assert not named.smoke
    assert not catalogue.load_typed(named.typed).smoke
