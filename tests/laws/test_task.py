"""Tasks draw what they say, from generators of their own, and the border is the real one."""

import hashlib
import inspect
import pickle
import random
import subprocess
import sys

import numpy
import pytest
from scipy.ndimage import label
from sklearn.datasets import make_circles, make_moons

from spectra_tune.design import InvalidStudy
from spectra_tune.design.signature import digest
from spectra_tune.engine.members.draws import KINDS, checked_draw
from spectra_tune.objectives import CLASSIFICATION, objective_of
from spectra_tune.tasks import SPLITS, border, checkerboard, circles, is_one_split, moons, shape_of, spirals
from spectra_tune.tasks.baarle import degrees, edges, is_belgian, tiles_of
from spectra_tune.tasks.windows import WINDOWS
from tests.laws.kinds import TASKS

CONSTRUCTORS = TASKS


DRAWN_ANEW = [name for name in CONSTRUCTORS if "data_seed" in inspect.signature(CONSTRUCTORS[name]).parameters]
"""Without an end: of the others there are so many samples and no more."""


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_every_task_keeps_the_contract(name, split):
    task = CONSTRUCTORS[name](samples=200)
    x, y = task.draw(split, 7)
    if split == "train" or name in DRAWN_ANEW:
        assert len(y) == (5000 if split == "test" else 200)
    assert x.shape == (len(y), *shape_of(task))
    assert x.dtype.name in KINDS
    assert numpy.isfinite(x).all()
    drawn = checked_draw(task, split, 7)
    assert (drawn.x == x).all()
    assert task.samples == 200
    if objective_of(task).name == CLASSIFICATION:
        assert y.dtype == numpy.int64
        assert set(numpy.unique(y)) == set(range(task.classes))
    again = pickle.loads(pickle.dumps(task))
    assert again == task
    assert hash(again) == hash(task)
    assert all((a == b).all() for a, b in zip(again.draw(split, 7), (x, y), strict=True))


@pytest.mark.parametrize("constructor", CONSTRUCTORS.values(), ids=CONSTRUCTORS)
def test_seeds_and_splits_draw_different_data(constructor):
    task = constructor(samples=50)
    draws = [task.draw(split, seed) for split in ("train", "validation") for seed in (0, 1)]
    assert len({x.tobytes() + y.tobytes() for x, y in draws}) == 4


@pytest.mark.parametrize("constructor", CONSTRUCTORS.values(), ids=CONSTRUCTORS)
def test_a_task_is_one_split_where_seeds_share_their_test_data(constructor):
    task = constructor(samples=50)
    (x, y), (other_x, other_y) = (task.draw("test", seed) for seed in (0, 1))
    assert is_one_split(task) == (numpy.array_equal(x, other_x) and numpy.array_equal(y, other_y))
    assert not getattr(task, "fixed", False)


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_a_task_is_told_by_its_settings_in_signatures_and_names(name):
    tasks = [CONSTRUCTORS[name](samples=samples) for samples in (50, 60, 50)]
    signatures = [digest(task) for task in (*tasks, pickle.loads(pickle.dumps(tasks[0])))]
    assert signatures[0] == signatures[2] == signatures[3] != signatures[1]
    assert str(tasks[0]) == str(tasks[2])
    assert tasks[0] == tasks[2] != tasks[1]
    assert len({str(task) for task in tasks}) == len(set(tasks)) == 2


@pytest.mark.parametrize("name", DRAWN_ANEW)
def test_a_data_seed_gives_every_run_the_same_data(name):
    task = CONSTRUCTORS[name](samples=50, data_seed=42)
    assert task.fixed
    assert is_one_split(task)
    for split in SPLITS:
        assert (task.draw(split, 0)[0] == task.draw(split, 1)[0]).all()


@pytest.mark.parametrize("constructor", CONSTRUCTORS.values(), ids=CONSTRUCTORS)
def test_no_global_generator_is_touched(constructor):
    before = numpy.random.get_state()[1].copy(), random.getstate()
    constructor(samples=50).draw("train", 3)
    assert (numpy.random.get_state()[1] == before[0]).all()
    assert random.getstate() == before[1]


def test_fixed_moons_and_circles_are_scikit_learns():
    for task, expected in (
        (moons(samples=300, noise_std=0.2, data_seed=42), make_moons(300, noise=0.2, random_state=42)),
        (circles(samples=300, factor=0.4, data_seed=7), make_circles(300, noise=0.1, factor=0.4, random_state=7)),
    ):
        x, y = task.draw("train", 99)
        assert (x == expected[0]).all()
        assert (y == expected[1]).all()


def test_a_checkerboard_alternates():
    x, y = checkerboard(samples=1000, cells=2).draw("train", 0)
    assert (y == ((x[:, 0] >= 0) != (x[:, 1] >= 0))).all()


