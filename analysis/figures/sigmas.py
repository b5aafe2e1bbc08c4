"""Spectral norms over training against their targets, and whole spectra at the end, layer by layer."""

from collections.abc import Mapping, Sequence

import numpy
import pandas
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.drawing import bare, legend, styles
from analysis.figures.grid import rows_of_panels, spread
from analysis.statistics.curves import mean_band
from spectra_tune.results import SIGMA, SIGMA_TARGET, sigma_columns

MOST_LAYERS = 6
"""Panels side by side."""


def sigma_trajectories(
    curves: pandas.DataFrame, runs: pandas.DataFrame, labels: Mapping[str, str], arms: Sequence[str]
) -> Figure:
    """A row per Condition, a panel per layer, of many some: each arm's mean with its 95 % band, its target dotted."""
    chosen = spread(list(labels.items()))
    metrics = set(curves["metric"])
    layers = spread([name.removeprefix(SIGMA) for name in sigma_columns(curves["metric"].unique())], MOST_LAYERS)
    figure, axes = rows_of_panels(len(chosen), len(layers))
    handles: dict[str, Artist] = {}
    style = styles(arms)
    by_metric = {str(metric): rows for metric, rows in curves.groupby("metric")}
    for (signature, label), row in zip(chosen, axes, strict=True):
        for layer, place in zip(layers, row, strict=True):
            for arm in arms:
                of_arm = runs.loc[(runs["condition_signature"] == signature) & (runs["arm"] == arm), "signature"]
                colour, marker = style[arm]
                epochs, mean, low, high = _over_epochs(by_metric[f"{SIGMA}{layer}"], of_arm)
                (line,) = place.plot(
                    epochs, mean, color=colour, linewidth=1.2, marker=marker, markersize=2.5, markevery=4
                )
                place.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)
                handles.setdefault(arm, line)
                if f"{SIGMA_TARGET}{layer}" in metrics:
                    epochs, target, _, _ = _over_epochs(by_metric[f"{SIGMA_TARGET}{layer}"], of_arm)
                    place.plot(epochs, target, color=colour, linewidth=1, linestyle=":")
            place.set_title(f"{label}, {_in_words(layer)}", fontsize=7.5)
            place.tick_params(labelsize=6.5)
            bare(place)
    figure.supylabel("spectral norm (dotted: target) over epochs", fontsize=8)
    legend(figure, handles)
    return figure


def _over_epochs(curves: pandas.DataFrame, signatures: pandas.Series):
    """Epochs, and mean and band over runs."""
    rows = curves[curves["signature"].isin(signatures)].drop_duplicates(["signature", "epoch"])
    table = rows.pivot(index="signature", columns="epoch", values="value")
    if table.empty:
        return (numpy.array([]),) * 4
    return table.columns.to_numpy(dtype=float), *mean_band(table.to_numpy(dtype=float))


def spectra(
    figures: pandas.DataFrame, runs: pandas.DataFrame, labels: Mapping[str, str], arms: Sequence[str]
) -> Figure:
    """A row per Condition, a panel per layer: each arm's singular values at the end, largest first, mean of the first
    seeds."""
    chosen = spread(list(labels.items()))
    rows = figures[figures["figure"] == "spectrum"]
    layers = spread(sorted(rows["x"].unique()), MOST_LAYERS)
    figure, axes = rows_of_panels(len(chosen), len(layers))
    handles: dict[str, Artist] = {}
    style = styles(arms)
    for (signature, label), row in zip(chosen, axes, strict=True):
        names = _layers_of(runs[runs["condition_signature"] == signature])
        for layer, place in zip(layers, row, strict=True):
            for arm in arms:
                of_arm = runs.loc[(runs["condition_signature"] == signature) & (runs["arm"] == arm), "signature"]
                mine = rows[rows["signature"].isin(of_arm) & (rows["x"] == layer)].groupby("y")["value"].mean()
                colour, marker = style[arm]
                every = max(1, len(mine) // 6)
                (line,) = place.plot(
                    mine.index, mine, color=colour, linewidth=1.2, marker=marker, markersize=2.5, markevery=every
                )
                handles.setdefault(arm, line)
            place.set_title(f"{label}, {_in_words(names.get(int(layer), f'{layer:g}'))}", fontsize=7.5)
            place.set_ylim(bottom=0)
            place.xaxis.set_major_locator(MaxNLocator(integer=True))
            place.tick_params(labelsize=6.5)
            bare(place)
    figure.supylabel("singular value by place", fontsize=8)
    legend(figure, handles)
    return figure


def _layers_of(runs: pandas.DataFrame) -> dict[int, str]:
    """The names of a Condition's layers by their number, from 1."""
    known = [name for name in sigma_columns(runs.columns) if runs[name].notna().any()]
    return {number: name.removeprefix(SIGMA) for number, name in enumerate(known, start=1)}


def _in_words(layer: str) -> str:
    return f"layer {layer}" if layer.isdigit() else layer
