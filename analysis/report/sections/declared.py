"""What was taken on the word of whoever brought the results, and how far the data speak for it."""

import math

from analysis.describing.pairs import pairs_table
from analysis.figures.units import behind
from analysis.judging.declared import Declared
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import Markdown, literal
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import with_interval

HEADS = ("Condition", "contrast", "n", "correlation of the pairs [95 %]", "speaks", "equal values", "")


def section(found: Findings) -> Section | None:
    """The design as it was declared, and a row of evidence per contrast and Condition; nothing of a study of ours."""
    declared = found.declared
    if declared is None:
        return None
    lines = ["## Design, declared by you", ""]
    lines += table(("", ""), list(_design(found, declared).items()))
    pairs = pairs_table(found.judged)
    lines += [
        "",
        "How far the data speak for the matching: where runs of one seed share what the seed decides, their values go "
        "up and down together, and their correlation lies above 0. An interval that covers 0 says nothing; one below 0 "
        "speaks against it. No verdict rests on this, and no correlation shows that budgets or settings were alike.",
        "",
    ]
    rows = []
    for row in pairs.to_dict("records"):
        known = row["r"] is not None and not math.isnan(row["r"])
        r = with_interval(row["r"], row["low"], row["high"], sign=True) if known else "–"
        equal = f"{row['identical']} of {row['n']}"
        rows.append((row["condition"], row["contrast"], f"{row['n']}", r, row["says"], equal, row["note"]))
    return Section(lines=[*lines, *table(HEADS, rows, "pairs.csv")], tables={"pairs": pairs})


def _design(found: Findings, declared: Declared) -> dict[str, str]:
    """What is known of the design, by whom."""
    question, given = found.question, declared.declaration
    baseline, *treatments = map(literal, question.arms)
    others = literal(", ".join(declared.other_arms))
    seeds = sorted(set(found.runs["seed"]))
    unit = given.given_in or "in its own unit"
    better = "lower" if given.lower_is_better else "higher"
    rows = f"{len(found.runs)} runs of {declared.place}"
    if declared.repeated:
        rows += f"; {declared.repeated} rows repeat another and count once"
    if declared.no_runs:
        rows += f"; {declared.no_runs} rows without arm, seed and metric are no runs"
    selected = (
        f"seeds {', '.join(given.selected_on)} selected; none of them is among these, which was checked"
        if given.selected_on
        else "that no seed of the table chose an arm, a setting or a stopping time is taken on your word"
    )
    return {
        "runs": rows,
        "arms": Markdown(
            f"{', '.join(treatments)} against **{baseline}**"
            + f"; the table's other arms ({others}) were not named" * bool(others)
        ),
        "Conditions": f"{len(question.labels)}: {'; '.join(question.labels.values())}",
        "checked": "every arm of a Condition has the same seeds, each once; runs are paired by seed, never by row",
        "declared by you": f"that runs of one {given.seed} are matched: same data, initial weights, order and budget, "
        "different in the arm alone. The table does not show it",
        "seeds": f"{len(seeds)}: {', '.join(map(str, seeds[:20]))}{' …' * (len(seeds) > 20)}; {selected}",
        "outcome": f"{given.metric}, {unit}, {better} is better; margin ±{question.margin_in_unit:g}"
        f"{behind(found.metric)}",
        "family": f"m = {question.tests} tests at a family-wise alpha of {question.alpha:g}, as you declared: whatever "
        "else was looked at (arms, metrics, other margins) is not paid for",
        "failed runs": "none may be in the table, which has no score of a constant predictor; whether neither arm "
        "learned anything was not asked",
    }