def test_noiseless_spirals_end_at_radius_one():
    x, y = spirals(samples=3000, classes=3, turns=1.0, noise_std=0.0).draw("train", 0)
    radius, angle = numpy.hypot(*x.T), numpy.arctan2(x[:, 1], x[:, 0])
    assert radius.max() <= 1
    expected = 2 * numpy.pi * (radius + y / 3)
    assert numpy.abs(numpy.exp(1j * angle) - numpy.exp(1j * expected)).max() < 1e-9


def test_the_border_is_that_of_baarle():
    belgian, dutch = [(4.9307, 51.4423), (4.9413, 51.4355)], [(4.9290, 51.4470), (4.9230, 51.4400)]
    assert is_belgian(*numpy.array(belgian).T).all()
    assert not is_belgian(*numpy.array(dutch).T).any()
    assert len(edges()[0]) > 2800
    centre = (numpy.arange(200) + 0.5) / 100 - 1
    window = border().true_labels(numpy.stack(numpy.meshgrid(centre, centre), -1).reshape(-1, 2)).reshape(200, 200) == 1
    assert window.mean() == pytest.approx(0.211, abs=5e-4)
    assert (label(window)[1], label(~window)[1]) == (21, 9)


def test_the_order_of_points_does_not_change_their_country():
    x = numpy.random.default_rng(0).uniform(-1, 1, (500, 2))
    together = is_belgian(*degrees(x, "town"))
    assert [bool(is_belgian(*degrees(point[None], "town"))[0]) for point in x] == together.tolist()


def test_held_out_tiles_are_disjoint_and_points_stay_in_theirs():
    parts = {split: set(tiles_of(split, 5, 32).tolist()) for split in SPLITS}
    assert set.union(*parts.values()) == set(range(1024))
    assert sum(map(len, parts.values())) == 1024
    assert len(parts["train"]) == pytest.approx(614, abs=1)
    for split, tiles in parts.items():
        x, _ = border(samples=500).draw(split, 5)
        column, row = numpy.floor((x + 1) / 2 * 32).astype(int).T
        assert set((row * 32 + column).tolist()) <= tiles
    assert tiles_of("test", 6, 32).tolist() != tiles_of("test", 5, 32).tolist()


@pytest.mark.parametrize("window", WINDOWS)
def test_every_window_is_a_square_with_both_countries_in_it(window):
    (west, east), (south, north) = WINDOWS[window]
    assert 4.82 <= west < east <= 5.0
    assert 51.395 <= south < north <= 51.475
    assert (east - west) / (north - south) == pytest.approx(0.046 / 0.0285, rel=1e-3)
    x, y = border(window=window).draw("test", 0)
    assert numpy.abs(x).max() <= 1
    assert 0.1 < y.mean() < 0.9


def test_the_border_of_the_town_is_what_it_always_was():
    """Runs of it are compared across versions: the digest is that of the first one, which knew no other window."""
    drawn = [array.tobytes() for split in SPLITS for array in border().draw(split, 5)]
    assert hashlib.sha256(b"".join(drawn)).hexdigest()[:16] == "812375d6d57b2d8e"


NOISELESS = {
    "moons": moons(noise_std=0.0),
    "circles": circles(noise_std=0.0),
    "checkerboard": checkerboard(cells=5),
    "spirals": spirals(noise_std=0.0, turns=2.0),
    "three spirals": spirals(noise_std=0.0, classes=3),
    **{window: border(window=window) for window in WINDOWS},
}


@pytest.mark.parametrize("task", NOISELESS.values(), ids=NOISELESS)
def test_without_noise_true_labels_are_the_drawn_ones(task):
    for split in ("train", "test"):
        x, y = task.draw(split, 3)
        truth = task.true_labels(x)
        assert (truth.dtype, truth.shape) == (numpy.int64, y.shape)
        near_centre = (
            numpy.hypot(*x.T) < 0.01 if task.name == "spirals" else numpy.zeros(len(y), bool)
        )  # where all meet
        assert (truth == y)[~near_centre].all()


NOISY = {
    "moons": moons(noise_std=0.3, samples=200_000),
    "circles": circles(noise_std=0.2, samples=200_000),
    "checkerboard": checkerboard(noise_std=0.15, cells=4, samples=200_000),
    "checkerboard of 5": checkerboard(noise_std=0.1, cells=5, samples=200_000),
    "spirals": spirals(noise_std=0.06, turns=1.0, samples=200_000),
    "three spirals": spirals(noise_std=0.06, turns=0.5, classes=3, samples=200_000),
}


