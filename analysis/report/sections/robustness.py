"""What the networks were put to beside their test samples as they are."""

from analysis.describing.robustness import ATTACKED, robustness_table
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from spectra_tune.design import SPLIT_METRICS


def section(found: Findings) -> Section | None:
    """A row per Condition and arm, and whether attacks were kept from what is there; nothing without evaluations."""
    told = robustness_table(found.study, found.runs)
    if told.empty:
        return None
    metrics = [name for name in told.columns if name in SPLIT_METRICS]
    heads = ("Condition", "arm", *(SPLIT_METRICS[name].metric.words for name in metrics), "seeds")
    rows = [
        (row["condition"], row["arm"], *(_cell(row[name], name) for name in metrics), f"{row['seeds']:.0f}")
        for row in told.to_dict("records")
    ]
    made = "; ".join(map(str, found.study.outcome.evaluations))
    text = [
        "## Under attack and corruption",
        "",
        f"Means over seeds, diverged runs as the constant predictor. Made on test samples: {made}. Epsilons and noise "
        "are in units of what the network takes, without a clip to the range of the data.",
        "",
    ]
    lines = [*text, *table(heads, rows, "robustness.csv")]
    if set(ATTACKED) <= set(metrics):
        lines += [_masking(told), ""]
    return Section(lines=lines, tables={"robustness": told})


def _cell(value: float, name: str) -> str:
    return "–" if value != value else f"{value:.1f}{SPLIT_METRICS[name].metric.symbol}"


def _masking(told) -> str:
    """Whether there are signs of masked gradients, and in which arms."""
    signs = []
    for column, what in (
        ("stronger_at_twice", "accuracy rises with epsilon"),
        ("weaker_than_transfer", "the perturbations of the baseline do more than those of the network's own gradients"),
    ):
        seen = told[told[column] > 0]
        if not seen.empty:
            where = "; ".join(
                f"{row['condition']}, {row['arm']}: {row[column]} of {row['seeds']} runs"
                for row in seen.to_dict("records")
            )
            signs.append(f"{what} ({where})")
    if not signs:
        return (
            "No sign of masked gradients: accuracy never rises with epsilon, and never is an attack on the baseline "
            "stronger than that on the network itself."
        )
    return f"**Signs of masked gradients**, so that accuracy under attack may be told too high: {'; '.join(signs)}."
