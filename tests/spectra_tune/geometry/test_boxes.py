"""Dimension and length of boundaries whose answers are known."""

import math

import numpy
import pytest

from spectra_tune.geometry.boxes import (
    CELLS,
    boundary_cells,
    boundary_length,
    box_counts,
    box_dimension,
    labels_on_grid,
)
from spectra_tune.tasks import checkerboard
from spectra_tune.tasks.baarle import is_inside

LOW, HIGH = numpy.array([-1.0, -1.0]), numpy.array([1.0, 1.0])
X, Y = numpy.meshgrid(numpy.linspace(-1, 1, CELLS + 1), numpy.linspace(-1, 1, CELLS + 1))
POINTS = numpy.stack((X.ravel(), Y.ravel()), axis=1)


def disc(radius):
    return numpy.hypot(X, Y) < radius


def koch(generations=7):
    """Labels below Koch's curve, which spans the window."""
    curve = numpy.array([0, 1], complex)
    for _ in range(generations):
        start, third = curve[:-1], numpy.diff(curve) / 3
        peak = start + third * (1 + numpy.exp(1j * math.pi / 3))
        corners = numpy.stack([start, start + third, peak, start + 2 * third], axis=1)
        curve = numpy.append(corners, curve[-1])
    ring = numpy.concatenate([curve * 2 - 1 - 0.29j, [1 - 2j, -1 - 2j, -1 - 0.29j]])
    edges = (ring.real[:-1], ring.imag[:-1], ring.real[1:], ring.imag[1:])
    return is_inside(POINTS[:, 0], POINTS[:, 1], edges).reshape(X.shape)


def board(cells):
    return checkerboard(cells=cells).true_labels(POINTS).reshape(X.shape)


KNOWN = {
    "upright line": (X > 0.3, 1.00, 0.001),
    "oblique line": (Y > 0.3 * X + 0.1, 1.00, 0.02),
    "circle": (disc(0.8), 1.02, 0.005),
    "Koch's curve": (koch(), 1.27, 0.01),
    "random labels": (numpy.random.default_rng(0).random(X.shape) < 0.5, 2.00, 0.001),
    "checkerboard of 8 x 8": (board(8), 1.08, 0.005),
}


@pytest.mark.parametrize("labels, dimension, within", KNOWN.values(), ids=KNOWN)
def test_dimensions_with_known_answers(labels, dimension, within):
    found = box_dimension(labels, LOW, HIGH)
    assert found.reason is None
    assert found.dimension == pytest.approx(dimension, abs=within)
    assert (found.smallest, found.largest) == pytest.approx((4 * 2 / CELLS, 64 * 2 / CELLS))
    assert len(found.local_slopes) == 4
    assert min(found.local_slopes) <= found.dimension <= max(found.local_slopes)


def test_a_straight_fit_proves_nothing_and_local_slopes_tell():
    """An 8 x 8 checkerboard with a ninth begun at two sides, over 4 … 128 cells: 1.17 at R^2 = 0.993."""
    sizes = [4, 8, 16, 32, 64, 128]
    nine_begun = (numpy.floor((X + 1) * 4) + numpy.floor((Y + 1) * 4)) % 2
    x, y = numpy.log(sizes), -numpy.log(box_counts(boundary_cells(nine_begun), sizes))
    assert numpy.polyfit(x, y, 1)[0] == pytest.approx(1.17, abs=0.005)
    assert numpy.corrcoef(x, y)[0, 1] ** 2 == pytest.approx(0.993, abs=0.0005)
    slopes = numpy.diff(y) / numpy.diff(x)
    assert slopes[0] < 1.03
    assert slopes[-1] > 1.4


def test_the_standard_error_is_that_of_least_squares():
    labels = koch()
    sizes = [4, 8, 16, 32, 64]
    x, y = numpy.log(sizes), -numpy.log(box_counts(boundary_cells(labels), sizes))
    (slope, _), covariance = numpy.polyfit(x, y, 1, cov=True)
    found = box_dimension(labels, LOW, HIGH)
    assert (found.dimension, found.standard_error) == pytest.approx((slope, covariance[0, 0] ** 0.5))


