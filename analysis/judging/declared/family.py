"""A table from elsewhere as a run table and the question it is asked, and the verdicts."""

from dataclasses import dataclass, replace

import pandas

from analysis.judging.contrasts import Judged, contrast_data
from analysis.judging.declared.checks import check_seeds, check_unit, once
from analysis.judging.declared.declaration import VALUE, Declaration
from analysis.judging.declared.rows import ARM, CONDITION, NUMBER, SEED, rows_of
from analysis.judging.matching import pair
from analysis.judging.question import Question
from analysis.judging.rules import Rules
from analysis.judging.verdict import judge
from spectra_tune.design import Contrast

UNKNOWN = "not known"
"""Of what a table from elsewhere does not say, alike for all of its runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A table that may be judged: what was declared of it, and its runs as a run table."""

    declaration: Declaration
    place: str  # where it comes from
    question: Question
    runs: pandas.DataFrame
    other_arms: tuple[str, ...]  # that the table has and nobody named
    repeated: int  # rows that say again what another says, counted once
    no_runs: int  # rows with neither arm nor seed nor metric


def declared(table: pandas.DataFrame, declaration: Declaration, place: str) -> Declared:
    """A table, indexed by where its rows stand, with every row checked; the order of its rows changes nothing."""
    found, other_arms, no_runs = rows_of(table, declaration)
    check_unit(found, declaration)
    found, repeated = once(found, declaration)
    check_seeds(found, declaration)
    baseline, there = declaration.baseline, sorted(set(found[ARM]))
    treatments = declaration.treatments or tuple(arm for arm in there if arm != baseline)
    labels = _labels(set(found[CONDITION]), declaration)
    conditions = found[CONDITION].map({values: signature for signature, (values, _) in labels.items()})
    in_percent = declaration.given_in == "percent"
    runs = pandas.DataFrame(
        {
            "arm": found[ARM],
            "seed": found[SEED],
            "stage": "confirm",
            "status": "ok",
            "signature": [f"{arm}, {seed}" for arm, seed in zip(found[ARM], found[SEED], strict=True)],
            "condition_signature": conditions,
            "environment": UNKNOWN,
            "condition": conditions.map({signature: label for signature, (_, label) in labels.items()}),
            VALUE: found[NUMBER] / 100 if in_percent else found[NUMBER],
        }
    )
    question = Question(
        text=f"What does {place} say of {declaration.metric}: {', '.join(treatments)} against {baseline}?",
        arms=(baseline, *treatments),
        labels={signature: label for signature, (_, label) in labels.items()},
        contrasts=tuple(Contrast(treatment=arm, baseline=baseline) for arm in treatments),
        measured=declaration.measured,
        margin_in_unit=declaration.margin,
        alpha=declaration.alpha,
        standing="declared",
    )
    return Declared(
        declaration=declaration,
        place=place,
        question=question,
        runs=runs.sort_values(["condition_signature", "arm", "seed"]).reset_index(drop=True),
        other_arms=other_arms,
        repeated=repeated,
        no_runs=no_runs,
    )


def _labels(conditions: set[tuple[str, ...]], declaration: Declaration) -> dict[str, tuple[tuple[str, ...], str]]:
    """Values and label of each Condition by its signature, which sorts as they do: numbers by size, before text."""
    ordered = sorted(conditions, key=lambda values: [_by_size(value) for value in values])
    digits = len(str(len(ordered)))
    several = [at for at, of in enumerate(zip(*ordered, strict=True)) if len(set(of)) > 1] or range(
        len(declaration.conditions)
    )
    names = declaration.conditions
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for number, values in enumerate(ordered):
        label = ", ".join(_shown(names[at], values[at]) for at in several) or "all rows"
        found[f"{number:0{digits}d}"] = (values, label)
    return found


def _shown(column: str, value: str) -> str:
    """Words stand for themselves, numbers and truths beside what they are of."""
    is_number = _by_size(value)[0] == 0
    return f"{column} {value}" if is_number or value.lower() in ("true", "false") else value


def _by_size(value: str) -> tuple[int, float, str]:
    try:
        return (0, float(value), value)
    except ValueError:
        return (1, 0.0, value)


def judge_declared(found: Declared) -> list[Judged]:
    """Every contrast in every Condition with its verdict. That neither arm learned anything is not asked: the table has
    no score of a constant predictor."""
    question = found.question
    paired = {
        contrast: pair(found.runs, treatment=contrast.treatment, baseline=contrast.baseline, metric=question.measured)
        for contrast in question.contrasts
    }
    keys = [(contrast, signature) for signature in question.labels for contrast in question.contrasts]
    differences = [paired[contrast].of(signature) for contrast, signature in keys]
    data = [
        replace(contrast_data(contrast, question.measured, False, one, None), constant=None)
        for (contrast, _), one in zip(keys, differences, strict=True)
    ]
    rules = Rules(margin=question.margin_in_unit, alpha=question.alpha, tests=question.tests, matching="declared")
    verdicts = judge(data, rules)
    return [
        Judged(
            contrast=contrast,
            condition_signature=signature,
            condition=question.labels[signature],
            differences=one,
            verdict=verdict,
        )
        for (contrast, signature), one, verdict in zip(keys, differences, verdicts, strict=True)
    ]