@pytest.mark.parametrize("task", NOISY.values(), ids=NOISY)
def test_with_noise_true_labels_are_the_majority_of_many_draws(task):
    """In cells of a grid where it is beyond doubt: by more than 5 standard deviations of the count."""
    x, y = task.draw("train", 0)
    column, row = numpy.floor((x + 4) * 20).astype(int).T
    cell = row * 160 + column
    counts = numpy.stack([numpy.bincount(cell[y == label], minlength=160**2) for label in range(task.classes)])
    first, second = numpy.sort(counts, axis=0)[[-1, -2]]
    beyond_doubt = numpy.flatnonzero(first - second > 5 * numpy.sqrt(first + second))
    middles = (numpy.stack((beyond_doubt % 160, beyond_doubt // 160), axis=1) + 0.5) / 20 - 4
    assert len(beyond_doubt) > 100
    truth = task.true_labels(middles)
    assert (truth == counts[:, beyond_doubt].argmax(axis=0)).mean() > 0.99  # a cell's middle is not all of it
    assert set(truth) == set(range(task.classes))


def test_without_noise_the_nearest_arc_decides():
    angle = numpy.linspace(0, 6, 50)
    for factor in (0.5, 0.8):
        middle = (1 + factor) / 2
        for radius, expected in ((middle - 1e-4, 1), (middle + 1e-4, 0), (3.0, 0), (0.0, 1)):
            points = radius * numpy.stack((numpy.cos(angle), numpy.sin(angle)), axis=1)
            assert (circles(noise_std=0.0, factor=factor).true_labels(points) == expected).all()


@pytest.mark.parametrize("noise_std", [0.0, 0.1, 0.3])
def test_moons_are_each_others_image_in_the_point_between_them(noise_std):
    points = numpy.random.default_rng(0).uniform((-1.5, -1.0), (2.5, 1.5), (5000, 2))
    task = moons(noise_std=noise_std)
    assert (task.true_labels(points) + task.true_labels(numpy.array([1.0, 0.5]) - points) == 1).all()


def test_only_the_town_declares_a_reference_width():
    assert {window: border(window=window).reference_width for window in WINDOWS} == {
        window: 64 if window == "town" else None for window in WINDOWS
    }


def test_true_labels_do_not_depend_on_how_many_points_are_asked_for():
    task = moons(noise_std=0.3)
    x, _ = task.draw("test", 0)
    assert (numpy.concatenate([task.true_labels(part) for part in numpy.split(x, 50)]) == task.true_labels(x)).all()
    assert task.true_labels(x[:0]).shape == (0,)


def test_true_labels_are_those_of_the_place_and_not_of_how_it_is_sampled():
    points = numpy.random.default_rng(0).uniform(-1, 1, (500, 2))
    one, other = border(samples=50, tiles=4, data_seed=1), border(samples=900, tiles=32)
    assert (one.true_labels(points) == other.true_labels(points)).all()


def test_labels_of_tasks_show_what_is_unusual():
    assert str(moons()) == "moons"
    assert str(moons(noise_std=0.2, data_seed=1)) == "moons(data_seed=1, noise_std=0.2)"
    assert str(border(window="centre")) == "border(window=centre)"


@pytest.mark.parametrize(
    ("constructor", "given", "says"),
    [
        (moons, {"samples": 1}, "samples must be a whole number >= 2, got 1"),
        (moons, {"samples": True}, "samples must be a whole number"),
        (moons, {"noise_std": -0.1}, "noise_std must be a finite number >= 0, got -0.1"),
        (moons, {"data_seed": -1}, "data_seed, where it is not None, must be a whole number"),
        (circles, {"factor": 1.0}, "factor must be below 1"),
        (checkerboard, {"cells": 1}, "cells must be a whole number >= 2"),
        (spirals, {"turns": 0}, "turns must be a finite number > 0"),
        (spirals, {"classes": 1}, "classes must be a whole number >= 2"),
        (border, {"tiles": 2}, "must be a whole number >= 3"),
        (border, {"window": "towm"}, "no window on the border is called 'towm'; did you mean 'town'"),
    ],
)
def test_an_impossible_task_is_refused(constructor, given, says):
    with pytest.raises(InvalidStudy, match=says):
        constructor(**given)


def test_an_unknown_split_is_refused():
    with pytest.raises(InvalidStudy, match="did you mean 'test'"):
        moons().draw("tst", 0)


def test_constructors_stay_what_they_are_after_drawing():
    """A file of the constructor's own name would replace it in the package once it is loaded."""
    code = (
        "import sys, spectra_tune.tasks as tasks, spectra_tune.networks as networks\n"
        "assert not {'numpy', 'sklearn', 'torch'} & set(sys.modules), 'declaring must load nothing heavy'\n"
        "tasks.border().draw('train', 0)\n"
        "networks.mlp(width=4).build(tasks.moons())\n"
        "assert callable(tasks.border) and callable(networks.mlp)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
