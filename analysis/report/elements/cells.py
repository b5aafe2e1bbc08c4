"""Cells that several tables of the report have."""

from analysis.figures.marks import MARKS
from analysis.judging.contrasts import Judged
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import Markdown, literal
from analysis.report.elements.words import with_interval
from analysis.statistics.estimate import Estimate


def difference(found: Findings, one: Judged) -> str:
    """The mean difference with its interval; positive where the treatment is better."""
    numbers = one.verdict.statistics
    return with_interval(numbers.mean, numbers.low, numbers.high, sign=True, digits=found.digits)


def verdict(one: Judged) -> Markdown:
    """The verdict's mark and name and what limits it."""
    name = one.verdict.name
    return Markdown(" ".join((MARKS[name], f"**{name}**", *one.verdict.suffixes)))


def condition(found: Findings, one: Judged) -> Markdown:
    """A contrast's Condition, linked to the page that compares its arms, where there is one."""
    link = found.compared.get(one.condition_signature)
    return Markdown(f"[{literal(one.condition)}]({link})" if link else literal(one.condition))


def linked(found: Findings, one: Judged) -> Markdown:
    """A contrast with both arms linked to their MLflow runs, where there are some."""
    arms = []
    for arm in (one.contrast.treatment, one.contrast.baseline):
        link = found.links.get((one.condition_signature, arm))
        arms.append(f"[{literal(arm)}]({link})" if link else literal(arm))
    return Markdown(" − ".join(arms))


def percent(rate: Estimate) -> Estimate:
    """A share as percent."""
    low, high = (None if bound is None else 100 * bound for bound in (rate.low, rate.high))
    return Estimate(estimate=100 * (rate.estimate or 0), low=low, high=high, n=rate.n, method=rate.method)
