"""Dimension and length of the decision boundary over the bounding box of the task's data, for two features.

Axes: Y, X row and column of the grid; F feature, N point, O output.
"""

import numpy
import torch
from numpy import ndarray
from torch.nn import Module

from spectra_tune.geometry.boxes import boundary_length, box_dimension, labels_on_grid
from spectra_tune.objectives import CLASSIFICATION, classification
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member, not_computed

QUANTITIES = (
    "boundary_dimension",
    "boundary_dimension_se",
    "boundary_slope_smallest",
    "boundary_slope_largest",
    "boundary_scale_smallest",
    "boundary_scale_largest",
    "boundary_length",
)

MOST_POINTS = 2**14
"""Put through a network at a time."""


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """Box-counting dimension of the boundary, its standard error, least and greatest local slope, range and length.

    The range of scales (sides of the boxes) and the length are in data units; see spectra_tune.geometry.boxes.
    The decision is the sign of one logit or the largest of several, on a grid of 1024 x 1024 cells that is filled in
    near where a grid of 128 x 128 changes class. A network without a boundary has a reason, and so has one whose
    boundary is too small for a dimension; that one still has a length.
    Cost for each member, in float64 on one core: 0.06 s for a short boundary at width 8, 0.2 s for a long one at 64.
    """
    reason = _no_plane(probed)
    if reason is not None:
        return dict.fromkeys(QUANTITIES, not_computed(probed.members, reason))

    def boundary(number: int) -> dict[str, float | str]:
        module = probed.member(number)

        def label_of(points: ndarray) -> ndarray:
            return decisions(module, points)

        return boundary_of(labels_on_grid(label_of, probed.low_F, probed.high_F), probed.low_F, probed.high_F)

    return each_member(probed, QUANTITIES, boundary)


def _no_plane(probed: ProbeInput) -> str | None:
    """Why there is no boundary to look for."""
    if probed.objective.name != CLASSIFICATION:
        return f"a boundary lies between classes, and {probed.objective.name} has none"
    if probed.x.shape[1:] != (2,) or not probed.x.is_floating_point():
        features = probed.x[0].numel()
        return f"a boundary is measured in the plane of two features, the task has {features}"
    return None


def boundary_of(label_YX: ndarray, low_F: ndarray, high_F: ndarray) -> dict[str, float | str]:
    """Each quantity of the boundary between labels on a grid over [low, high]; label -1 is no finite output."""
    if (label_YX < 0).any():
        return dict.fromkeys(QUANTITIES, "its outputs are not all finite where the data are")
    boxes = box_dimension(label_YX, low_F, high_F)
    length = boundary_length(label_YX, low_F, high_F)
    found: dict[str, float | str | None] = {
        "boundary_dimension": boxes.dimension,
        "boundary_dimension_se": boxes.standard_error,
        "boundary_slope_smallest": min(boxes.local_slopes) if boxes.local_slopes else None,
        "boundary_slope_largest": max(boxes.local_slopes) if boxes.local_slopes else None,
        "boundary_scale_smallest": boxes.smallest,
        "boundary_scale_largest": boxes.largest,
        "boundary_length": length if length > 0 else None,
    }
    return {quantity: str(boxes.reason) if value is None else value for quantity, value in found.items()}


def decisions(module: Module, points: ndarray) -> ndarray:
    """A module's decision at each of the points (points, 2): 0 … classes - 1, or -1 where an output is not finite."""
    kind = next(module.parameters())
    with torch.no_grad():
        parts = [
            module(torch.as_tensor(part, dtype=kind.dtype, device=kind.device))
            for part in numpy.split(points, range(MOST_POINTS, len(points), MOST_POINTS))
        ]
    outputs_NO = torch.cat(parts)
    label_N = classification.predicted(outputs_NO)
    return torch.where(outputs_NO.isfinite().all(dim=1), label_N, -1).cpu().numpy()
