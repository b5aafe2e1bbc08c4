"""What a study's findings answer to a claim of the plan: in the report's own words and tables."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.describing.gain_model import shown_better
from analysis.judging.contrasts import Judged
from analysis.judging.verdict_name import HARMFUL, SUPPORTED, WITHOUT_A_GAIN_THAT_MATTERS
from analysis.report import Findings
from analysis.report.elements.cells import verdict
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import with_interval
from analysis.report.sections import (
    complexity,
    convergence,
    cost,
    error_rates,
    prediction,
    search,
    sensitivity,
    size,
    spread,
)
from spectra_tune.design import SPLIT_METRICS

REFUTING = WITHOUT_A_GAIN_THAT_MATTERS | HARMFUL
"""Verdicts that show that a treatment does not gain what matters."""

STANDINGS = ("refuted", "not shown", "held in part", "held")
"""What came of a claim, the worst first: the order in which the account tells them."""

LEVEL = 0.05
"""Of adjusted p in descriptive tables: below it an answer calls a difference shown."""

TOLERANCE = 0.1
"""Relative, of a target that counts as reached."""

Pair = tuple[str, str]

Tell = Callable[[Findings], Section | None]
"""What tells a section of the report."""

SEARCH: tuple[Tell, ...] = (search.section, size.section, sensitivity.section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a claim, in a word, in one sentence, and in full."""

    standing: str  # one of STANDINGS
    summary: str
    lines: tuple[str, ...]  # Markdown


def contrasts(*pairs: Pair, beside: Sequence[Pair] = (), sections: Sequence[Tell] = ()) -> Callable[[Findings], Answer]:
    """Verdict sentences of these (treatment, baseline) in every Condition; the claim is that the treatments gain.

    beside: shown, too, without a say in what came of the claim. sections: of the study's report, shown first.
    """

    def answer(found: Findings) -> Answer:
        judged, others = judged_of(found, pairs), judged_of(found, beside)
        return Answer(
            standing=standing(judged),
            summary=tally(judged),
            lines=(*told(found, *sections), *sentences([*judged, *others])),
        )

    return answer


def standing(judged: Sequence[Judged]) -> str:
    """Of the claim that the treatments gain: held where all do, refuted where none does and some are shown not to."""
    names = [one.verdict.name for one in judged]
    if all(name in SUPPORTED for name in names):
        return "held"
    if any(name in SUPPORTED for name in names):
        return "held in part"
    if any(name in REFUTING for name in names):
        return "refuted"
    return "not shown"


def tally(judged: Sequence[Judged]) -> str:
    """How many contrasts got which verdict."""
    counts = Counter(one.verdict.name for one in judged)
    listed = "; ".join(f"{count} {name}" for name, count in counts.most_common())
    return f"Of {len(judged)} registered contrasts: {listed}."


def sentences(judged: Sequence[Judged]) -> list[str]:
    """A row per contrast and Condition with its verdict and its sentence, word for word."""
    rows = [(one.condition, str(one.contrast), verdict(one), one.verdict.sentence) for one in judged]
    return table(("Condition", "contrast", "verdict", "sentence"), rows)[:-1]


def special_sigma(found: Findings) -> Answer:
    """Whether a target of 1 beats the other targets of its strength, and whether any target beats none."""
    against_others = [one for one in found.judged if one.contrast.baseline != "none"]
    against_none = [one for one in found.judged if one.contrast.baseline == "none"]
    gains = [one for one in against_none if one.verdict.name in SUPPORTED]
    best = ", ".join(f"{one.contrast.treatment} ({one.condition})" for one in gains) or "none of them"
    summary = (
        f"Target 1.0 against the other targets of its strength: {tally(against_others)} Targets against no penalty: "
        f"{tally(against_none)} Better than no penalty: {best}."
    )
    return Answer(
        standing=standing(against_others),
        summary=summary,
        lines=tuple(sentences([*against_none, *against_others])),
    )


