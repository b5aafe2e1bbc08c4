"""What the report does not say."""

from analysis.describing.ceiling import at_ceiling
from analysis.judging.measured import best_of
from analysis.judging.rules import PROVISIONAL_BELOW
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Section
from spectra_tune.design import called


def section(found: Findings) -> Section:
    """The limits as a list."""
    runs = found.runs
    lines = [
        f"- {_covered(found)}: nothing is claimed beyond them.",
        f"- Only the contrasts under Verdicts were {found.question.standing} and corrected for; everything marked "
        "descriptive was not.",
    ]
    if "one_split" in runs and bool(runs["one_split"].any()):
        lines.append("- (one split): all seeds of such a task share one data set; the claim is about that data set.")
    if found.declared is not None:
        lines.append(
            "- Whether seeds draw data of their own, or all share one data set, the table does not say: if they share "
            "it, every claim is about that data set."
        )
    if any(one.verdict.statistics.n < PROVISIONAL_BELOW for one in found.judged if one.differences is not None):
        lines.append(f"- (provisional): fewer than {PROVISIONAL_BELOW} seeds.")
    best = f"{best_of(found.metric):g}{found.metric.symbol}"
    for one in at_ceiling(found.judged):
        lines.append(
            f"- {literal(f'{one.condition}, {one.contrast}')}: half of the baseline's runs or more are at {best}."
        )
    if found.declared is None:
        lines += _suspicious(found)
    if "equal_bits" in runs and not bool(runs["equal_bits"].all()):
        lines.append(
            "- On the processor used, bits depend on what trained beside a run: another split of the blocks would not "
            "repeat these numbers to the bit. The verdicts stand."
        )
    if found.declared is None:
        lines += _broken_off(found)
    if any(one.overhead is not None for one in found.priced):
        lines.append("- Times were measured on the machine that trained and hold for it.")
    return Section(lines=["## Limits", "", *lines, ""])


def _covered(found: Findings) -> str:
    """What the claims are about."""
    if found.declared is not None:
        labels = list(found.question.labels.values())
        return f"{len(labels)} {'Condition' if len(labels) == 1 else 'Conditions'} of {literal(found.declared.place)}"
    tasks = sorted({called(condition.task) for condition in found.study.conditions})
    count = f"{len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}"
    return f"{count} ({literal(', '.join(tasks))}) and the Conditions above"


def _suspicious(found: Findings) -> list[str]:
    """Conditions in which runs that should differ do not; of a table from elsewhere see declared.py."""
    suspicious = {one.condition: one for one in found.judged if one.differences and one.differences.suspicious}
    return [
        f"- {literal(one.condition)}: {one.differences.suspicious} pairs of different Treatments agree in every metric "
        "to the last bit; was one of them trained at all?"
        for one in suspicious.values()
        if one.differences is not None
    ]


def _broken_off(found: Findings) -> list[str]:
    """Conditions whose training was broken off and went on; kept tables may be older than that column."""
    if "interruptions" not in found.runs:
        return []
    labels, of_blocks = found.study.labels(), found.runs[["condition_signature", "interruptions"]].drop_duplicates()
    told = of_blocks[of_blocks["interruptions"].fillna("") != ""].groupby("condition_signature", sort=False)
    lines = [
        f"- {literal(labels[str(key)])}: the training was broken off, and {literal('; '.join(block['interruptions']))}."
        for key, block in told
    ]
    return [*lines, "- What is resumed or begun again gives the results of an undisturbed training."] if lines else []
