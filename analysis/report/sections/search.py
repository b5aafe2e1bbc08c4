"""What a search found on its own seeds, and what fresh ones kept of it."""

from analysis.describing.pareto import fronts
from analysis.describing.tuning import validation
from analysis.report.cells import percent
from analysis.report.findings import Findings
from analysis.report.words import estimate, number, short, with_interval

MOST_NEAR = 12
"""Near-best configurations that a line lists; the run table has all."""


def lines(found: Findings) -> list[str]:
    """The search and its candidates; nothing where nothing was searched."""
    study = found.study
    if study.search is None:
        return []
    factors = {**dict(study.search.treatment_space), **dict(study.search.nuisance_space)}
    lines = ["## Search (exploratory)", ""]
    lines += [
        f"The objective was each side's own {validation(study.outcome.metric).replace('_', ' ')} "
        f"({study.search.objective.replace('_', ' ')} over the search seeds); the configuration with the highest lower "
        "95 % bound is the candidate. Test data was first looked at in the confirmation.",
        "",
        "| factor | side | range |",
        "|---|---|---|",
    ]
    for name, dimension in factors.items():
        side = "both" if name in study.search.nuisance else "treatment"
        lines.append(f"| {name.replace('_', ' ')} | {side} | {dimension} |")
    lines += ["", "| Condition | side | candidate | validation [95 %] | near-best | tried | runs spent |"]
    lines += ["|---|---|---|---|---|---|---|"]
    listed = {(one.condition, side.arm): side for one in found.tuned for side in (one.treatment, one.baseline)}
    for (label, _), candidate in listed.items():
        values = ", ".join(f"{name} {short(value)}" for name, value in candidate.values.items()) or "nothing to tune"
        shown = with_interval(candidate.mean, candidate.low, candidate.high)
        near = ", ".join(map(str, candidate.near_best[:MOST_NEAR]))
        more = f" … ({len(candidate.near_best)} in all)" if len(candidate.near_best) > MOST_NEAR else ""
        lines.append(
            f"| {label} | {candidate.arm} | no. {candidate.configuration}: {values} | {shown} | {near}{more} | "
            f"{candidate.tried} | {candidate.runs} |"
        )
    lines += ["", "What the search promised, and what fresh seeds kept of it:", ""]
    lines += ["| Condition | contrast | promised, pp | confirmed, pp | kept | best of as many equal ones, pp |"]
    lines += ["|---|---|---|---|---|---|"]
    for one in found.tuned:
        kept = "" if one.shrinkage is None else f"{100 * (1 - one.shrinkage):z.0f} %"
        lines.append(
            f"| {one.condition} | {one.treatment.arm} − {one.baseline.arm} | {number(one.promised, sign=True)} | "
            f"{number(one.confirmed, sign=True)} | {kept} | {number(one.best_of_many)} |"
        )
    note = (
        "The last column: how far the best of so many configurations lies above their common mean if all are equal, by "
        "the spread of the candidate's own seeds."
    )
    return [*lines, "", note, "", *_fronts(found), *_sensitivity(found)]


def _fronts(found: Findings) -> list[str]:
    points = fronts(found.study, found.searched)
    if not points:
        return []
    lines = ["## Outcome against size (exploratory)", ""]
    lines += [
        "Each side's Pareto front: what no configuration of that side with as many parameters or fewer reaches in "
        "validation. Sizes are not tested against each other.",
        "",
        "| side | parameters | Condition | configuration | validation [95 %] |",
        "|---|---|---|---|---|",
    ]
    for one in points:
        shown = with_interval(one.mean, one.low, one.high)
        lines.append(f"| {one.arm} | {one.parameters} | {one.condition} | no. {one.configuration} | {shown} |")
    return [*lines, ""]


def _sensitivity(found: Findings) -> list[str]:
    study, margin = found.study, found.study.outcome.margin_pp
    assert study.search is not None
    lines = ["## How much tuning matters, with and without (exploratory)", ""]
    if study.search.sampler != "random" or study.search.scheduler is not None:
        lines += [
            f"The sampler {study.search.sampler} looked where it had found something: what follows describes its "
            "search. Only independent draws (sampler random) describe the space.",
            "",
        ]
    lines += [f"| Condition | side | expected best of 1, 4, 16 | share within {margin:g} of the best | importances |"]
    lines += ["|---|---|---|---|---|"]
    for one in found.sensitivities:
        spent = [k for k in (1, 4, 16) if k <= len(one.curve.spent)]
        best = ", ".join(
            with_interval(one.curve.best[k - 1], one.curve.low[k - 1], one.curve.high[k - 1]) for k in spent
        )
        shares = ", ".join(f"{name.replace('_', ' ')} {estimate(share)}" for name, share in one.importances.items())
        share = estimate(percent(one.near_best), digits=0)
        lines.append(f"| {one.condition} | {one.arm} | {best} | {share} % | {shares or '–'} |")
    return [*lines, ""]
