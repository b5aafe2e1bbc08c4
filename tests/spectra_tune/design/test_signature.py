"""A signature says all that determines a run: a user's sources with all that they rest on, and no installed code."""

import importlib
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import partial

import numpy
import pytest
import torch

from spectra_tune.design import Condition, InvalidStudy, Treatment, condition_signature
from spectra_tune.design.signature import canonical, digest
from spectra_tune.design.sources import KEPT
from spectra_tune.networks import mlp, module
from spectra_tune.tasks import moons

FILES = {
    "mine.py": "import beside\nfrom below import deeper\nfrom package.nets import Net\n"
    "class Own(Net):\n    def __init__(self, inputs, outputs, size=2):\n        super().__init__()\n"
    "    def forward(self, x):\n        import late\n        return x\n",
    "beside.py": "import further\n",
    "further.py": "FURTHER = 1\n",
    "late.py": "LATE = 1\n",
    "unused.py": "UNUSED = 1\n",
    "below/__init__.py": "",
    "below/deeper.py": "from . import deepest\n",
    "below/deepest.py": "DEEPEST = 1\n",
    "package/__init__.py": "",
    "package/nets.py": "import torch\nfrom .bases import Base\nclass Net(Base):\n    pass\n",
    "package/bases.py": "import torch\nfrom .parts import part\nclass Base(torch.nn.Module):\n    pass\n",
    "package/parts.py": "part = 1\n",
}
OF_BEFORE = "47326eceaadb1c77381e0b7fdbc73333a197c91344a3ef55fb368b372a21865a"
"""Of a Condition, moons and mlp(width=8) with all defaults, since the first records."""

NAMES = ("mine", "beside", "further", "late", "unused", "below", "package")


@pytest.fixture
def signature(tmp_path, monkeypatch):
    """Signature of a Condition with the user's class, after `changed` files have got a line more."""
    monkeypatch.syspath_prepend(tmp_path)

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] in NAMES]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def of(*changed, first=(), **hyperparameters):
        forget()
        for name, text in FILES.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text + ("# changed\n" if name in changed else ""))
        for name in first:
            importlib.import_module(name)
        own = importlib.import_module("mine").Own
        return condition_signature(Condition(task=moons(), network=module(own, **hyperparameters)))

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield of
    forget()


@pytest.mark.parametrize("changed", [name for name, text in FILES.items() if text and name != "unused.py"])
def test_every_file_that_a_definition_rests_on_is_in_its_signature(signature, changed):
    assert signature(changed) != signature() == signature()


def test_a_file_that_nothing_imports_is_not(signature):
    assert signature("unused.py") == signature()


def test_what_was_imported_before_changes_no_signature(signature):
    assert signature(first=["late", "unused", "package.parts"]) == signature()


def test_hyperparameters_are_in_it_classes_and_functions_too(signature):
    plain = signature()
    given = [{"size": 2}, {"size": 3}, {"size": torch.nn.ReLU}, {"size": torch.nn.Tanh}, {"size": torch.tanh}]
    given += [{"size": torch.nn.functional.gelu}, {"size": partial(max, 1)}, {"size": partial(max, 2)}]
    assert len({plain, *(signature(**one) for one in given)}) == 1 + len(given)


@dataclass(frozen=True)
class Own:
    """A network of this file."""

    kept: object = 1

    def build(self, task):
        return torch.nn.Linear(2, 1)

    def regularized(self, built):
        return {}


def test_a_field_that_came_later_appears_only_where_it_is_set():
    """So that records of before keep their signatures: these are of the time before penalties had names."""
    assert "penalty" not in canonical(Treatment(strength=0.1, sigma_end=1.0))
    assert canonical(Treatment(strength=0.1, penalty="frobenius"))["penalty"] == "frobenius"
    assert canonical(Own())["kept"] == 1
    signature = condition_signature(Condition(task=moons(), network=mlp(width=8)))
    assert signature == OF_BEFORE


def test_installed_code_counts_by_name_and_is_left_as_it_is():
    assert canonical(torch.nn.ReLU) == {"type": "torch.nn.modules.activation.ReLU"}
    assert canonical(torch.nn.functional.softsign) == {"function": "torch.nn.functional.softsign"}
    assert "source" not in canonical(torch.nn.functional.gelu)
    assert canonical(max) == {"function": "builtins.max"}
    assert KEPT not in vars(torch.nn.ReLU)
    assert "source" in canonical(Own)


def test_a_class_of_a_notebook_that_cannot_be_read_is_refused_in_one_line():
    code = (
        "class Unread:\n    pass\nimport __main__\nfrom spectra_tune.design.signature import digest\ndigest(Unread)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "the source of Unread must be readable" in run.stderr


class Slotted:
    __slots__ = ("a",)


def test_what_cannot_be_read_is_refused():
    with pytest.raises(InvalidStudy, match="what determines a Slotted cannot be read"):
        digest(Slotted())
    with pytest.raises(InvalidStudy, match="what determines a dtype cannot be read"):
        condition_signature(Condition(task=moons(), network=Own(kept=torch.float32)))


def test_contents_of_arrays_and_files_count(tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(b"1")
    one = digest(file)
    file.write_bytes(b"2")
    assert digest(file) != one
    array = numpy.arange(6.0)
    assert digest(array) != digest(array.reshape(2, 3)) != digest(array.reshape(2, 3) + 1)


def test_a_kept_digest_is_what_a_worker_goes_by():
    """A class that travelled by value has no file there."""
    known = condition_signature(Condition(task=moons(), network=Own()))
    travelled = type("Own", (Own,), {KEPT: vars(Own)[KEPT], "__module__": "gone", "__qualname__": "Own"})
    assert condition_signature(Condition(task=moons(), network=travelled())) == known
    assert condition_signature(Condition(task=moons(), network=replace(travelled(), kept=3))) != known
