"""A table of results as other people have it: DeepOBS's 8 problems and 3 optimizers against SGD, 10 seeds each."""

import numpy
import pandas
import pytest

from analysis.judging.contrasts import contrast_table
from analysis.judging.declared import Declaration, declared, judge_declared
from spectra_tune.design import InvalidStudy

PROBLEMS = (
    *("quadratic_deep", "mnist_vae", "fmnist_2c2d", "cifar10_3c3d", "fmnist_vae", "cifar100_allcnnc"),
    *("svhn_wrn164", "tolstoi_rnn"),
)
EFFECTS = {"sgd": 0.0, "adagrad": 0.0, "adam": 1.8, "momentum": -0.9}
"""Percentage points over sgd; of adam times the problem's place less 3."""

DECLARATION = Declaration(
    arm="optimizer",
    seed="random_seed",
    metric="test_acc",
    conditions=("testproblem",),
    baseline="sgd",
    given_in="percent",
    margin=1.0,
)
OPTIONS = ["--arm", "optimizer", "--seed", "random_seed", "--metric", "test_acc", "--condition", "testproblem"]
OPTIONS += ["--baseline", "sgd", "--margin", "1"]


def results(problems=PROBLEMS, seeds=10) -> pandas.DataFrame:
    """Accuracies in percent; runs of a seed share half of their spread."""
    generator, rows = numpy.random.default_rng(7), []
    for place, problem in enumerate(problems):
        for seed in range(42, 42 + seeds):
            shared = generator.normal(0, 0.8)
            for optimizer, effect in EFFECTS.items():
                gain = effect * (place - 3) / 2 if optimizer == "adam" else effect
                value = 55 + 5 * place + shared + gain + generator.normal(0, 0.45)
                rows.append((problem, optimizer, seed, round(float(value), 2)))
    return pandas.DataFrame(rows, columns=["testproblem", "optimizer", "random_seed", "test_acc"])


def judged(table, declaration=DECLARATION):
    return judge_declared(declared(table, declaration, "table.csv"))


def refused(table, declaration=DECLARATION):
    with pytest.raises(InvalidStudy) as error:
        declared(table, declaration, "table.csv")
    assert "\n" not in str(error.value)
    return str(error.value)


def numbers(judged):
    return contrast_table(judged).drop(columns=["sentence"])
