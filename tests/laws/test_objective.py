"""Every objective's scores are those of torch and scikit-learn, and its stacked form is the plain one."""

import itertools
import math
from types import SimpleNamespace

import numpy
import pytest
import sklearn.metrics
import torch
from torch.nn import functional

from spectra_tune import objectives
from spectra_tune.design import Condition, InvalidStudy
from spectra_tune.networks import mlp
from spectra_tune.objectives import IGNORED, OBJECTIVES, objective_of

COUNT = 50


def labels(generator, task, count):
    return numpy.concatenate((numpy.arange(task.classes), generator.integers(task.classes, size=count - task.classes)))


def numbers(generator, task, count):
    return generator.normal(size=(count, task.targets)) * 2 + 1


def tokens(generator, task, count):
    """Of three positions, where every fifth target or so is ignored."""
    y = generator.integers(task.vocabulary, size=(count, 3))
    y[generator.random((count, 3)) < 0.2] = IGNORED
    return y


TASKS = {
    "classification": [SimpleNamespace(classes=classes) for classes in (2, 3, 5)],
    "regression": [SimpleNamespace(objective="regression", targets=targets) for targets in (1, 3)],
    "next_token": [SimpleNamespace(objective="next_token", vocabulary=vocabulary) for vocabulary in (2, 5)],
}
DRAWS = {"classification": labels, "regression": numbers, "next_token": tokens}
POSITIONS = {"next_token": (3,)}


def cross_entropy(outputs, target):
    if outputs.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(outputs[:, 0], target.to(outputs.dtype))
    return functional.cross_entropy(outputs, target)


def classes_of(outputs):
    return (outputs[:, 0] > 0).long() if outputs.shape[1] == 1 else outputs.argmax(dim=1)


KNOWN = {
    "accuracy": lambda outputs, target: sklearn.metrics.accuracy_score(target, classes_of(outputs)),
    "balanced_accuracy": lambda outputs, target: sklearn.metrics.balanced_accuracy_score(target, classes_of(outputs)),
    "loss": lambda outputs, target: float(cross_entropy(outputs, target)),
    "mse": lambda outputs, target: sklearn.metrics.mean_squared_error(target, outputs),
    "r2": lambda outputs, target: sklearn.metrics.r2_score(target, outputs, multioutput="variance_weighted"),
}
"""Each metric, by a library of others'."""

CASES = [(name, task) for name in OBJECTIVES for task in TASKS[name]]
EVERY = pytest.mark.parametrize(
    ("name", "task"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)]
)


def drawn(name, task, seed=0, count=COUNT):
    """Checked targets, and outputs (samples, outputs) float64."""
    generator = numpy.random.default_rng(seed)
    target = implementation(name).checked(DRAWS[name](generator, task, count), task, "here")
    shape = (count, *POSITIONS.get(name, ()), OBJECTIVES[name].outputs(task))
    return target, torch.tensor(generator.normal(size=shape) * 3)


def known(metric, outputs, target):
    """What a library of others' says of a metric, over all positions that are not ignored."""
    target = torch.tensor(target)
    if outputs.ndim == 3:
        outputs, target = outputs[target != IGNORED], target[target != IGNORED]
    return KNOWN[metric](outputs, target)


def implementation(name):
    return objectives.implement(OBJECTIVES[name])


def test_every_objective_and_metric_is_tried():
    assert set(TASKS) == set(DRAWS) == set(OBJECTIVES)
    assert {metric.name for one in OBJECTIVES.values() for metric in one.metrics} == set(KNOWN)


@EVERY
def test_an_objective_is_what_its_declaration_says(name, task):
    one = OBJECTIVES[name]
    assert objective_of(task) is one
    assert one.loss in one.metrics
    assert not one.loss.higher_is_better
    assert len({metric.name for metric in one.metrics}) == len(one.metrics)
    target, outputs = drawn(name, task)
    scores = implementation(name).scores(outputs, torch.tensor(target))
    constant = implementation(name).scores_of_constant(target)
    assert set(scores) == set(constant) == {metric.name for metric in one.metrics}
    for metric in one.metrics:
        assert metric.bounds[0] <= scores[metric.name] <= metric.bounds[1]
        assert metric.bounds[0] <= constant[metric.name] <= metric.bounds[1]
        assert metric.margin > 0


@EVERY
def test_scores_are_those_of_other_libraries(name, task):
    target, outputs = drawn(name, task)
    scores = implementation(name).scores(outputs, torch.tensor(target))
    for metric, value in scores.items():
        assert value == pytest.approx(known(metric, outputs, target), rel=1e-12), metric


