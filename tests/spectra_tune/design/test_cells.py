"""What a notebook's cell defines has a signature of all that it uses, and of nothing else."""

import linecache
import sys
from types import ModuleType

import numpy
import pytest
import torch

from spectra_tune.design import Condition, InvalidStudy, condition_signature
from spectra_tune.design.cells import statement_of, used
from spectra_tune.design.signature import canonical, digest
from spectra_tune.design.sources import KEPT, is_own
from spectra_tune.tasks import moons

BASE = """
class Base:
    def regularized(self, built):
        return {}
"""

HELPER = """
def layers(width):
    return torch.nn.Linear(2, width * FACTOR)
"""

NET = """
@dataclass(frozen=True)
class Net(Base):
    width: int = 4
    def build(self, task):
        inside = lambda: layers(self.width)
        return inside()
"""


class Notebook:
    """Cells that are run one by one, as IPython does it: in a module without a file, their lines kept by Python."""

    def __init__(self, monkeypatch):
        self._module, self._monkeypatch, self._count = ModuleType("a_notebook"), monkeypatch, 0
        monkeypatch.setitem(sys.modules, "a_notebook", self._module)
        self.run("import torch\nfrom dataclasses import dataclass")

    def run(self, text):
        self._count += 1
        name = f"/absent/cell_{self._count}.py"
        self._monkeypatch.setitem(linecache.cache, name, (len(text), None, text.splitlines(keepends=True), name))
        exec(compile(text, name, "exec"), vars(self._module))
        return self

    def __getitem__(self, name):
        return vars(self._module)[name]

    @property
    def signature(self):
        return condition_signature(Condition(task=moons(samples=20), network=self["Net"]()))


@pytest.fixture
def notebook(monkeypatch):
    return Notebook(monkeypatch).run("FACTOR = 2").run(BASE).run(HELPER).run(NET)


@pytest.mark.parametrize(
    "cell",
    [
        NET.replace("width: int = 4", "width: int = 4  # another comment"),
        HELPER.replace("FACTOR", "FACTOR + 1"),
        BASE.replace("{}", "dict()") + NET,
        "FACTOR = 3",
        "FACTOR = torch.tensor(2)",
        "FACTOR = {'two': [2]}",
        "import torch.fft as torch",
        "from spectra_tune.tasks import moons as layers",
        "import functools\n@functools.cache\n" + HELPER.strip(),
    ],
)
def test_what_a_definition_uses_of_a_notebook_has_a_part_in_its_signature(notebook, cell):
    before = notebook.signature
    assert notebook.run(cell).signature != before


@pytest.mark.parametrize(
    "cell",
    [NET, HELPER, f"{BASE}\nprint\n{NET}", "FACTOR = 2", "width = inside = task = object()", "def other(): return Net"],
)
def test_nothing_else_has(notebook, cell):
    before = notebook.signature
    assert notebook.run(cell).signature == before


def test_values_count_under_their_names(notebook):
    before = notebook.run("ONE = 1\nTWO = 2\ndef f(): return ONE - TWO").run("ONE, TWO = 1, 2")
    assert digest(before["f"]) != digest(before.run("ONE, TWO = 2, 1")["f"])


def test_a_name_for_installed_code_counts(notebook):
    notebook.run("act = torch.tanh\nLayer = torch.nn.Tanh\ndef f(): return act, Layer")
    signatures = [digest(notebook["f"])]
    for cell in ("act = torch.relu", "act = torch.nn.functional.relu", "Layer = torch.nn.ReLU"):
        signatures.append(digest(notebook.run(cell)["f"]))
    assert len(set(signatures)) == 4


def test_a_method_behind_a_decorator_of_an_installed_package_says_where_its_class_is(notebook):
    notebook.run("class Only:\n    @torch.no_grad()\n    def draw(self): return FACTOR")
    assert str(statement_of(notebook["Only"])).startswith("class Only")


def test_arrays_count_by_content(notebook):
    notebook.run("import numpy\ntable = numpy.zeros(2000)\ndef f(): return table")
    before = digest(notebook["f"])
    notebook["table"][1000] = 1
    assert digest(notebook["f"]) != before
    notebook["table"][1000] = 0
    assert digest(notebook["f"]) == before
    assert numpy.array_equal(notebook["f"](), numpy.zeros(2000))


def test_installed_code_that_it_uses_counts_by_the_name_in_its_text(notebook):
    assert "torch.nn.Linear" in str(statement_of(notebook["layers"]))
    assert canonical(torch.nn.Linear) == {"type": "torch.nn.modules.linear.Linear"}
    assert KEPT not in vars(torch.nn.Linear)


def test_a_value_that_cannot_be_read_is_refused(notebook):
    for cell, kind in (("FACTOR = object()", "object"), ("FACTOR = torch.Generator().get_state", "Generator")):
        with pytest.raises(InvalidStudy, match=f"FACTOR of this notebook, a {kind}, is not"):
            _ = notebook.run(cell).signature


def test_a_class_without_a_method_is_refused(notebook):
    with pytest.raises(InvalidStudy, match=r"the source of Bare must be readable.*a class with a method"):
        digest(notebook.run("class Bare:\n    size = 3")["Bare"]())


def test_on_a_worker_the_digest_that_travelled_counts(notebook, monkeypatch):
    """Where no cell is known, and the module of that name is an installed file."""
    signature, net = notebook.signature, notebook["Net"]
    monkeypatch.setattr(linecache, "cache", {})
    monkeypatch.setitem(sys.modules, "a_notebook", torch)
    assert is_own(net)
    assert condition_signature(Condition(task=moons(samples=20), network=net())) == signature


def test_names_are_those_of_the_module():
    assert used("def f(a, b=B):\n    c = a\n    def g(): return c + D\n    return g") == {"B", "D"}
    assert used("class C(B):\n    x = X\n    y = x\n    def f(self): return self.z, C") >= {"B", "X", "C"}
