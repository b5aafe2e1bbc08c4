"""A study is found by what one types, and says itself what that is."""

import statistics
import sys
from pathlib import Path

import pytest

from spectra_tune.design import InvalidStudy
from studies.command import catalogue
from tests.tools.study_file import GOOD, HEAD, written


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


BESIDE = {
    "common.py": "import deeper.below\nfrom spectra_tune.tasks import moons\ndef task(samples):\n"
    "    return moons(samples=samples + deeper.below.MORE)\n",
    "deeper/below.py": "from deeper.lowest import MORE\n",  # a folder without an __init__.py
    "deeper/lowest.py": "MORE = 1\n",
    "nets/__init__.py": "",
    "nets/own.py": "import torch\nimport common\nclass Own(torch.nn.Linear):\n"
    "    def __init__(self, inputs, outputs):\n        super().__init__(inputs, outputs)\n",
}
MINE = "import common\nfrom nets.own import Own\nfrom spectra_tune.networks import module\n" + GOOD.replace(
    "moons(samples=60)", "common.task(60)"
).replace("mlp(width=4), mlp(width=8)", "module(Own)")


def placed(folder, text=MINE, **beside):
    """The path of a study file with modules beside it."""
    for name, content in {**BESIDE, **{f"{name}.py": content for name, content in beside.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "mine.py").write_text(HEAD + text)
    return str(folder / "mine.py")


def test_a_study_file_imports_the_modules_beside_it_while_it_loads_and_only_then(tmp_path):
    before = list(sys.path), list(sys.meta_path)
    study = catalogue.load(placed(tmp_path)).study
    assert study.conditions[0].task.samples == 61
    assert (sys.path, sys.meta_path) == before
    assert not {"common", "deeper", "deeper.below", "nets", "nets.own"} & set(sys.modules)
    with pytest.raises(ModuleNotFoundError):
        __import__("common")


def test_modules_of_one_name_beside_two_studies_do_not_mix(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "common.py").write_text("WHOSE = 'another'\n")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    another = __import__("common")
    one = catalogue.load(placed(tmp_path / "one"))
    two = catalogue.load(
        placed(tmp_path / "two", common="from spectra_tune.tasks import circles\ntask = lambda n: circles()")
    )
    assert [str(named.study.conditions[0].task) for named in (one, two)] == ["moons(samples=61)", "circles"]
    assert sys.modules["common"] is another
    del sys.modules["common"]


@pytest.mark.parametrize("changed", BESIDE)
def test_every_module_that_a_definition_rests_on_counts_wherever_it_lies(tmp_path, changed):
    """From the file that defines it, and from a package that imports what lies above it."""
    signatures = set()
    for number, more in enumerate(("", "# changed\n")):
        folder = tmp_path / str(number)
        file = placed(folder)
        (folder / changed).write_text(BESIDE[changed] + more)
        signatures.add(catalogue.load(file).study.signature())
    assert len(signatures) == (1 if changed == "nets/__init__.py" else 2)


def test_a_module_of_hers_hijacks_neither_pythons_nor_installed_ones(tmp_path):
    sys.modules.pop("sched", None)  # of Python's, and loaded by nobody here
    named = catalogue.load(
        placed(tmp_path, "from importlib import import_module\nFOUND = import_module('sched')\n" + GOOD, sched="x = 1")
    )
    assert hasattr(named.module.FOUND, "scheduler")


@pytest.mark.parametrize("name", ["statistics", "numpy", "analysis"])
def test_a_module_that_has_an_installed_ones_name_is_refused_where_it_is_imported(tmp_path, name):
    file = placed(tmp_path, f"import {name}\n" + GOOD, **{name: "x = 1"})
    with pytest.raises(InvalidStudy, match=f"must have a name of its own, .*{name}.py has that of"):
        catalogue.load(file)
    assert sys.modules["statistics"] is statistics


@pytest.mark.parametrize(
    ("text", "common", "says"),
    [
        ("import common", "def f():\n    1 / 0\nf()", "common.py, line 2: ZeroDivisionError"),
        ("import common", "x = (", "common.py, line 1: SyntaxError: .* was never closed$"),
        ("import comon", "", "mine.py, line 5: ModuleNotFoundError: No module named 'comon'"),
        ("import common\ncommon.moon()", "", "mine.py, line 6: AttributeError: .*; did you mean 'moons'?"),
        ("Treatmnt(strength=0.1)", "", "line 5: NameError: .*; did you mean 'Treatment'?"),
        ("spirals()", "", "line 5: NameError: .*; import it: from spectra_tune.tasks import spirals"),
        ("Treatment.non()", "", "line 5: AttributeError: .*; did you mean 'none'?"),
        ("Seeds(confrim=range(3))", "", "line 5: TypeError: .*; did you mean 'confirm'?"),
        ("class Own:\n    def __init__(self, size):\n        pass\nOwn(siz=3)", "", "line 8: .*did you mean 'size'?"),
        ("Treatment(strength=0.1, sigma_end='1')", "", "line 5: sigma_end must be a finite number > 0, got '1'"),
    ],
)
def test_an_error_in_a_users_file_is_a_line_that_says_where(tmp_path, text, common, says):
    file = placed(tmp_path, text, common="from spectra_tune.tasks import moons\n" * (common == "") + common)
    with pytest.raises(InvalidStudy, match=says) as refused:
        catalogue.load(file)
    assert "\n" not in str(refused.value)
    assert not {"common", "nets"} & set(sys.modules)


@pytest.mark.parametrize("name", [" mine.py", "two\nlines.py"])
def test_a_study_file_whose_name_is_no_line_of_text_is_refused(tmp_path, name):
    work = tmp_path / "work"
    work.mkdir()
    file = Path(work, written(work, name=name))
    with pytest.raises(InvalidStudy, match="a study file's name must"):
        catalogue.load(str(file))
