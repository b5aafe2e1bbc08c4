"""Pictures of a study. Every function gives a Figure; `rendered` turns one into PNG or SVG bytes."""

from analysis.figures.boundaries import boundaries
from analysis.figures.complexity import gain_and_complexity
from analysis.figures.cost import cost_plane
from analysis.figures.curves import mean_curves
from analysis.figures.drawing import rendered
from analysis.figures.forest import forest
from analysis.figures.gradient_flow import gradients_by_depth
from analysis.figures.lettering import legible
from analysis.figures.levels import levels_of_factors
from analysis.figures.paired import paired
from analysis.figures.parts import parts_of_claim
from analysis.figures.sigmas import sigma_trajectories, spectra
from analysis.figures.sweep import sweep_curves
from analysis.figures.tunability import tunability_curves

__all__ = [
    "boundaries",
    "cost_plane",
    "forest",
    "gain_and_complexity",
    "gradients_by_depth",
    "legible",
    "levels_of_factors",
    "mean_curves",
    "paired",
    "parts_of_claim",
    "rendered",
    "sigma_trajectories",
    "spectra",
    "sweep_curves",
    "tunability_curves",
]
