"""Sequences are what their papers say; what is made of another task leaves the rest of it as it is."""

import numpy
import pytest

from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import IGNORED, NEXT_TOKEN, implement, objective_of
from spectra_tune.tasks import (
    adding,
    arrays,
    as_sequence,
    border,
    copy_memory,
    digits,
    fashion_mnist,
    moons,
    noisy_labels,
    pride_and_prejudice,
    spirals,
    surface,
)


def test_the_adding_problem_sums_the_two_marked_numbers():
    x, y = adding(length=21, samples=4000).draw("train", 0)
    assert (x[:, :10, 1].sum(axis=1) == 1).all()
    assert (x[:, 10:, 1].sum(axis=1) == 1).all()
    assert y == pytest.approx((x[:, :, 0] * x[:, :, 1]).sum(axis=1), abs=1e-6)
    assert y.var() == pytest.approx(1 / 6, abs=0.01)


def test_the_copy_task_asks_for_its_first_tokens_at_its_end():
    task = copy_memory(length=7, samples=2000)
    x, y = task.draw("train", 0)
    assert x.shape == (2000, *task.shape) == (2000, 27)
    assert (x[:, :10] == y[:, -10:]).all()
    assert set(numpy.unique(x[:, :10])) == set(range(1, 9))
    assert (x[:, 10:16] == 0).all()
    assert (x[:, 16] == task.vocabulary - 1).all()
    assert (x[:, 17:] == 0).all()
    assert (y[:, :-10] == IGNORED).all()
    assert objective_of(task).name == NEXT_TOKEN
    assert implement(objective_of(task)).scores_of_constant(y)["loss"] == pytest.approx(numpy.log(8), abs=1e-3)


def test_a_step_as_wide_as_a_picture_reads_rows_and_one_reads_pixels():
    x, y = digits(samples=50).draw("train", 0)
    by_row, labels = as_sequence(digits(samples=50), step=8).draw("train", 0)
    assert (by_row == x).all()
    assert (labels == y).all()
    by_pixel = as_sequence(digits(samples=50), step=1)
    assert by_pixel.shape == (64, 1)
    assert (by_pixel.draw("train", 0)[0][:, :, 0] == x.reshape(50, 64)).all()


def test_a_pixels_colours_stay_together():
    x = numpy.arange(5 * 3 * 4 * 2).reshape(5, 3, 4, 2).astype(numpy.float32)
    task = as_sequence(arrays(x, [0, 1, 0, 1, 0], samples=3), step=2)
    assert task.shape == (4, 6)
    found, _ = task.draw("train", 0)
    (of,) = (one for one in x if one[0, 0, 0] == found[0, 0, 0])
    assert (found[0, 1] == [*of[:, 1, 0], *of[:, 1, 1]]).all()


def test_one_order_of_pixels_is_that_of_all_samples_splits_and_seeds():
    plain, task, other = (
        as_sequence(fashion_mnist(samples=40), step=1, **given) for given in ({}, {"permuted": 3}, {"permuted": 4})
    )
    before, after = plain.draw("train", 0)[0][:, :, 0], task.draw("train", 0)[0][:, :, 0]
    assert (numpy.sort(before) == numpy.sort(after)).all()
    assert (before != after).any()
    for split, seed in (("validation", 1), ("test", 2)):
        one, same = (of.draw(split, seed)[0][:, :, 0] for of in (plain, task))
        assert sorted(map(bytes, one.T)) == sorted(map(bytes, same.T))
    assert (other.draw("train", 0)[0] != task.draw("train", 0)[0]).any()


@pytest.mark.parametrize(
    "task", [moons(samples=200), spirals(samples=200, classes=3), fashion_mnist(samples=200)], ids=str
)
def test_noise_is_in_so_many_training_labels_and_in_nothing_else(task):
    noisy = noisy_labels(task, share=0.3)
    for split in ("train", "validation", "test"):
        (x, y), (same, labels) = task.draw(split, 1), noisy.draw(split, 1)
        assert (x == same).all()
        assert (y != labels).sum() == (60 if split == "train" else 0)
        assert set(numpy.unique(labels)) <= set(range(task.classes))
    assert (noisy_labels(task, share=1).draw("train", 1)[1] != task.draw("train", 1)[1]).all()
    assert noisy.true_labels is None or noisy.true_labels.keywords == task.true_labels.keywords


def test_noise_is_drawn_by_the_seed_though_the_data_are_fixed():
    noisy = noisy_labels(moons(samples=100, data_seed=1), share=0.2)
    (x, y), (same, others) = noisy.draw("train", 0), noisy.draw("train", 1)
    assert (x == same).all()
    assert (y != others).any()
    assert not noisy.fixed
    assert noisy.one_split


def test_made_tasks_say_what_they_are_made_of():
    assert str(as_sequence(digits(), step=8, permuted=2)) == "as_sequence(digits, step=8, permuted=2)"
    assert str(noisy_labels(moons(noise_std=0.2), share=0.25)) == "noisy_labels(moons(noise_std=0.2), share=0.25)"
    assert noisy_labels(border(), share=0.1).reference_width == 64


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: as_sequence(digits(), step=7), "must divide the 64 pixels of digits into equal parts, got 7"),
        (lambda: as_sequence(digits(), step=65), "must be a whole number in 1 … 64"),
        (lambda: as_sequence(pride_and_prejudice(), step=1), "needs samples of numbers"),
        (lambda: noisy_labels(surface(), share=0.1), "needs classes, the objective of surface is regression"),
        (lambda: noisy_labels(moons(), share=1.5), "share must be a number in 0 … 1, got 1.5"),
        (lambda: adding(length=1), "length must be a whole number >= 2"),
        (lambda: copy_memory(length=0), "length must be a whole number >= 1"),
    ],
)
def test_what_cannot_be_made_is_refused(make, says):
    with pytest.raises(InvalidStudy, match=says):
        make()
