"""How the loss's gradient comes through the layers."""

from analysis.describing.gradient_flow import flow_table
from analysis.describing.probed import AT_THE_END
from analysis.figures import gradients_by_depth
from analysis.figures.gradient_flow import LEAST
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table

HEADS = ("Condition", "arm", "when", "left at the first layer [quartiles]", "slope over depth [quartiles]", "measured")


def section(found: Findings) -> Section | None:
    """A row per Condition, arm and epoch; nothing where gradients were not probed."""
    flow = flow_table(found.runs, found.tables.curves, found.question.labels)
    if flow.empty:
        return None
    epochs = {
        epoch: "at the end" if epoch == AT_THE_END else f"epoch {epoch}" if epoch else "at the start"
        for epoch in dict.fromkeys(flow["epoch"])
    }
    lines = [
        "## Gradients by depth (descriptive)",
        "",
        "Norm of the loss's gradient at the first hidden layer over that at the last one, and the slope of its natural "
        "logarithm from layer to layer: 0 where gradients keep their size, above it where they vanish on their way to "
        "the input, below it where they grow. Medians over seeds.",
        "",
    ]
    rows = []
    for (condition, arm, epoch), of_arm in flow.groupby(["condition", "arm", "epoch"], sort=False):
        by_layer = of_arm.set_index("layer")
        cells = [_shown(by_layer.loc[layer]) if layer in by_layer.index else "–" for layer in (1, 0)]
        first = by_layer.iloc[0]
        measured = f"{first['measured']:.0f} of {first['seeds']:.0f}"
        rows.append((condition, arm, epochs[epoch], *cells, measured))
    shown = found.shown
    picture = Picture(
        draw=lambda: gradients_by_depth(flow, epochs, shown.arms),
        shows="What is left of the gradient at each hidden layer, median and quartiles over seeds; what is below "
        f"{LEAST:g} is not drawn" + shown.note,
    )
    return Section(
        lines=[*lines, *table(HEADS, rows, "gradient-flow.csv")],
        tables={"gradient-flow": flow},
        pictures={"gradient-flow": picture},
        notes=shown.notes,
    )


def _shown(row) -> str:
    return f"{row['median']:.2g} [{row['low']:.2g}, {row['high']:.2g}]"
