"""Whether complexity predicts the best width and target of tasks that were left out."""

from analysis.figures.units import of_differences
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, number, with_interval


def section(found: Findings) -> Section | None:
    """A row per predicted quantity and complexity measure; nothing where there is nothing to predict from."""
    if found.prediction.empty:
        return None
    metric = found.metric
    names = ("regret of the prediction", "regret of the constant", "difference")
    regret, of_constant, difference = (of_differences(name, metric) for name in names)
    heads = ("predicted", "from", "tasks", regret, of_constant, f"{difference} [95 %]", "p adjusted", "")
    side = "below" if metric.higher_is_better else "above"
    text = [
        "## Prediction on left-out tasks (descriptive)",
        "",
        "One task at a time is left out. A line fitted on the others predicts its best value from its complexity; the "
        "constant is the value that is best on average over the others, both by validation data. Regret: how far test "
        f"data at the predicted value lies {side} the best value of the grid. Below 0 the prediction beats the "
        "constant. p: exact sign flip over tasks, adjusted over the rows; predictions of different tasks share "
        "training tasks, so intervals and p are approximate. `predictions.csv` has every task.",
        "",
    ]
    rows = []
    for row in found.prediction.to_dict("records"):
        known = not row["note"]
        measure = row["measure"].removeprefix("complexity_").replace("_", " ")
        regrets = [number(row[name]) for name in ("regret", "regret_of_constant")]
        shown = with_interval(row["difference"], row["low"], row["high"], sign=True) if known else "–"
        what = row["predicted"].replace("_", " ")
        rows.append((what, measure, f"{row['tasks']}", *regrets, shown, chance(row["p_adjusted"]), row["note"]))
    return Section(
        lines=[*text, *table(heads, rows, "prediction.csv")],
        tables={"prediction": found.prediction, "predictions": found.predictions},
    )
