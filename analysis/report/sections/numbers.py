"""Every number that the verdicts rest on."""

from analysis.judging.contrasts import mean_estimates
from analysis.report.cells import difference, linked
from analysis.report.findings import Findings
from analysis.report.words import chance, estimate, with_interval
from analysis.statistics.effect_size import g_z


def lines(found: Findings) -> list[str]:
    """A row per contrast and Condition."""
    lines = [
        "## Numbers",
        "",
        "Means and differences with 95 % intervals; p adjusted over the family; g_z is the mean difference over the "
        "spread of the differences. Arms link to their MLflow runs, which list every seed.",
        "",
        "| Condition | contrast | n | baseline, % | treatment, % | difference, pp | g_z | p by t | p by sign flip | "
        "p of equivalence | ahead | diverged | without failures, pp |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found.judged:
        numbers, complete, pairs = one.verdict.statistics, one.verdict.complete_cases, one.differences
        if pairs is None or numbers.mean is None:
            lines.append(f"| {one.condition} | {linked(found, one)} | {numbers.n} |" + " – |" * 10)
            continue
        baseline, treatment = mean_estimates(pairs)
        without = (
            "same"
            if complete.n == numbers.n
            else f"{with_interval(complete.mean, complete.low, complete.high, sign=True)}, n = {complete.n}"
        )
        size = estimate(g_z(pairs.values)) if numbers.n >= 2 else "–"
        lines.append(
            f"| {one.condition} | {linked(found, one)} | {numbers.n} | {estimate(baseline)} | {estimate(treatment)} | "
            f"{difference(one)} | {size} | {chance(numbers.p_t_adjusted)} | {chance(numbers.p_flip_adjusted)} | "
            f"{chance(numbers.p_tost_adjusted)} | {numbers.better}/{numbers.n} | "
            f"{numbers.diverged_treatment}/{numbers.n} and {numbers.diverged_baseline}/{numbers.n} | {without} |"
        )
    return [*lines, ""]
