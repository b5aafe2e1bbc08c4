"""Whether complexity predicts the best width and target of tasks that were left out."""

from analysis.report.findings import Findings
from analysis.report.table import table
from analysis.report.words import chance, number, with_interval

HEADS = (
    *("predicted", "from", "tasks", "regret of the prediction, pp", "regret of the constant, pp"),
    *("difference, pp [95 %]", "p adjusted", ""),
)


def lines(found: Findings) -> list[str]:
    """A row per predicted quantity and complexity measure; nothing where there is nothing to predict from."""
    if found.prediction.empty:
        return []
    text = [
        "## Prediction on left-out tasks (descriptive)",
        "",
        "One task at a time is left out. A line fitted on the others predicts its best value from its complexity; the "
        "constant is the value that is best on average over the others, both by validation data. Regret: how far test "
        "data at the predicted value lies below the best value of the grid. Below 0 the prediction beats the constant. "
        "p: exact sign flip over tasks, adjusted over the rows; predictions of different tasks share training tasks, "
        "so intervals and p are approximate. `predictions.csv` has every task.",
        "",
    ]
    rows = []
    for row in found.prediction.to_dict("records"):
        known = not row["note"]
        measure = row["measure"].removeprefix("complexity_").replace("_", " ")
        regrets = [number(row[name]) for name in ("regret", "regret_of_constant")]
        difference = with_interval(row["difference"], row["low"], row["high"], sign=True) if known else "–"
        what = row["predicted"].replace("_", " ")
        rows.append((what, measure, f"{row['tasks']}", *regrets, difference, chance(row["p_adjusted"]), row["note"]))
    return [*text, *table(HEADS, rows, "prediction.csv")]
