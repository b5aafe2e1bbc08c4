"""A thing is called by its class and what differs from its defaults; other names have other files."""

from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path

import numpy
import pytest

from spectra_tune.design import InvalidStudy, Seeds, Study, Treatment, called, distinct_names, grid
from spectra_tune.design.names import checked_name
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

FILES = {"lost": r"[^A-Za-z0-9]", "fill": "-", "longest": 80}


@dataclass(frozen=True)
class Rings:
    """A user's task."""

    samples: int = 200
    classes: int = 2
    features: int = 2
    reference_width: int | None = None
    file: Path | None = None

    def draw(self, split, seed):
        generator = numpy.random.default_rng([seed, len(split)])
        return generator.standard_normal((self.samples, 2)), generator.integers(0, self.classes, self.samples)


@dataclass(frozen=True)
class Net:
    """A user's network."""

    channels: int = 8
    norm: type = int

    def build(self, task):
        raise NotImplementedError

    def regularized(self, module):
        raise NotImplementedError


class Plain:
    def __init__(self, size=3, where="here"):
        self.size, self.where = size, where


class Said(Plain):
    def __str__(self):
        return "my\n own"


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Rings(), "Rings"),
        (Rings(classes=3, samples=50), "Rings(samples=50, classes=3)"),
        (Rings(file=Path("a") / "b.csv"), "Rings(file=b.csv)"),
        (Net(norm=Rings), "Net(norm=Rings)"),
        (Plain(), "Plain"),
        (Plain(size=4), "Plain(size=4)"),
        (Said(), "my own"),
        (moons(noise_std=0.3), "moons(noise_std=0.3)"),
        (Rings, "Rings"),
        (0.5, "0.5"),
        ((8, 16), "(8, 16)"),
    ],
)
def test_a_thing_is_called_by_its_class_and_what_differs_from_its_defaults(thing, name):
    assert called(thing) == name


def test_a_class_that_travelled_to_a_worker_is_called_as_at_home():
    @dataclass
    class Travelled:
        classes: int = 2

    (item,) = fields(Travelled)
    item.default_factory = type(MISSING)()  # pickled by value, the mark of "no factory" is another object
    assert [called(Travelled()), called(Travelled(classes=3))] == ["Travelled", "Travelled(classes=3)"]


def study(**given):
    parts = {
        "question": "What is it called?",
        "conditions": grid(task=[Rings(classes=3)], network=[Net(channels=4), Net(norm=float)], epochs=[1]),
        "arms": {"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
        "contrasts": [("static", "none")],
        "seeds": Seeds(confirm=range(5)),
    }
    return Study(**(parts | given))


def test_conditions_are_labelled_by_fields_of_a_users_network():
    assert list(study().labels().values()) == [
        "Rings(classes=3), channels 4, norm int",
        "Rings(classes=3), channels 8, norm float",
    ]


def test_tasks_that_names_cannot_tell_apart_are_refused():
    class Other(Said):
        features, classes = 2, 2

        def draw(self, split, seed):
            generator = numpy.random.default_rng(seed + self.size)
            return generator.standard_normal((9, 2)), generator.integers(0, 2, 9)

    with pytest.raises(InvalidStudy, match="two are called 'my own': give the class a __str__"):
        study(conditions=grid(task=[Other(size=1), Other(size=2)], network=[mlp(width=2)], epochs=[1]))


@pytest.mark.parametrize("name", ["s<1", "线性", "$x$ | `y`", "..", "L" * 300, "émigré 🙂", "a/../b", "<script>"])
def test_an_arm_may_be_called_anything_in_one_line(name):
    assert checked_name(name, "an arm's name") == name
    arms = {"none": Treatment.none(), name: Treatment(strength=0.1, sigma_end=1.0)}
    assert dict(study(arms=arms, contrasts=[(name, "none")]).arms)[name]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "must be text that is not blank"),
        (" ", "must be text that is not blank"),
        (3, "must be text that is not blank, got 3"),
        (" static", "must have no blanks around it, got ' static': write 'static'"),
        ("static\t", "must have no blanks around it"),
        ("a\nb", r"must be one line of letters and signs, got 'a\\nb': take '\\n' out of it"),
        ("a\x00b", "must be one line"),
        ("a\u2028b", "must be one line"),
    ],
)
def test_an_arm_whose_name_is_no_line_of_text_is_refused(name, says):
    arms = {"none": Treatment.none(), name: Treatment(strength=0.1, sigma_end=1.0)}
    with pytest.raises(InvalidStudy, match=says):
        replace(study(), arms=arms)


AWKWARD = ("s<1", "s>1", "A", "a", "线性", "常数", "..", "L" * 300, "L" * 299, "beta 0.2", "beta -0.2", "é", "e\u0301")


def test_different_names_have_different_files_on_a_disk_that_ignores_case():
    named = distinct_names(AWKWARD, **FILES)
    assert len({name.lower() for name in named.values()}) == len(AWKWARD)
    assert all(name.isascii() and name.replace("-", "").isalnum() and len(name) < 100 for name in named.values())


def test_a_name_that_is_told_apart_anyhow_has_no_hash():
    assert distinct_names(["linear − static", "beta -0.2", "A", "linear"], **FILES) == {
        "linear − static": "linear-static",
        "beta -0.2": "beta-0-2",
        "A": "A",
        "linear": "linear",
    }


def test_a_name_keeps_its_file_whatever_else_is_named():
    assert distinct_names(["线性"], **FILES)["线性"] == distinct_names(AWKWARD, **FILES)["线性"]
