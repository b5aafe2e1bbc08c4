"""What the report does not say."""

from analysis.describing.ceiling import at_ceiling
from analysis.judging.measured import best_of
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Section
from spectra_tune.design import called


def section(found: Findings) -> Section:
    """The limits as a list."""
    study, runs = found.study, found.runs
    tasks = sorted({called(condition.task) for condition in study.conditions})
    lines = [
        f"- {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'} ({literal(', '.join(tasks))}) and the Conditions "
        "above: nothing is claimed beyond them.",
        "- Only the contrasts under Verdicts were registered and corrected for; everything marked descriptive was not.",
    ]
    if bool(runs["one_split"].any()):
        lines.append("- (one split): all seeds of such a task share one data set; the claim is about that data set.")
    if len(study.seeds.confirm) < 8:
        lines.append("- (provisional): fewer than 8 seeds.")
    best = f"{best_of(found.metric):g}{found.metric.symbol}"
    for one in at_ceiling(found.judged):
        lines.append(
            f"- {literal(f'{one.condition}, {one.contrast}')}: half of the baseline's runs or more are at {best}."
        )
    suspicious = {one.condition: one for one in found.judged if one.differences and one.differences.suspicious}
    for one in suspicious.values():
        assert one.differences is not None
        lines.append(
            f"- {literal(one.condition)}: {one.differences.suspicious} pairs of different Treatments agree in "
            "every metric to the last bit; was one of them trained at all?"
        )
    if "equal_bits" in runs and not bool(runs["equal_bits"].all()):
        lines.append(
            "- On the processor used, bits depend on what trained beside a run: another split of the blocks would not "
            "repeat these numbers to the bit. The verdicts stand."
        )
    if any(one.overhead is not None for one in found.priced):
        lines.append("- Times were measured on the machine that trained and hold for it.")
    return Section(lines=["## Limits", "", *lines, ""])
