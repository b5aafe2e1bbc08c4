"""Scores of stacked logits are those of torch and scikit-learn, sample by sample."""

import numpy
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from spectra_tune.engine.samples import Samples, stacked
from spectra_tune.engine.stacked.scores import scores, sums


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])
@pytest.mark.parametrize("classes", [2, 5])
def test_scores_are_those_of_each_member_alone(classes, shared):
    generator = numpy.random.default_rng(0)

    def draw():
        return Samples(x=generator.normal(size=(50, 3)), y=generator.integers(classes, size=50), classes=classes)

    one = draw()
    drawn = [one if shared else draw() for _ in range(4)]
    stack = stacked(drawn, "cpu", torch.float32)
    logits = torch.randn(4, 1 if classes == 2 else classes, 64, generator=torch.Generator().manual_seed(0)) * 20
    parts = [sums(logits[:, :, part].contiguous(), stack, part) for part in (slice(0, 32), slice(32, 64))]
    measured = scores(parts[0] + parts[1], stack)
    for member, samples in enumerate(drawn):
        its = logits[member, :, :50].double()
        y = torch.tensor(samples.y)
        if classes == 2:
            predicted = (its[0] > 0).long()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(its[0], y.double())
        else:
            predicted = its.argmax(dim=0)
            loss = torch.nn.functional.cross_entropy(its.T, y)
        assert measured["accuracy"][member] == accuracy_score(y, predicted)
        assert measured["balanced_accuracy"][member] == pytest.approx(balanced_accuracy_score(y, predicted))
        assert measured["loss"][member] == pytest.approx(loss.item(), rel=1e-5)


def test_a_class_that_is_absent_has_no_recall():
    samples = Samples(x=numpy.zeros((4, 1)), y=numpy.array([0, 0, 2, 2]), classes=3)
    stack = stacked([samples], "cpu", torch.float32)
    logits = torch.zeros(1, 3, 32)
    logits[0, 0, :3] = logits[0, 2, 3] = 1
    measured = scores(sums(logits, stack, slice(0, 32)), stack)
    assert measured["accuracy"][0] == 0.75
    assert measured["balanced_accuracy"][0] == 0.75
    assert samples.scores_of_constant["balanced_accuracy"] == 0.5
