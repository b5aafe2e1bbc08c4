"""A number is accepted where its meaning is plain, as Python's own; a name that is none is answered by the nearest."""

import numpy
import pytest
import torch

from spectra_tune.design import (
    Arm,
    Claim,
    Condition,
    Contrast,
    InvalidStudy,
    Outcome,
    Pilot,
    Search,
    Seeds,
    Study,
    Treatment,
    grid,
)
from spectra_tune.design.signature import canonical, digest
from spectra_tune.errors import listed, one_of, positive, true_or_false, whole
from spectra_tune.networks import mlp, module
from spectra_tune.tasks import checkerboard, moons, spirals

PLAIN = {"static": Treatment(strength=0.5, sigma_end=1.0), "none": Treatment.none()}


def study(number=lambda value: value, real=lambda value: value, several=list) -> Study:
    """One study, its whole numbers, other numbers and lists given in some way."""
    long = Arm(treatment=Treatment.none(), changes={"epochs": number(9), "learning_rate": real(0.25)}, stream=number(1))
    return Study(
        question="How is a number given?",
        conditions=grid(
            task=[
                moons(samples=number(60), noise_std=real(0.25), data_seed=number(3)),
                spirals(classes=number(3), turns=real(1.5)),
                checkerboard(cells=number(4)),
            ],
            network=[mlp(width=number(8), depth=number(2)), module(torch.nn.Linear, bias=True)],
            epochs=several([number(6), number(7)]),
            batch_size=several([number(16)]),
            learning_rate=several([real(0.5)]),
        ),
        arms={
            "none": Treatment.none(),
            "static": Treatment(strength=real(0.5), sigma_end=real(1.0), one_sided=True),
            "long": long,
        },
        contrasts=[("static", "none")],
        seeds=Seeds(confirm=several([number(1), number(2)])),
        outcome=Outcome(margin_pp=real(0.5), alpha=real(0.0625)),
        pilot=Pilot(sd_pp=real(0.5), seeds=number(5)),
        probes=["dead_units"],
        probed_at=several([number(2)]),
        reports=number(5),
    )


@pytest.mark.parametrize(
    "given",
    [
        {"number": numpy.int64, "real": numpy.float32},
        {"number": numpy.uint8, "real": numpy.float64, "several": tuple},
        {"number": float},
        {"number": lambda value: torch.tensor(value)},
        {"several": numpy.array},
    ],
    ids=["numpy", "small ones", "whole floats", "torch", "an array"],
)
def test_a_number_is_the_same_however_it_is_given(given):
    assert study(**given) == study()
    assert study(**given).signature() == study().signature()


def test_a_range_is_a_list():
    given = {"task": [moons()], "network": [mlp(width=8)]}
    assert grid(epochs=range(5, 7), **given) == grid(epochs=[5, 6], **given)
    one, other = (module(torch.nn.Linear, device=sizes) for sizes in (range(2, 4), [numpy.int64(2), 3]))
    assert one == other == module(torch.nn.Linear, device=(2, 3))
    assert digest(one) == digest(other)
    assert one.with_hyperparameters(device=[4]).device == (4,)


def test_a_field_of_a_users_own_is_the_same_number_too():
    assert canonical({"size": numpy.int64(3), "rate": numpy.float32(0.5)}) == {"size": 3, "rate": 0.5}


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda: mlp(width=8.5), "width must be a whole number >= 1, got 8.5"),
        (lambda: mlp(width="8"), "width must be a whole number >= 1, got '8'"),
        (lambda: mlp(width=numpy.int64(0)), "width must be a whole number >= 1, got 0"),
        (lambda: mlp(width=True), "width must be a whole number >= 1, got True"),
        (lambda: mlp(width=float("inf")), "width must be a whole number"),
        (lambda: mlp(width=[8]), r"width must be a whole number >= 1, got \[8\]"),
        (lambda: mlp(width=8, activation=["relu"]), "no activation is called .*; did you mean 'relu'"),
        (lambda: Treatment(strength=0.1, sigma_end="1.0"), "sigma_end must be a finite number > 0, got '1.0'"),
        (lambda: Treatment(strength=numpy.array([0.1])), "strength must be a finite number >= 0"),
        (lambda: Treatment(strength=0.1, sigma_end=1, schedule="statik"), "did you mean 'static'"),
        (lambda: Treatment(strength=0.1, penalty=None), "no penalty is called None"),
        (lambda: Treatment(strength=0.1, sigma_end=1, one_sided=1), "one_sided must be True or False, got 1"),
        (lambda: Seeds(confirm="123"), "confirmation seeds must be a list or range, got '123'"),
        (lambda: Seeds(confirm=numpy.int64(5)), "confirmation seeds must be a list or range"),
        (lambda: Seeds(confirm=[numpy.float64(1.5)]), "a whole number >= 0, got 1.5"),
        (lambda: Seeds(confirm=numpy.array([1, 1])), "must be distinct"),
        (lambda: Outcome(descriptive="train_accuracy"), "descriptive must be a list or range, got 'train_accuracy'"),
        (lambda: Outcome(metric="test_acuracy"), "did you mean 'test_accuracy'"),
        (lambda: Contrast(treatment="a", baseline="b", differs="init"), "differs must be a list"),
        (lambda: Claim(gain_pp=1, baseline="none", steps="static"), "the steps of a claim must be a list"),
        (lambda: Arm(treatment=Treatment.none(), changes={"epochs": 2.5}), "epochs must be a whole number >= 1"),
        (lambda: Arm(treatment=Treatment.none(), changes="epochs"), "changes must map fields to values"),
        (lambda: Search(treatment_space={}, configurations=0.5), "configurations must be a whole number >= 1"),
        (lambda: Condition(task=moons(), network=mlp(width=8), optimizer="Adam"), "did you mean 'adam'"),
        (lambda: grid(task=moons(), network=[mlp(width=8)]), "a grid's values of task must be a list"),
        (lambda: module(torch.nn.Linear, regularized="0"), "regularized of Linear must be a list"),
        (lambda: module(torch.nn.Linear, regularized=["0", "0"]), "'0' is named twice"),
        (lambda: module(torch.nn.Linear, bias={"a": 1}), "bias of Linear is a dict"),
        (lambda: moons(samples=numpy.float64(0.5)), "samples must be a whole number >= 2"),
    ],
)
def test_what_has_no_plain_meaning_is_refused_in_a_line(declare, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        declare()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", [{"conditions": Condition(task=moons(), network=mlp(width=8))}, {"contrasts": "ab"}])
def test_a_list_of_one_is_still_a_list(given):
    (name,) = given
    with pytest.raises(InvalidStudy, match=f"{name} must be a list"):
        Study(
            **{
                "question": "Lists?",
                "conditions": grid(task=[moons()], network=[mlp(width=8)]),
                "arms": PLAIN,
                "contrasts": [("static", "none")],
                "seeds": Seeds(confirm=range(3)),
            }
            | given
        )


def test_checked_values_are_pythons_own():
    assert type(whole(numpy.int32(3), "it", 0)) is int
    assert type(whole(3.0, "it", 0, 3)) is int
    assert type(positive(numpy.float32(3), "it")) is float
    assert type(one_of(numpy.str_("a"), "letter", "abc")) is str
    assert true_or_false(numpy.bool_(1), "it") is True
    assert [type(value) for value in listed(numpy.arange(2), "they")] == [int, int]
