"""A task's own complexity: geometry with known answers, errors of plain learners, reasons where there is none."""

import random
from dataclasses import dataclass
from functools import cache

import numpy
import pytest

from spectra_tune.geometry.complexity import DRAWS, complexity, drawn, neighbour_error
from spectra_tune.tasks import border, checkerboard, circles, moons, spirals
from spectra_tune.tasks.windows import WINDOWS

of = cache(complexity)


def length_in_data_units(task):
    return of(task).length * of(task).spread


def test_circles_of_little_noise_are_parted_by_a_circle_half_way():
    task = circles(noise_std=0.01, factor=0.5)
    assert length_in_data_units(task) == pytest.approx(2 * numpy.pi * 0.75, rel=0.003)
    assert of(task).dimension == pytest.approx(1.02, abs=0.01)
    assert of(task).bayes_error == 0


@pytest.mark.parametrize("cells", [2, 4, 8])
def test_a_checkerboards_boundary_is_its_lines(cells):
    task = checkerboard(cells=cells)
    assert length_in_data_units(task) == pytest.approx(2 * (cells - 1) * 2, rel=0.025)
    assert of(task).spread == pytest.approx(3**-0.5, rel=0.02)  # of a uniform square of side 2
    assert of(task).bayes_error == 0


def test_more_squares_are_harder_by_every_measure():
    two, four, eight = (of(checkerboard(cells=cells)) for cells in (2, 4, 8))
    for measure in ("dimension", "length", "neighbour_error", "reference_error"):
        assert getattr(two, measure) < getattr(four, measure) < getattr(eight, measure), measure


def test_noise_makes_moons_harder_for_learners_and_for_bayes():
    quiet, noisy = of(moons(noise_std=0.1)), of(moons(noise_std=0.3))
    assert quiet.bayes_error < 0.005 < noisy.bayes_error
    for measure in ("neighbour_error", "reference_error"):
        assert getattr(quiet, measure) < getattr(noisy, measure), measure
        assert getattr(noisy, measure) > noisy.bayes_error


def test_nearest_neighbours_err_between_bayes_and_twice_that():
    """Cover and Hart 1967, in the limit of many samples: e <= 1-NN <= 2e(1 - e)."""
    task = circles(noise_std=0.2, samples=20_000)
    draw = drawn(task, 0)
    least = (task.true_labels(draw.x_test) != draw.y_test).mean()
    assert least < neighbour_error(draw) < 2 * least * (1 - least) + 0.01


def test_more_turns_make_a_longer_boundary():
    lengths = [of(spirals(turns=turns)).length for turns in (0.5, 1.0, 2.0)]
    assert lengths == sorted(lengths)
    assert lengths[2] > 3 * lengths[0]


def test_the_border_of_the_town_has_its_known_dimension():
    """1.17 over 12 – 199 m (facts from the polygons themselves); local slopes rise with scale."""
    found = of(border())
    assert found.dimension == pytest.approx(1.17, abs=0.02)
    metres = 1600 * found.spread
    assert (found.scale_smallest * metres, found.scale_largest * metres) == pytest.approx((12.5, 200), rel=0.02)


def test_windows_on_the_border_span_straight_to_broken():
    found = {window: of(border(window=window)) for window in WINDOWS}
    assert all(one.reasons == {} for one in found.values())
    assert found["straight"].dimension == pytest.approx(1.01, abs=0.01)
    assert min(found["town"].dimension, found["region"].dimension) > 1.15
    assert found["straight"].length < found["frontier"].length < found["town"].length
    assert found["straight"].neighbour_error < found["frontier"].neighbour_error < found["town"].neighbour_error


def test_complexity_is_equal_on_every_call_and_touches_no_global_generator():
    before = numpy.random.get_state()[1].copy(), random.getstate()
    task = moons(noise_std=0.2, samples=200)
    assert complexity(task) == complexity(task)
    assert (numpy.random.get_state()[1] == before[0]).all()
    assert random.getstate() == before[1]


def test_length_does_not_depend_on_the_datas_unit():
    inner, scaled = moons(samples=200), Scaled(moons(samples=200), 1000.0)
    assert of(scaled).length == pytest.approx(of(inner).length, rel=1e-6)
    assert of(scaled).spread == pytest.approx(1000 * of(inner).spread)
    assert of(scaled).scale_largest == pytest.approx(of(inner).scale_largest)


def test_draws_are_those_of_no_run_and_fixed_data_are_drawn_once():
    seeds = Watched(samples=50), Watched(samples=50, fixed=True)
    for task in seeds:
        complexity(task)
    drawn, fixed = ({seed for _, seed in task.asked} for task in seeds)
    assert (len(drawn), len(fixed)) == (DRAWS, 1)
    assert min(drawn) > 10_000
    assert {split for split, _ in seeds[0].asked} == {"train", "test"}


def test_a_task_that_does_not_know_its_boundary_has_errors_and_reasons():
    found = complexity(Watched(samples=50))
    assert (found.dimension, found.length, found.bayes_error) == (None, None, None)
    assert "give it true_labels(points)" in found.reasons["dimension"]
    assert set(found.reasons) == {
        "dimension",
        "dimension_se",
        "scale_smallest",
        "scale_largest",
        "length",
        "bayes_error",
    }
    assert found.neighbour_error is not None


def test_a_task_of_more_features_has_no_plane():
    found = complexity(Watched(samples=50, features=4))
    assert found.dimension is None
    assert "two features, the task has 4" in found.reasons["length"]


def test_a_task_with_one_class_where_the_data_are_has_no_boundary():
    found = complexity(Constant(moons(samples=50)))
    assert (found.dimension, found.length) == (None, None)
    assert found.reasons["length"] == "there is no boundary: all points of the grid have one class"
    assert found.bayes_error == pytest.approx(0.5)


@dataclass(frozen=True)
class Scaled:
    """A task whose data are in another unit."""

    task: object
    factor: float

    def draw(self, split, seed):
        x, y = self.task.draw(split, seed)
        return x * self.factor, y

    def true_labels(self, points):
        return self.task.true_labels(points / self.factor)


@dataclass(frozen=True)
class Constant:
    """A task whose true labels are all one."""

    task: object

    def draw(self, split, seed):
        return self.task.draw(split, seed)

    def true_labels(self, points):
        return numpy.zeros(len(points), int)


class Watched:
    """Two overlapping Gaussians that keep what they were asked for."""

    def __init__(self, samples, features=2, fixed=False):
        self.samples, self.features, self.fixed, self.asked = samples, features, fixed, []

    def draw(self, split, seed):
        self.asked.append((split, seed))
        generator = numpy.random.default_rng((seed, split == "test"))
        y = numpy.arange(self.samples) % 2
        return generator.normal(y[:, None], 1.0, (self.samples, self.features)), y