def correlations(*pairs: Pair) -> Callable[[Findings], Answer]:
    """How these contrasts go with the tasks' complexity: the claim is that the gain falls with it."""

    def answer(found: Findings) -> Answer:
        names = [f"{treatment} − {baseline}" for treatment, baseline in pairs]
        rows = found.correlations[found.correlations["contrast"].isin(names)]
        falling = rows[(rows["p_adjusted"] < LEVEL) & (rows["r"] < 0)]
        rising = rows[(rows["p_adjusted"] < LEVEL) & (rows["r"] > 0)]
        return Answer(
            standing=graded(len(falling), len(rising), len(rows)),
            summary=(
                f"Over {rows['tasks'].max()} tasks, of {len(rows)} correlations of these gains with a measure of "
                f"complexity {len(falling)} are shown to be negative and {len(rising)} to be positive (adjusted p "
                f"below {LEVEL}); r lies between {rows['r'].min():+.2f} and {rows['r'].max():+.2f}."
            ),
            lines=tuple(told(found, complexity.section)),
        )

    return answer


def predictions(found: Findings) -> Answer:
    """Whether predictions from complexity beat a constant guess on tasks that were left out."""
    rows = found.prediction
    better = rows[(rows["p_adjusted"] < LEVEL) & (rows["difference"] < 0)]
    worse = rows[(rows["p_adjusted"] < LEVEL) & (rows["difference"] > 0)]
    return Answer(
        standing=graded(len(better), len(worse), len(rows)),
        summary=(
            f"Of {len(rows)} predictions (best width and best target, each from four measures of complexity) "
            f"{len(better)} are shown to beat a constant guess on left-out tasks and {len(worse)} to be worse "
            f"(adjusted p below {LEVEL})."
        ),
        lines=tuple(told(found, prediction.section)),
    )


def predicted_gains(tell: Tell) -> Callable[[Findings], Answer]:
    """Whether a model of the gain beats "no gain" on left-out tasks and networks. tell: where it is judged."""

    def answer(found: Findings) -> Answer:
        judged = found.gain_model
        metrics = list(dict.fromkeys(judged["metric"]))
        able = [metric for metric in metrics if shown_better(judged, metric)]
        half = [row for row in judged.to_dict("records") if row["p_adjusted"] < LEVEL and row["saved"] > 0]
        listed = ", ".join(f"{SPLIT_METRICS[row['metric']].words} (left-out {row['left_out']}s)" for row in half)
        mean = found.effects[(found.effects["factor"] == "") & (found.effects["beyond"] == "")].to_dict("records")
        gains = "; ".join(
            f"{SPLIT_METRICS[row['metric']].words} "
            f"{with_interval(row['effect'], row['low'], row['high'], sign=True)} pp"
            for row in mean
        )
        return Answer(
            standing="held" if len(able) == len(metrics) else "held in part" if half else "not shown",
            summary=(
                f"Of {len(metrics)} metrics the model is shown to beat “no gain” on left-out tasks and on left-out "
                f"networks, both, for {len(able)}; on one of the two for {listed or 'no other'}. The mean gain of "
                f"penalties with a target over {mean[0]['conditions']} Conditions: {gains}."
            ),
            lines=tuple(told(found, tell)),
        )

    return answer


def efficiency(found: Findings) -> Answer:
    """Whether a threshold is reached in fewer epochs."""
    rows = found.convergence
    faster, slower = rows[rows["ratio_high"] < 1], rows[rows["ratio_low"] > 1]
    return Answer(
        standing=graded(len(faster), len(slower), len(rows)),
        summary=(
            f"Of {len(rows)} ratios of epochs to the threshold, treatment over none, {len(faster)} lie below 1 with "
            f"their whole interval and {len(slower)} above."
        ),
        lines=tuple(told(found, convergence.section)),
    )


def graded(supporting: int, opposing: int, of: int) -> str:
    """Of a claim with so many results for it and against it."""
    if supporting:
        return "held" if supporting == of else "held in part"
    return "refuted" if opposing else "not shown"


def costs(found: Findings) -> Answer:
    """What each contrast costs and whether it is worth that."""
    judged = [one for one in found.judged if "epochs" not in one.contrast.differs]
    decisions = Counter(one.decision.name for one in found.priced if one.overhead is not None)
    listed = ", ".join(f"{count} {name}" for name, count in decisions.most_common())
    worth = decisions["use"] + decisions["optional"]
    return Answer(
        standing="held" if worth == len(judged) else "held in part" if worth else "refuted",
        summary=f"Worth using, by gain and time: {listed}. {tally(judged)}",
        lines=(*told(found, cost.section), *sentences(judged)),
    )


