"""Answers to claims of how a gain changes with the width of the network."""

from collections.abc import Callable, Sequence

from analysis.describing.capacity_trend import CapacityTrend, with_capacity
from analysis.report import Findings
from analysis.report.sections import capacity
from studies.account.answers import Answer, Pair, Tell, graded, judged_of, sentences, tally, told


def depends_on_width(
    *pairs: Pair, beside: Sequence[Pair] = (), sections: Sequence[Tell] = ()
) -> Callable[[Findings], Answer]:
    """Whether these gains change with the width: the interval of their change per doubling leaves 0 out."""

    def answer(found: Findings) -> Answer:
        trends = _trends(found, pairs)
        rising = sum(one.interaction.low is not None and one.interaction.low > 0 for one in trends)
        falling = sum(one.interaction.high is not None and one.interaction.high < 0 for one in trends)
        return _answer(
            found,
            pairs,
            beside,
            sections,
            standing=graded(rising + falling, 0, len(trends)),
            summary=(
                f"Of {len(trends)} gains {rising} rise with the width and {falling} fall, by 95 % intervals of the "
                "change per doubling (descriptive)."
            ),
        )

    return answer


def power_laws(
    *pairs: Pair, beside: Sequence[Pair] = (), sections: Sequence[Tell] = ()
) -> Callable[[Findings], Answer]:
    """Whether these gains are power laws of the width, with exponents that are not 0."""

    def answer(found: Findings) -> Answer:
        laws = [capacity.law_of(one) for one in _trends(found, pairs)]
        claimed = [law for law in laws if not isinstance(law, str)]
        apart = sum(law.p is not None and law.low is not None and law.high is not None and law.low * law.high > 0
                    for law in claimed)  # fmt: skip
        return _answer(
            found,
            pairs,
            beside,
            sections,
            standing=graded(apart, 0, len(laws)),
            summary=(
                f"Of {len(laws)} gains over the widths {len(claimed)} pass the gates of a power law, {apart} of them "
                "with an exponent whose interval leaves 0 out."
            ),
        )

    return answer


def _trends(found: Findings, pairs: Sequence[Pair]) -> list[CapacityTrend]:
    trends = with_capacity(found.study, found.judged)
    return [one for one in trends if (one.contrast.treatment, one.contrast.baseline) in pairs]


def _answer(
    found: Findings,
    pairs: Sequence[Pair],
    beside: Sequence[Pair],
    sections: Sequence[Tell],
    standing: str,
    summary: str,
) -> Answer:
    judged, others = judged_of(found, pairs), judged_of(found, beside)
    return Answer(
        standing=standing,
        summary=f"{summary} {tally(judged)}",
        lines=(*told(found, capacity.section, *sections), *sentences([*judged, *others])),
    )