@EVERY
def test_the_loss_is_its_metric_and_has_a_gradient(name, task):
    target, outputs = drawn(name, task)
    leaf = outputs.clone().requires_grad_()
    loss = implementation(name).loss(leaf, torch.tensor(target))
    assert float(loss.detach()) == pytest.approx(known(OBJECTIVES[name].loss.name, outputs, target), rel=1e-12)
    loss.backward()
    assert leaf.grad is not None
    learnt = torch.tensor(target != IGNORED) if outputs.ndim == 3 else torch.ones(COUNT, dtype=torch.bool)
    assert torch.equal((leaf.grad != 0).any(dim=-1), learnt)


STACKED = pytest.mark.parametrize(
    ("name", "task"), [(name, task) for name, task in CASES if OBJECTIVES[name].stacked], ids=str
)
"""Objectives that have a stacked form."""


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_stacked_form_is_declared_where_there_is_one(name):
    assert OBJECTIVES[name].stacked == hasattr(implementation(name), "Stacked")


def stacked_of(name, task, dtype, shared=False, members=4):
    """Members' targets padded to 64 samples, their outputs (members, outputs, 64) with rubbish behind the samples."""
    pairs = [drawn(name, task, seed=0 if shared else seed) for seed in range(members)]
    weight = torch.zeros(64, dtype=dtype)
    weight[:COUNT] = 1 / COUNT
    outputs = torch.full((members, OBJECTIVES[name].outputs(task), 64), 0.7, dtype=dtype)
    for member in range(members):
        pairs[member] = pairs[member][0], drawn(name, task, seed=member)[1]
        outputs[member, :, :COUNT] = pairs[member][1].T
    targets = [target for target, _ in pairs[: 1 if shared else members]]
    form = implementation(name).Stacked(targets, weight, members=members, outputs=outputs.shape[1])
    return pairs, weight, outputs, form


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])
@STACKED
def test_stacked_scores_are_each_members_own(name, task, shared):
    pairs, _, outputs, form = stacked_of(name, task, torch.float64, shared)
    parts = [form.sums(outputs[:, :, part].contiguous(), part) for part in (slice(0, 32), slice(32, 64))]
    scores = form.scores(sum(parts[1:], start=parts[0]))
    for member, (target, own) in enumerate(pairs):
        known = implementation(name).scores(own, torch.tensor(target))
        assert set(known) == set(scores)
        for metric, value in known.items():
            assert scores[metric][member] == pytest.approx(value, rel=1e-9, abs=1e-12), metric


@STACKED
def test_the_stacked_error_is_autograds(name, task):
    pairs, weight, outputs, form = stacked_of(name, task, torch.float64)
    form.to_error_(outputs, form.target, weight)
    for member, (target, own) in enumerate(pairs):
        leaf = own.clone().requires_grad_()
        implementation(name).loss(leaf, torch.tensor(target)).backward()
        assert leaf.grad is not None
        torch.testing.assert_close(outputs[member, :, :COUNT].T, leaf.grad, rtol=1e-12, atol=1e-15)
        assert (outputs[member, :, COUNT:] == 0).all()


@STACKED
def test_a_members_stacked_bits_are_free_of_its_company(name, task):
    pairs, weight, outputs, form = stacked_of(name, task, torch.float32)
    sums = form.sums(outputs, slice(0, 64))
    errors = outputs.clone()
    form.to_error_(errors, form.target, weight)
    for member, (target, _) in enumerate(pairs):
        alone = implementation(name).Stacked([target], weight, members=1, outputs=outputs.shape[1])
        own = outputs[member : member + 1].clone()
        assert (alone.sums(own, slice(0, 64)) == sums[member : member + 1]).all()
        alone.to_error_(own, alone.target, weight)
        assert torch.equal(own, errors[member : member + 1])


@pytest.mark.parametrize("classes", [2, 3])
def test_the_best_constant_class_is_found_by_trying_all(classes):
    task = SimpleNamespace(classes=classes)
    target, _ = drawn("classification", task)
    form, constant = implementation("classification"), implementation("classification").scores_of_constant(target)
    steps = numpy.linspace(-2, 2, 25)
    tried = [
        form.scores(torch.tensor([outputs]).expand(COUNT, -1), torch.tensor(target))
        for outputs in itertools.product(steps, repeat=1 if classes == 2 else 2)
        for outputs in [outputs if classes == 2 else (0.0, *outputs)]
    ]
    assert constant["accuracy"] == max(one["accuracy"] for one in tried)
    assert constant["balanced_accuracy"] == pytest.approx(max(one["balanced_accuracy"] for one in tried))
    assert constant["loss"] <= min(one["loss"] for one in tried) <= constant["loss"] + 0.02


@pytest.mark.parametrize("targets", [1, 2])
def test_the_best_constant_number_is_found_by_trying_all(targets):
    task = SimpleNamespace(objective="regression", targets=targets)
    target, _ = drawn("regression", task)
    form = implementation("regression")
    constant = form.scores_of_constant(target)
    tried = [
        form.scores(torch.tensor([outputs]).expand(COUNT, -1), torch.tensor(target))
        for outputs in itertools.product(numpy.linspace(-1, 3, 21), repeat=targets)
    ]
    assert constant["mse"] <= min(one["mse"] for one in tried) <= constant["mse"] + 0.02 * targets
    assert constant["r2"] == 0.0 >= max(one["r2"] for one in tried) >= -0.01