def tuned_sides(found: Findings) -> Answer:
    """What the search promised, what fresh seeds kept, and the verdicts: of tuned against tuned, which is what was
    claimed, and beside them of the penalty alone, in the configuration that was tuned with it."""
    tuned = [one for one in found.judged if one.contrast in found.study.tuned_contrasts]
    alone = [one for one in found.judged if one.contrast not in found.study.tuned_contrasts]
    return Answer(
        standing=standing(tuned),
        summary=f"Tuned against tuned: {tally(tuned)} The same configuration with and without it: {tally(alone)}",
        lines=(*told(found, *SEARCH), *sentences(found.judged)),
    )


def hyperparameter_sensitivity(found: Findings) -> Answer:
    """The share of each side's space within the margin of its best, without a test."""
    wider = {}
    for one in found.sensitivities:
        wider.setdefault(one.condition, {})[one.arm] = one.near_best
    larger = [
        name for name, by_arm in wider.items()
        if by_arm["penalty"].low is not None and by_arm["none"].high is not None
        and by_arm["penalty"].low > by_arm["none"].high
    ]  # fmt: skip
    return Answer(
        standing="held" if len(larger) == len(wider) else "held in part" if larger else "not shown",
        summary=(
            f"In {len(larger)} of {len(wider)} strata is a larger share of the searched space near its best with the "
            "penalty than without, by intervals that do not overlap (exploratory)."
        ),
        lines=tuple(told(found, *SEARCH)),
    )


def regularization(found: Findings) -> Answer:
    """Where sigma ended, by arm, then spreads over seeds and verdicts."""
    runs = found.runs[found.runs["status"] == "ok"]
    lines = ["| Condition | arm | sigma of layer 1 | sigma of layer 2 |", "|---|---|---|---|"]
    worst = 0.0
    for signature, label in found.study.labels().items():
        for arm in found.arms:
            rows = runs[(runs["condition_signature"] == signature) & (runs["arm"] == arm)]
            shown = [
                with_interval(float(rows[name].mean()), float(rows[name].min()), float(rows[name].max()))
                for name in ("sigma_1", "sigma_2")
            ]
            if arm == "strength 1":
                worst = max(worst, *(float((rows[name] - 1).abs().max()) for name in ("sigma_1", "sigma_2")))
            lines.append(f"| {label} | {arm} | {shown[0]} | {shown[1]} |")
    ratios = found.spread[found.spread["p_adjusted"] < LEVEL]
    narrower, wider = int((ratios["ratio"] < 1).sum()), int((ratios["ratio"] > 1).sum())
    reached = worst <= TOLERANCE
    standing_of_spread = graded(narrower, wider, len(found.spread))
    return Answer(
        standing="held in part" if reached and standing_of_spread != "held" else standing_of_spread,
        summary=(
            f"At strength 1 every layer of every run ends within {100 * worst:.1f} % of its target 1.0 (below: means "
            f"with the least and the greatest of the seeds). Of {len(found.spread)} spreads over seeds {narrower} are "
            f"shown to be smaller than without a penalty and {wider} to be larger (adjusted p below {LEVEL}). "
            f"{tally(found.judged)}"
        ),
        lines=(*lines, "", *told(found, spread.section), *sentences(found.judged)),
    )


def false_positives(found: Findings) -> Answer:
    """How often equal Treatments were called different."""
    alpha = found.study.outcome.alpha
    within = all(one.rate.low is None or one.rate.low <= alpha for one in found.error_rates)
    return Answer(
        standing="held" if within else "refuted",
        summary=f"The rate of false claims is {'within' if within else 'above'} what alpha = {alpha:g} allows.",
        lines=tuple(told(found, error_rates.section)),
    )


def judged_of(found: Findings, pairs: Sequence[Pair]) -> list[Judged]:
    """The judged contrasts of these pairs; one that the study did not register is an error of ours."""
    judged = [one for one in found.judged if (one.contrast.treatment, one.contrast.baseline) in pairs]
    missing = set(pairs) - {(one.contrast.treatment, one.contrast.baseline) for one in judged}
    assert not missing, f"{found.name} has no contrasts {missing}"
    return judged


def told(found: Findings, *sections: Tell) -> list[str]:
    """Sections of the study's report, their headings deeper."""
    lines = [line for tell in sections if (section := tell(found)) is not None for line in section.lines]
    return [f"##{line}" if line.startswith("## ") else line for line in lines]
