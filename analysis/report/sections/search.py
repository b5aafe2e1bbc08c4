"""What a search found on its own seeds, and what fresh ones kept of it."""

from analysis.describing.tuning import untuned
from analysis.figures.units import named, of_differences
from analysis.judging.compared import short
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import number, with_interval

MOST_NEAR = 12
"""Near-best configurations that a line lists; the run table has all."""


def section(found: Findings) -> Section | None:
    """The search and its candidates; nothing where nothing was searched."""
    study = found.study
    if study.search is None:
        return None
    metric, measured = found.metric, study.outcome.measured.on("validation")
    bound = "highest lower" if metric.higher_is_better else "lowest upper"
    search = study.search
    spaces = {"treatment": search.treatment_space, "baseline": search.competitor_space, "both": search.nuisance_space}
    left = untuned(study)
    lines = ["## Search (exploratory)", "", *([f"**WARNING**: {left}.", ""] if left else [])]
    lines += [
        f"The objective was each side's own {named(measured)} "
        f"({study.search.objective.replace('_', ' ')} over the search seeds); the configuration with the {bound} "
        "95 % bound is the candidate. Test data was first looked at in the confirmation.",
        "",
    ]
    rows = []
    for side, space in spaces.items():
        rows += [(name.replace("_", " "), side, str(dimension)) for name, dimension in space]
    lines += table(("factor", "side", "range"), rows)
    rows = []
    listed = {(one.condition, side.arm): side for one in found.tuned for side in (one.treatment, one.baseline)}
    for (label, _), candidate in listed.items():
        values = ", ".join(f"{name} {short(value)}" for name, value in candidate.values.items()) or "nothing to tune"
        shown = with_interval(candidate.mean, candidate.low, candidate.high)
        near = ", ".join(map(str, candidate.near_best[:MOST_NEAR]))
        more = f" … ({len(candidate.near_best)} in all)" if len(candidate.near_best) > MOST_NEAR else ""
        chosen = f"no. {candidate.configuration}: {values}"
        spent = (f"{candidate.tried}", f"{candidate.runs}")
        rows.append((label, candidate.arm, chosen, shown, f"{near}{more}", *spent))
    lines += table(("Condition", "side", "candidate", "validation [95 %]", "near-best", "tried", "runs spent"), rows)
    lines += ["What the search promised, and what fresh seeds kept of it:", ""]
    names = ("promised", "confirmed", "best of as many equal ones")
    promised, confirmed, of_many = (of_differences(name, metric) for name in names)
    rows = []
    for one in found.tuned:
        kept = "" if one.shrinkage is None else f"{100 * (1 - one.shrinkage):z.0f} %"
        numbers = (number(one.promised, sign=True), number(one.confirmed, sign=True), kept, number(one.best_of_many))
        rows.append((one.condition, f"{one.treatment.arm} − {one.baseline.arm}", *numbers))
    lines += table(("Condition", "contrast", promised, confirmed, "kept", of_many), rows)
    side = "above" if metric.higher_is_better else "below"
    note = (
        "Kept: the confirmed share of the promise; blank where nothing was promised, or nothing beyond noise (the "
        "promise's own 95 % interval over the search seeds reaches 0). "
        f"The last column: how far the best of so many configurations lies {side} their common mean if all are equal, "
        "by the spread of the candidate's own seeds."
    )
    return Section(lines=[*lines, note, ""])
