"""What cannot be trained of a user's own is refused before anything is launched, in a line that says where it is."""

import re
import subprocess
import sys
from dataclasses import replace

import numpy
import pytest
from PIL import Image

from spectra_tune.design import Arm, Contrast, InvalidStudy, Seeds, Study, Treatment, grid
from spectra_tune.launching.trainables import _one_line
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from spectra_tune.tasks.picture_files import pictures
from studies.__main__ import main
from studies.command import catalogue
from studies.command.rehearsal import rehearse_own

FILE = """from dataclasses import dataclass
import random
import numpy, pandas, torch
from spectra_tune.design import *
from spectra_tune.networks import mlp, module
from spectra_tune.tasks import moons

class Net(torch.nn.Module):
    def __init__(self, inputs, outputs, width=4):
        super().__init__()
        self.inner, self.outer = torch.nn.Linear(inputs, width), torch.nn.Linear(width, outputs)
        INIT

    def forward(self, x):
        FORWARD
        return self.outer(torch.relu(self.inner(x)))

CALLS = []

@dataclass(frozen=True)
class Data:
    classes = 2
    features = 2

    def draw(self, split, seed):
        x, y = moons(samples=40).draw(split, seed)
        DRAW
        return x, y

STUDY = Study(
    question="Can it be trained?",
    conditions=grid(task=[TASK], network=[NETWORK], epochs=[2]),
    arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(3)),
)
"""
PASS = {"INIT": "pass", "FORWARD": "pass", "DRAW": "pass", "TASK": "moons(samples=40)", "NETWORK": "module(Net)"}
OWN_DATA = {"TASK": "Data()", "NETWORK": "mlp(width=4)"}


def line_of(part: str) -> int:
    return next(number for number, line in enumerate(FILE.splitlines(), start=1) if part in line)


def loaded(folder, **parts):
    text = re.sub(r"\b(" + "|".join(PASS) + r")\b", lambda found: {**PASS, **parts}[found[0]], FILE)
    (folder / "mine.py").write_text(text)
    return catalogue.load(str(folder / "mine.py")).study


IN_INIT, IN_FORWARD, IN_DRAW = (line_of(part) for part in ("  INIT", "  FORWARD", "  DRAW"))
OF_INIT, OF_FORWARD, OF_DRAW = (line_of(f"def {name}(") for name in ("__init__", "forward", "draw"))


