"""Learning curves: each arm's mean over seeds with its 95 % band."""

from collections.abc import Mapping, Sequence

import pandas
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from analysis.figures.drawing import bare, legend, panels, styles
from analysis.figures.units import named, of_values
from analysis.judging.measured import bounds_of
from analysis.statistics.curves import mean_band
from spectra_tune.design import SplitMetric


def mean_curves(
    curves: pandas.DataFrame,
    runs: pandas.DataFrame,
    labels: Mapping[str, str],
    arms: Sequence[str],
    measured: SplitMetric,
) -> Figure:
    """A panel per Condition: mean of a metric of the curve table over epochs, a band of ±95 % t intervals.

    labels: Conditions by signature. A diverged run is in the mean until it diverged.
    """
    figure, axes = panels(len(labels))
    style = styles(arms)
    handles: dict[str, Artist] = {}
    chosen = curves[curves["metric"] == measured.column].drop_duplicates(["signature", "epoch"])
    for (signature, label), place in zip(labels.items(), axes, strict=True):
        for arm in arms:
            of_arm = runs.loc[(runs["condition_signature"] == signature) & (runs["arm"] == arm), "signature"]
            table = chosen[chosen["signature"].isin(of_arm)].pivot(index="signature", columns="epoch", values="value")
            if table.empty:
                continue
            mean, low, high = mean_band(table.to_numpy(dtype=float) * measured.metric.scale, bounds_of(measured.metric))
            epochs = table.columns.to_numpy(dtype=float)
            colour, marker = style[arm]
            (line,) = place.plot(
                epochs,
                mean,
                color=colour,
                linewidth=1.3,
                marker=marker,
                markersize=3,
                markevery=max(1, len(epochs) // 8),
            )
            place.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)
            handles.setdefault(arm, line)
        place.set_title(label, fontsize=8)
        place.tick_params(labelsize=7)
        bare(place)
        place.set_xlabel("epoch", fontsize=7)
    figure.supylabel(of_values(named(measured), measured.metric), fontsize=8)
    legend(figure, handles)
    return figure