def test_counts_are_the_least_over_all_offsets():
    """Against laying every grid of boxes by hand."""
    cells = numpy.random.default_rng(3).random((37, 37)) < 0.02
    row, column = numpy.nonzero(cells)

    def boxes(size, down, right):
        return len(set(zip((row + down) // size, (column + right) // size, strict=True)))

    for size in (2, 4, 8, 16):
        by_hand = min(boxes(size, down, right) for down in range(size) for right in range(size))
        assert box_counts(cells, [size]) == [by_hand]
    assert box_counts(cells, [2, 8, 16]) == [box_counts(cells, [size])[0] for size in (2, 8, 16)]


def test_a_cell_is_boundary_if_its_corners_differ():
    for corner in range(4):
        labels = numpy.zeros(4, int)
        labels[corner] = 1
        assert boundary_cells(labels.reshape(2, 2)).all()
    assert not boundary_cells(numpy.full((2, 2), 3)).any()


def test_without_a_boundary_there_is_a_reason_and_no_dimension():
    found = box_dimension(numpy.zeros((CELLS + 1, CELLS + 1), int), LOW, HIGH)
    assert (found.dimension, found.standard_error, found.local_slopes) == (None, None, None)
    assert found.reason == "there is no boundary: all points of the grid have one class"
    assert boundary_length(numpy.zeros((9, 9)), LOW, HIGH) == 0


def test_an_island_too_small_for_a_range_of_scales_has_no_dimension():
    """It would be one box at nearly every scale, and look like a point."""
    found = box_dimension(disc(0.06), LOW, HIGH)
    assert found.dimension is None
    assert "no range of scales: 62 of 1024 cells across" in found.reason
    smaller = box_dimension(disc(0.2), LOW, HIGH)
    assert smaller.dimension == pytest.approx(1.05, abs=0.03)
    assert smaller.largest < box_dimension(disc(0.9), LOW, HIGH).largest


@pytest.mark.parametrize("degrees", [0, 1, 7, 22.5, 30, 45, 63, 90, 117, 135])
def test_the_length_of_a_line_is_right_at_any_angle(degrees):
    normal = numpy.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    labels = normal[0] * X + normal[1] * Y > 0.1137
    ends = 2 / max(abs(normal))
    along = numpy.linspace(-ends, ends, 100_001)
    line = 0.1137 * normal + along[:, None] * numpy.array([-normal[1], normal[0]])
    length = (numpy.abs(line) <= 1).all(axis=1).mean() * 2 * ends
    assert boundary_length(labels, LOW, HIGH) == pytest.approx(length, rel=0.005)


@pytest.mark.parametrize("cells, within", [(10, 0.025), (20, 0.006), (200, 0.003)])
def test_the_length_of_a_circle_is_right(cells, within):
    radius = cells * 2 / CELLS
    assert boundary_length(disc(radius), LOW, HIGH) == pytest.approx(2 * math.pi * radius, rel=within)


@pytest.mark.parametrize("cells", [2, 3, 4, 8])
def test_the_length_of_a_checkerboard_is_that_of_its_lines(cells):
    assert boundary_length(board(cells), LOW, HIGH) == pytest.approx(2 * (cells - 1) * 2, rel=0.025)


def test_length_is_in_data_units_on_any_window():
    """An ellipse of semi-axes 2.4 and 0.4, by Ramanujan's formula, seen through cells of 6 : 1."""
    low, high = numpy.array([-3.0, 1.0]), numpy.array([3.0, 2.0])
    h = ((2.4 - 0.4) / (2.4 + 0.4)) ** 2
    circumference = math.pi * 2.8 * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
    assert boundary_length(disc(0.8), low, high) == pytest.approx(circumference, rel=0.003)
    assert box_dimension(disc(0.8), low, high).smallest == pytest.approx(4 * math.sqrt(6 * 1) / CELLS)


def test_a_boundary_of_three_classes_is_counted_once():
    labels = (X > -0.5).astype(int) + (X > 0.5)
    assert boundary_length(labels, LOW, HIGH) == pytest.approx(4.0, rel=1e-3)


def wavy(points):
    return (points[:, 1] > 0.5 * numpy.sin(5 * points[:, 0])).astype(int)


def test_a_refined_grid_is_the_full_one_and_computes_a_tenth_of_it():
    asked = []

    def label_of(points):
        asked.append(len(points))
        return wavy(points)

    low, high = numpy.array([-2.0, -1.0]), numpy.array([1.0, 1.5])
    refined = labels_on_grid(label_of, low, high)
    assert sum(asked) < 0.1 * refined.size
    x, y = numpy.meshgrid(numpy.linspace(-2, 1, CELLS + 1), numpy.linspace(-1, 1.5, CELLS + 1))
    full = wavy(numpy.stack((x.ravel(), y.ravel()), axis=1)).reshape(x.shape)
    assert (refined == full).all()


def test_the_tip_of_a_wedge_is_seen_in_a_coarse_cell_whose_corners_agree():
    """The cell that it ends in is a neighbour of one whose corners differ."""
    cell = 2 / 128

    def wedge(points):
        return (numpy.abs(points[:, 1] - cell / 2) < 0.3 * (1.7 * cell - points[:, 0])).astype(int)

    full = wedge(POINTS).reshape(X.shape)
    tip = full[512:521, 521:]
    assert tip.any()
    assert not tip[[0, -1]].any()
    assert (labels_on_grid(wedge, LOW, HIGH) == full).all()


def test_a_grid_without_a_boundary_is_not_refined():
    asked = []

    def label_of(points):
        asked.append(len(points))
        return numpy.ones(len(points), int)

    assert (labels_on_grid(label_of, LOW, HIGH) == 1).all()
    assert asked == [129 * 129]
