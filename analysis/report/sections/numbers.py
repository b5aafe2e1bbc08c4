"""Every number that the verdicts rest on."""

from analysis.figures import paired
from analysis.figures.units import of_differences, of_gain, of_values
from analysis.judging.contrasts import Judged, contrast_table, mean_estimates
from analysis.report.elements.cells import condition, difference, linked
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.shown import file_names
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, estimate, with_interval
from analysis.statistics.effect_size import g_z
from analysis.statistics.significance import wilcoxon

MOST_PAIRED = 12
"""Contrasts of a study up to which each has its paired plot."""

MOST_RANKED = 200
"""Seeds up to which the signed rank is told: counting its exact p takes 0.1 s there, and 1000 times that at 2000."""


def section(found: Findings) -> Section:
    """A row per contrast and Condition, and a paired plot of each contrast."""
    metric = found.metric
    heads = (
        *("Condition", "contrast", "n", of_values("baseline", metric), of_values("treatment", metric)),
        *(of_gain(metric), "g_z", "p by t", "p by sign flip", "p of equivalence", "p by signed rank", "ahead"),
        *("diverged", of_differences("without failures", metric)),
    )
    linking = (
        " Arms link to their MLflow runs, which list every seed; Conditions to the page that compares their arms."
        if found.links
        else ""
    )
    lines = [
        "## Numbers",
        "",
        "Means and differences with 95 % intervals; p adjusted over the family; g_z is the mean difference over the "
        f"spread of the differences.{linking} p by signed rank (descriptive): Wilcoxon's exact test, which a few "
        "extreme seeds move little; not adjusted, and no verdict "
        f"rests on it; told up to {MOST_RANKED} seeds.",
        "",
    ]
    rows = []
    for one in found.judged:
        cells = (condition(found, one), linked(found, one), f"{one.verdict.statistics.n}", *_numbers(found, one))
        rows.append((*cells, *["–"] * (len(heads) - len(cells))))
    named = file_names(map(str, found.question.contrasts))
    contrasts, pictures, notes = found.question.contrasts, {}, []
    for contrast in contrasts if len(contrasts) <= MOST_PAIRED else ():
        of_contrast = [
            one for one in found.judged if one.contrast == contrast and one.condition_signature in found.shown.labels
        ]
        pictures[f"paired-{named[str(contrast)]}"] = Picture(
            draw=lambda judged=of_contrast: paired(judged, found.arms, found.question.measured, found.digits),
            shows=f"{contrast}: every seed's baseline and treatment, joined; dark where the treatment is ahead"
            + found.shown.note,
        )
    if len(contrasts) > MOST_PAIRED:
        notes.append(
            f"No paired plots: {len(contrasts)} contrasts are more than the {MOST_PAIRED} up to which each has one. "
            "The run table has every seed of every arm."
        )
    tables = {"contrasts": contrast_table(found.judged)}
    return Section(lines=[*lines, *table(heads, rows)], tables=tables, pictures=pictures, notes=notes)


def _numbers(found: Findings, one: Judged) -> tuple[str, ...]:
    """The cells behind n; none where nothing was compared."""
    numbers, complete, pairs = one.verdict.statistics, one.verdict.complete_cases, one.differences
    if pairs is None or numbers.mean is None:
        return ()
    baseline, treatment = mean_estimates(pairs)
    digits = found.digits
    without = (
        "same"
        if complete.n == numbers.n
        else f"{with_interval(complete.mean, complete.low, complete.high, sign=True, digits=digits)}, n = {complete.n}"
    )
    ranked = numbers.p_flip_adjusted is not None and numbers.n <= MOST_RANKED  # no test across epochs
    return (
        *(estimate(baseline, digits=digits), estimate(treatment, digits=digits), difference(found, one)),
        estimate(g_z(pairs.gains)) if numbers.n >= 2 else "–",
        *(chance(p) for p in (numbers.p_t_adjusted, numbers.p_flip_adjusted, numbers.p_tost_adjusted)),
        chance(wilcoxon(pairs.gains).p) if ranked else "–",
        f"{numbers.better}/{numbers.n}",
        f"{numbers.diverged_treatment}/{numbers.n} and {numbers.diverged_baseline}/{numbers.n}",
        without,
    )
