"""How much tuning matters, on either side."""

from analysis.figures import tunability_curves
from analysis.report.elements.cells import percent
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table
from analysis.report.elements.words import estimate, with_interval


def section(found: Findings) -> Section | None:
    """A row per Condition and side, and what so many configurations are expected to reach; nothing without a search."""
    study, margin = found.study, found.study.outcome.margin_in_unit
    if study.search is None:
        return None
    lines = ["## How much tuning matters, with and without (exploratory)", ""]
    if study.search.sampler != "random" or study.search.scheduler is not None:
        lines += [
            f"The sampler {study.search.sampler} looked where it had found something: what follows describes its "
            "search. Only independent draws (sampler random) describe the space.",
            "",
        ]
    heads = ("Condition", "side", "expected best of 1, 4, 16", f"share within {margin:g} of the best", "importances")
    rows = []
    for one in found.sensitivities:
        spent = [k for k in (1, 4, 16) if k <= len(one.curve.spent)]
        best = ", ".join(
            with_interval(one.curve.best[k - 1], one.curve.low[k - 1], one.curve.high[k - 1]) for k in spent
        )
        shares = ", ".join(f"{name.replace('_', ' ')} {estimate(share)}" for name, share in one.importances.items())
        share = estimate(percent(one.near_best), digits=0)
        rows.append((one.condition, one.arm, best, f"{share} %", shares or "–"))
    shown = [one for one in found.sensitivities if one.condition in found.shown.labels.values()]
    pictures = {}
    if shown:
        pictures["tunability"] = Picture(
            draw=lambda: tunability_curves(
                {(one.condition, one.arm): one.curve for one in shown},
                found.arms,
                study.outcome.measured.on("validation"),
            ),
            shows="Search (exploratory): expected best validation outcome after so many configurations, with bootstrap "
            "bands" + found.shown.note,
        )
    return Section(lines=[*lines, *table(heads, rows)], pictures=pictures)
