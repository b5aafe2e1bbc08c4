"""What came out in all: one sentence over every comparison."""

from collections.abc import Collection, Sequence

from analysis.figures.units import behind
from analysis.judging.contrasts import Judged
from analysis.judging.question import Question
from analysis.judging.verdict_name import (
    AT_LEAST_THE_MARGIN,
    HARMFUL,
    SUPPORTED,
    WITHOUT_A_GAIN_THAT_MATTERS,
    VerdictName,
)

OPEN = frozenset({VerdictName.INCONCLUSIVE, VerdictName.UNDERPOWERED})
"""Neither a difference nor its absence is shown."""

NO_CLAIM = frozenset({VerdictName.NOT_COMPARABLE, VerdictName.UNINFORMATIVE, VerdictName.UNSAFE})
"""There is nothing that could be said."""


def in_all(judged: Sequence[Judged], question: Question) -> str:
    """`Of 24 registered comparisons the treatment gains in 2 (1 by at least 1 pp), loses in 16 …; open: 5.`"""
    margin = f"{question.margin_in_unit:g}{behind(question.measured.metric)}"

    def of(names: Collection[VerdictName]) -> int:
        return sum(one.verdict.name in names for one in judged)

    def sure(names: frozenset[VerdictName]) -> str:
        count = of(names & AT_LEAST_THE_MARGIN)
        return f" ({'all' if count == of(names) else count} by at least {margin})" if count else ""

    if len(judged) == 1:
        return f"The one {question.standing} comparison, {judged[0].contrast}: {judged[0].verdict.name}."
    said = [f"the treatment gains in {of(SUPPORTED)}{sure(SUPPORTED)}", f"loses in {of(HARMFUL)}{sure(HARMFUL)}"]
    said += [f"differs by less than {margin} in {of(WITHOUT_A_GAIN_THAT_MATTERS)}"]
    rest = [f"open: {of(OPEN)}"] + [f"without any claim: {count}" for count in (of(NO_CLAIM),) if count]
    return f"Of {len(judged)} {question.standing} comparisons {', '.join(said)}; {'; '.join(rest)}."
