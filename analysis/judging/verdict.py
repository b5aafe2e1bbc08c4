"""Verdicts: what a contrast may claim. The first rule that holds decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy import ndarray

from analysis.judging.family import ContrastData, Statistics, family_statistics
from analysis.judging.measured import check_in_unit, share_at_best
from analysis.judging.rules import FEWEST_SEEDS, PROVISIONAL_BELOW, SECONDARY_ALPHA, Rules
from analysis.judging.sentences import Sentences, resolution
from analysis.judging.verdict_name import VerdictName
from analysis.statistics.significance import paired_t


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A name, a sentence that says it with its numbers, what limits it, and the numbers.

    complete_cases: the same numbers without the seeds at which a run diverged or failed; they decide nothing alone.
    """

    name: VerdictName
    sentence: str
    suffixes: tuple[str, ...]
    statistics: Statistics
    complete_cases: Statistics


def judge(family: Sequence[ContrastData], rules: Rules) -> list[Verdict]:
    """The verdicts of all contrasts of a study, in the order given. Refuses values that are none in their unit."""
    for one in family:
        if one.failure is None:
            check_in_unit((one.treatment_values, one.baseline_values), one.constant, one.metric)
    everyone = family_statistics(family, rules.margin, rules.tests)
    completed = [one.complete_cases() if one.failure is None else one for one in family]
    all_ended = all(of is one for of, one in zip(completed, family, strict=True))
    complete = everyone if all_ended else family_statistics(completed, rules.margin, rules.tests)
    return [
        decide(one, statistics, cases, rules) for one, statistics, cases in zip(family, everyone, complete, strict=True)
    ]


def decide(one: ContrastData, statistics: Statistics, complete_cases: Statistics, rules: Rules) -> Verdict:
    """The verdict of one contrast; complete_cases: the same statistics without the seeds at which a run diverged.

    In this order: not comparable, under-powered by design, uninformative, unsafe, supported or harmful (at least the
    margin; but negligible; size open), equivalent, inconclusive.
    """
    words = Sentences(one, rules)
    name, sentence = _decided(words, statistics, complete_cases)
    if name != VerdictName.NOT_COMPARABLE:
        sentence += f" With the declared difference in {', '.join(one.spans)}." if one.spans else ""
        if name != VerdictName.UNINFORMATIVE:
            sentence += resolution(statistics) + words.ceiling()
    return Verdict(
        name=name,
        sentence=sentence,
        suffixes=_suffixes(statistics, rules, one),
        statistics=statistics,
        complete_cases=complete_cases,
    )


def _decided(words: Sentences, found: Statistics, complete: Statistics) -> tuple[VerdictName, str]:
    one, rules = words.one, words.rules
    if one.failure is not None:
        return VerdictName.NOT_COMPARABLE, f"Not comparable: {one.failure}. No test was made."
    if "epochs" in one.spans:
        effect = words.effect(found)
        return VerdictName.NOT_COMPARABLE, (
            f"The arms differ in {', '.join(one.spans)}: a part of a decomposition or a wall-time control, never a "
            f"verdict. {effect[:1].upper()}{effect[1:]}."
        )
    if found.n < FEWEST_SEEDS or found.smallest_p > rules.alpha:
        return VerdictName.UNDERPOWERED, words.underpowered(found)
    uninformative = _uninformative(words)
    if uninformative:
        return VerdictName.UNINFORMATIVE, uninformative
    unsafe = _unsafe(words, found, complete)
    if unsafe:
        return VerdictName.UNSAFE, unsafe
    name = _strength(found, rules)
    return name, words.claim(name, found)


def _strength(found: Statistics, rules: Rules) -> VerdictName:
    """The verdict by the adjusted tests alone; that the margin is reached is shown on confirmation seeds only.

    What lies within the margin is a family of tests of its own, and what reaches it another: in all contrasts together
    the margin is falsely denied in at most 5 % of studies, whatever the first tests say.
    """
    assert found.mean is not None
    within = _shown(found.p_tost_adjusted, SECONDARY_ALPHA)
    if not _shown(found.p_adjusted, rules.alpha):
        return VerdictName.EQUIVALENT if within else VerdictName.INCONCLUSIVE
    better = found.mean > 0
    if rules.stage == "confirm" and _shown(found.p_margin_adjusted, SECONDARY_ALPHA):
        return VerdictName.SUPPORTED_AT_LEAST_THE_MARGIN if better else VerdictName.HARMFUL_AT_LEAST_THE_MARGIN
    if within:
        return VerdictName.SUPPORTED_BUT_NEGLIGIBLE if better else VerdictName.HARMFUL_BUT_NEGLIGIBLE
    return VerdictName.SUPPORTED_SIZE_OPEN if better else VerdictName.HARMFUL_SIZE_OPEN


def _shown(p: float | None, level: float) -> bool:
    return p is not None and p < level


def _uninformative(words: Sentences) -> str:
    """Why both arms together say nothing, or an empty string; whether they learned needs the constant's score."""
    one = words.one
    arms, constant = (one.treatment_values, one.baseline_values), one.constant
    if constant is not None and not any(_is_above_zero(one.measured.sign * (values - constant)) for values in arms):
        return words.learned_nothing(arms, constant)
    if all(share_at_best(values, one.measured) >= 0.5 for values in arms):
        return words.all_at_best()
    return ""


def _is_above_zero(values: ndarray) -> bool:
    """Whether the two-sided 95 % interval of the mean lies above 0."""
    low = paired_t(values).low
    return low is not None and low > 0


def _unsafe(words: Sentences, found: Statistics, complete: Statistics) -> str:
    """Why divergence forbids a claim, or an empty string."""
    rules = words.rules
    if found.diverged_treatment + found.diverged_baseline == 0:
        return ""
    diverged = f"Diverged {found.diverged_treatment}/{found.n} vs {found.diverged_baseline}/{found.n}"
    counted = f"with failures counted the mean effect is {words.effect(found)}"
    if found.p_divergence < SECONDARY_ALPHA:
        return f"{diverged}: the treatment diverges more; {counted}."
    without = _strength(complete, rules) if complete.low is not None else "fewer than two complete pairs"
    if without != _strength(found, rules):
        return f"{diverged}; {counted}, without the diverged seeds {words.effect(complete)} ({without})."
    return ""


def _suffixes(found: Statistics, rules: Rules, one: ContrastData) -> tuple[str, ...]:
    if one.failure is not None:
        return ()
    holds = {
        "(exploratory)": rules.stage == "search",
        "(provisional)": found.n < PROVISIONAL_BELOW,
        "(one split)": one.one_split,
    }
    return tuple(suffix for suffix, applies in holds.items() if applies)