@pytest.mark.parametrize("vocabulary", [2, 3])
def test_the_best_constant_token_is_found_by_trying_all(vocabulary):
    task = SimpleNamespace(objective="next_token", vocabulary=vocabulary)
    target, _ = drawn("next_token", task)
    form, constant = implementation("next_token"), implementation("next_token").scores_of_constant(target)
    tried = [
        form.scores(torch.tensor([0.0, *outputs]).expand(COUNT, 3, -1), torch.tensor(target))
        for outputs in itertools.product(numpy.linspace(-2, 2, 41), repeat=vocabulary - 1)
    ]
    assert constant["accuracy"] == max(one["accuracy"] for one in tried)
    assert constant["loss"] <= min(one["loss"] for one in tried) <= constant["loss"] + 0.01


def test_a_batch_in_which_every_token_is_ignored_teaches_nothing():
    outputs = torch.randn(4, 3, 5, requires_grad=True)
    loss = implementation("next_token").loss(outputs, torch.full((4, 3), IGNORED))
    loss.backward()
    assert loss == 0
    assert outputs.grad is not None
    assert (outputs.grad == 0).all()


def test_a_class_that_is_absent_has_no_recall():
    form = implementation("classification")
    target = numpy.array([0, 0, 2, 2])
    outputs = torch.zeros(1, 3, 32)
    outputs[0, 0, :3] = outputs[0, 2, 3] = 1
    weight = torch.zeros(32)
    weight[:4] = 0.25
    stacked = form.Stacked([target], weight, members=1, outputs=3)
    for scores in (
        {metric: values[0] for metric, values in stacked.scores(stacked.sums(outputs, slice(0, 32))).items()},
        form.scores(outputs[0, :, :4].T, torch.tensor(target)),
    ):
        assert scores["accuracy"] == scores["balanced_accuracy"] == 0.75
    assert form.scores_of_constant(target)["balanced_accuracy"] == 0.5


@EVERY
def test_outputs_that_are_not_finite_have_a_loss_that_is_not(name, task):
    target, outputs = drawn(name, task)
    outputs[3] = math.nan
    assert math.isnan(implementation(name).scores(outputs, torch.tensor(target))[OBJECTIVES[name].loss.name])


REFUSED = {
    "next_token": [
        (lambda y, task: y, "whole numbers, got .* of float64"),
        (lambda y, task: y[:, 0].astype(int), "tokens y \\(samples, positions\\)"),
        (lambda y, task: y.astype(int) + 1, "tokens y in 0 … "),
        (lambda y, task: 0 * y.astype(int) + IGNORED, "got none"),
        (lambda y, task: 0 * y.astype(int), "at least two different tokens"),
    ],
    "classification": [
        (lambda y, task: y * numpy.nan, "finite labels"),
        (lambda y, task: y.astype(str), "class labels, .* got an array"),
        (lambda y, task: y[:, None], "labels y \\(samples,\\)"),
        (lambda y, task: y + 1, "labels 0 … "),
        (lambda y, task: y - 1, "labels 0 … "),
        (lambda y, task: y + 0.5, "labels 0 … "),
        (lambda y, task: 0 * y, "at least two classes, got one"),
    ],
    "regression": [
        (lambda y, task: y * numpy.nan, "finite targets"),
        (lambda y, task: y * 1e39, "single precision holds"),
        (lambda y, task: y.astype(str), "numbers y"),
        (lambda y, task: y > 0, "numbers y"),
        (lambda y, task: numpy.stack((y, y), axis=1), "numbers y"),
        (lambda y, task: 0 * y + 3, "targets that differ"),
    ],
}


@pytest.mark.parametrize(
    ("name", "task", "number"),
    [(name, task, number) for name, task in CASES for number in range(len(REFUSED[name]))],
    ids=str,
)
def test_bad_targets_are_refused_in_one_line(name, task, number):
    spoil, says = REFUSED[name][number]
    target = DRAWS[name](numpy.random.default_rng(0), task, COUNT).astype(float)
    with pytest.raises(InvalidStudy, match=says) as refused:
        implementation(name).checked(spoil(target, task), task, "split 'train', seed 0")
    assert "\n" not in str(refused.value)
    assert "split 'train', seed 0" in str(refused.value)


def test_an_unknown_objective_is_refused():
    task = SimpleNamespace(objective="regresion", draw=lambda split, seed: None)
    with pytest.raises(InvalidStudy, match="did you mean 'regression'"):
        Condition(task=task, network=mlp(width=8))