@pytest.mark.parametrize(
    ("parts", "line", "says"),
    [
        ({"INIT": "self.outer.weight.data.fill_(torch.nan)"}, OF_INIT, "initial weights must be finite, outer.weight"),
        ({"INIT": "self.half()"}, OF_INIT, "weights of float32, .* inner.weight is torch.float16"),
        ({"INIT": "self.own = torch.nn.Parameter(torch.ones(2) * 1j)"}, OF_INIT, "float32, .*own is torch.complex64"),
        ({"INIT": "self.to('meta')"}, OF_INIT, "must leave the device to the study.* inner.weight on meta"),
        ({"INIT": "self.inner.weight.data = self.outer.weight.data.T"}, OF_INIT, "share memory"),
        ({"INIT": "self.requires_grad_(False)"}, OF_INIT, "must have parameters that are trained"),
        (
            {"INIT": "self.outer.bias.data.fill_(numpy.random.default_rng().random())"},
            OF_INIT,
            "two builds of one seed",
        ),
        ({"INIT": "1 / 0"}, IN_INIT, "ZeroDivisionError: division by zero"),
        ({"INIT": "len(3)"}, IN_INIT, "TypeError: object of type 'int' has no len"),
        ({"INIT": "self.to('xpu:7')"}, IN_INIT, "Error: "),
        ({"FORWARD": "return self.outer(self.inner(x)).half()"}, OF_FORWARD, "outputs of float32, got torch.float16"),
        ({"FORWARD": "return self.outer(self.inner(x)) * 1j"}, OF_FORWARD, "outputs of float32, got torch.complex64"),
        ({"FORWARD": "return self.inner(x)"}, OF_FORWARD, r"must give outputs \(samples, 1\), got \(8, 4\)"),
        ({"FORWARD": "return self.outer(self.inner(x))[:, 0]"}, OF_FORWARD, r"\(samples, 1\), got \(8,\)"),
        ({"FORWARD": "x = self.outer(x)"}, IN_FORWARD, "forward must take x .8, 2., got RuntimeError"),
        ({"FORWARD": "if self.training: raise ArithmeticError('tired')"}, IN_FORWARD, "ArithmeticError: tired"),
        ({"FORWARD": "return self.outer(self.inner(x)).detach()"}, OF_FORWARD, "does not require grad"),
        ({"NETWORK": "module(Net, regularized=['iner'])"}, OF_INIT, "no module 'iner' .* did you mean 'inner'?"),
        (
            {"INIT": "self.more = self.inner", "NETWORK": "module(Net, regularized=['inner', 'outer.x'])"},
            OF_INIT,
            "outer",
        ),
        ({"NETWORK": "module(Net, width=2.5)"}, IN_INIT - 1, "TypeError"),
        (OWN_DATA | {"DRAW": "CALLS.append(1); x = x + len(CALLS)"}, OF_DRAW, "two draws of 'train', seed 0, differ"),
        (OWN_DATA | {"DRAW": "x = x + numpy.random.normal()"}, OF_DRAW, "two draws of 'train', seed 0, differ"),
        (OWN_DATA | {"DRAW": "x = x + random.random() * (split == 'test')"}, OF_DRAW, "two draws of 'test'"),
        (
            OWN_DATA | {"DRAW": "y = numpy.array(['dog', 'cat'])[y]"},
            OF_DRAW,
            "0 … 1, got .* with '(dog|cat)'",
        ),
        (OWN_DATA | {"DRAW": "y = y + 1"}, OF_DRAW, "must draw labels 0 … 1, got 1 … 2"),
        (OWN_DATA | {"DRAW": "y = y * 0"}, OF_DRAW, "at least two classes, got one in split 'train'"),
        (OWN_DATA | {"DRAW": "x = pandas.DataFrame({'a': x[:, 0], 'b': 'text'})"}, OF_DRAW, "must draw numbers x"),
        (OWN_DATA | {"DRAW": "return x, y, 3"}, OF_DRAW, "must draw a pair of arrays x, y, .* too many values"),
        (OWN_DATA | {"DRAW": "raise KeyError('column')"}, IN_DRAW, "KeyError: 'column'"),
        (OWN_DATA | {"DRAW": "x = x[:, :1]"}, OF_DRAW, r"samples of shape \(2,\), got \(40, 1\)"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_line(tmp_path, parts, line, says):
    study = loaded(tmp_path, **parts)
    with pytest.raises(InvalidStudy, match=says) as refused:
        rehearse_own(study)
    assert str(refused.value).startswith(f"{tmp_path / 'mine.py'}, line {line}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"INIT": "self.outer.bias.data.fill_(numpy.random.normal() + random.random())"},
        {"FORWARD": "x = x + (numpy.random.normal() if self.training else 0)"},
        {"FORWARD": "return self.outer(self.inner(x)).double()"},
        {"NETWORK": "module(Net, width=numpy.int64(5))"},
        OWN_DATA,
        OWN_DATA | {"DRAW": "y = y == 1"},
        OWN_DATA | {"DRAW": "y = y.astype(float)"},
        OWN_DATA | {"DRAW": "y = y * 0; y[0] = 1"},
        OWN_DATA | {"NETWORK": "module(Net)", "DRAW": "y = y * 0; y[0] = 1"},
        OWN_DATA | {"DRAW": "x, y = pandas.DataFrame(x, columns=['a', 'b']), pandas.Series(y)"},
        OWN_DATA | {"DRAW": "x, y = x.tolist(), y.tolist()"},
        OWN_DATA | {"DRAW": "x, y = torch.tensor(x), torch.tensor(y)"},
    ],
)
def test_what_has_a_plain_meaning_is_trained(tmp_path, parts):
    from spectra_tune.engine import run_block

    study = loaded(tmp_path, **parts)
    rehearse_own(study)
    assert set(run_block(study.blocks()[0])["status"]) == {"ok"}


def test_rehearsing_leaves_no_trace(tmp_path):
    import numpy
    import torch

    study = loaded(tmp_path, INIT="numpy.random.normal()", FORWARD="numpy.random.normal()", TASK="Data()")
    before = torch.get_rng_state(), numpy.random.get_state()[1].copy()
    rehearse_own(study)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (numpy.random.get_state()[1] == before[1]).all()


@pytest.mark.parametrize("verb", ["show", "run"])
def test_the_command_refuses_it_before_it_writes_anything(tmp_path, folder, capsys, verb):
    loaded(tmp_path, INIT="1 / 0")
    assert main([verb, str(tmp_path / "mine.py")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"spectra-tune: {tmp_path / 'mine.py'}, line {IN_INIT}: ZeroDivisionError: division by zero\n"
    assert list(folder.iterdir()) == []


def test_an_error_of_training_says_where_in_a_users_code_it_is(tmp_path):
    study = loaded(tmp_path, FORWARD="CALLS.append(x); len(CALLS) < 40 or self.training and {}[3]")
    rehearse_own(study)
    from spectra_tune.engine import run_block

    with pytest.raises(KeyError) as raised:
        run_block(study.blocks()[0])
    assert _one_line(raised.value) == f"KeyError: 3 ({tmp_path / 'mine.py'}, line {IN_FORWARD})"


def test_data_of_a_users_own_are_tried_with_our_networks(tmp_path, folder, capsys):
    generator = numpy.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(8):
            pixels = generator.integers(0, 256, (30, 30)).astype(numpy.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    cut = tmp_path / "pictures" / "a" / "3.png"
    given = {
        "TASK": f"__import__('spectra_tune.tasks').tasks.images({str(tmp_path / 'pictures')!r})",
        "NETWORK": "mlp(width=4)",
    }
    rehearse_own(loaded(tmp_path, **given))
    cut.write_bytes(cut.read_bytes()[:300])
    pictures.cache_clear()
    loaded(tmp_path, **given)
    assert main(["run", str(tmp_path / "mine.py")]) == 2
    assert f"{cut} must be a whole picture" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("task", ["elections()", "pride_and_prejudice(samples=20)"])
def test_a_network_that_does_not_fit_a_task_of_ours_is_refused(tmp_path, task):
    study = loaded(tmp_path, TASK=f"__import__('spectra_tune.tasks').tasks.{task}", NETWORK="mlp(width=4)")
    with pytest.raises(InvalidStudy, match=r"mlp\.forward must take x"):
        rehearse_own(study)


def test_nothing_is_loaded_to_try_a_study_of_ours():
    code = (
        "import sys\nfrom studies.command import catalogue, rehearsal\n"
        "rehearsal.rehearse_own(catalogue.load('capacity').study)\nassert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("changed", [False, True])
def test_muon_without_a_matrix_to_move_is_refused_before_anything_is_launched(changed):
    muon = {"optimizer": "muon"}
    arm = Arm(treatment=Treatment(sigma_end=1.0, strength=0.1), changes=muon if changed else {})
    (condition,) = grid(task=[moons(samples=60)], network=[mlp(width=8, depth=1)], epochs=[2])
    given = Study(
        question="Does it train?",
        conditions=[condition if changed else replace(condition, **muon)],
        arms={"none": Treatment.none(), "one": arm},
        contrasts=[Contrast(treatment="one", baseline="none", differs=set(muon) if changed else set())],
        seeds=Seeds(confirm=range(8)),
    )
    with pytest.raises(InvalidStudy, match="needs a matrix between the first layer and the last") as caught:
        rehearse_own(given)
    assert "\n" not in str(caught.value)
