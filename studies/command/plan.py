"""What a study will do, before it does it: what `show` prints and a run records."""

from functools import lru_cache

from analysis.describing.tuning import untuned
from analysis.judging.question import Question
from analysis.judging.verdict_name import VerdictName
from analysis.statistics.planning import (
    detectable_effect,
    sd_upper_limit,
    seeds_needed,
    seeds_needed_equivalence,
    seeds_to_reach,
)
from analysis.statistics.significance import EXACT_UP_TO, RANDOM_FLIPS, smallest_flip_p
from spectra_tune.design import SAME_CONFIGURATION, Outcome, Study
from spectra_tune.design.kept_models import BEST
from spectra_tune.engine import parameter_count

POWER = 0.8


def parameters(study: Study) -> dict[str, object]:
    """The plan in numbers."""
    seeds = study.seeds.confirm
    blocks = study.blocks()
    return _search_parameters(study) | {
        "blocks": len(blocks),
        "arms": ", ".join(name for name, _ in study.arms),
        "seeds": f"{len(seeds)} ({_spans(seeds)})",
        "runs": len(blocks) * len(dict(study.arms)) * len(seeds),
        "tests m": study.tests,
        "outcome": study.outcome.metric,
        "margin_pp" if study.outcome.margin is None else "margin": study.outcome.margin_in_unit,
        "alpha": study.outcome.alpha,
        **_kept_parameters(study),
        **({"evaluations": ", ".join(map(str, study.outcome.evaluations))} if study.outcome.evaluations else {}),
        "smallest attainable p": smallest_flip_p(len(seeds)),
    }


def _kept_parameters(study: Study) -> dict[str, object]:
    """How many networks a study keeps at most, and how large they are together."""
    kept = study.kept_models
    if kept is None:
        return {}
    numbers = networks = 0
    for block in study.blocks():
        for _, arm in block.arms:
            condition, of_arm = arm.condition(block.condition), kept.of_arm(len(block.seeds))
            networks += of_arm
            numbers += of_arm * parameter_count(condition.network, condition.task)
    return {"models kept": f"{kept.which}: {networks} networks", "models kB": round(numbers * BYTES / 1e3, 1)}


def _kept_line(study: Study, numbers: dict[str, object]) -> list[str]:
    kept = study.kept_models
    if kept is None:
        return []
    which = f", by {kept.by.column}" if kept.which == BEST else ""
    parts = ", there for each part that a block goes out in" if kept.which == BEST else ""
    return [
        f"models      {numbers['models kept']} at most{which}: {numbers['models kB']:g} kB of weights in the "
        f"storage{parts}, and with their graphs, about 20 kB and more each, in MLflow"
    ]


BYTES = 4
"""Of a number of a network."""


def _search_parameters(study: Study) -> dict[str, object]:
    search = study.search
    if search is None:
        return {}
    sides = len(study.conditions) * len(study.sides())
    return {
        "search sides": ", ".join(f"{arm} ({side})" for arm, side in study.sides().items()),
        "search configurations": search.configurations,
        "search seeds": f"{len(study.seeds.search)} ({_spans(study.seeds.search)})",
        "search runs": sides * search.configurations * len(study.seeds.search),
        "search sampler": search.sampler + (f", {search.scheduler}" if search.scheduler else ""),
        "search objective": search.objective,
    }


FEW_SIZES, FEW_BLOCKS = 8, 24
"""That a plan lists."""


def _search_lines(study: Study) -> list[str]:
    """What a search will do, and on what terms."""
    search = study.search
    if search is None:
        return []
    numbers = _search_parameters(study)
    sizes = "; ".join(f"{name} {_listed_sizes(points)}" for name, points in search.strata)
    of_sizes = f" ({sizes})" if sizes else ""
    spaces = [f"  {name}: {dimension}, treatment side" for name, dimension in search.treatment_space]
    spaces += [f"  {name}: {dimension}, baselines with a penalty" for name, dimension in search.competitor_space]
    spaces += [f"  {name}: {dimension}, both sides" for name, dimension in search.nuisance_space]
    strata, sides, seeds = len(study.conditions), len(study.sides()), len(study.seeds.search)
    tried = strata * sides * search.configurations
    of_strata = "1 stratum" if strata == 1 else f"{strata} strata"
    lines = [
        f"strata      {strata}{of_sizes}: each is searched, confirmed and tested for itself",
        f"search      {of_strata} × {sides} sides ({numbers['search sides']}) × {search.configurations} "
        f"configurations = {tried:,}, × {seeds} seeds = {tried * seeds:,} runs at most, sampler "
        f"{numbers['search sampler']}",
        *spaces,
        f"  seeds {numbers['search seeds']}; objective: {search.objective} of each side's own "
        f"{study.outcome.measured.on('validation').column}",
        "  then the candidate of each side, the best by the worse end of its mean's 95 % interval, on fresh seeds from "
        "the pool below; fewer where fewer do",
    ]
    if SAME_CONFIGURATION in dict(study.arms):
        treatment = study.contrasts[0].treatment
        lines.append(f"  and {SAME_CONFIGURATION!r}: the candidate of {treatment} without its penalty")
    left = untuned(study)
    return [*lines, f"WARNING: {left}."] if left else lines


def _listed_sizes(points: tuple[int, ...]) -> str:
    """Sizes as they are listed; of many the ends and how many."""
    listed = ", ".join(map(str, points))
    return listed if len(points) <= FEW_SIZES else f"{points[0]} … {points[-1]}, {len(points)} of them"


def _listed_blocks(labels: list[str]) -> str:
    """Of many the first ones, and how many more."""
    more = len(labels) - FEW_BLOCKS
    return "; ".join(labels if more <= 1 else [*labels[:FEW_BLOCKS], f"and {more} more"])


@lru_cache(maxsize=1)  # it is printed, and then recorded
def text(name: str, study: Study) -> str:
    """The plan for a reader."""
    numbers = parameters(study)
    outcome, seeds = study.outcome, len(study.seeds.confirm)
    smallest, flips = smallest_flip_p(seeds), f"{RANDOM_FLIPS:,} random" if seeds > EXACT_UP_TO else "exact"
    under_holm = min(1.0, smallest * study.tests)
    lines = [
        f"{name}: {study.question}",
        "",
        f"blocks      {numbers['blocks']}: {_listed_blocks(list(study.labels().values()))}",
        *[f"factors     {', '.join(study.factors)}"] * bool(study.factors),
        f"arms        {'; '.join(name for name, _ in study.arms)}",
        f"contrasts   {'; '.join(map(str, study.contrasts))}",
        *_search_lines(study),
        f"seeds       {numbers['seeds']}",
        f"runs        {numbers['runs']}",
        f"outcome     {outcome.metric}, margin ±{with_unit(outcome)}, family-wise alpha {outcome.alpha:g}",
        *_kept_line(study, numbers),
        *[f"evaluated   {'; '.join(map(str, outcome.evaluations))}"] * bool(outcome.evaluations),
        f"tests m     {study.tests} (contrasts × Conditions)",
        f"smallest p  {smallest:.2g} attainable with {flips} sign flips and common seeds, {under_holm:.2g} under Holm",
        f"alpha       {_reached(smallest, under_holm, outcome.alpha)}",
    ]
    if smallest > outcome.alpha:
        lines.append(
            f"WARNING: {seeds} seeds cannot reach alpha {outcome.alpha:g}; every verdict will be "
            f'"{VerdictName.UNDERPOWERED}". At least {seeds_to_reach(outcome.alpha)} seeds are needed.'
        )
    return "\n".join(lines + _power(study))


def _reached(smallest: float, under_holm: float, alpha: float) -> str:
    """Whether the exact test can get below alpha, and on which condition."""
    if smallest > alpha:
        return "CANNOT be reached"
    if under_holm > alpha:
        return (
            "can be reached while all contrasts have the same seeds; where one fails or lacks a seed, Holm corrects, "
            f"and its {under_holm:.2g} is above {alpha:g}"
        )
    return "can be reached"


SPREADS = (0.5, 1.0, 2.0, 4.0)
"""Standard deviations of paired differences, in margins, to plan with where no pilot has seen one."""


def _power(study: Study) -> list[str]:
    """What the seeds can detect at alpha/m, and how many the margin needs: by the pilot's spread, else by several."""
    outcome, seeds = study.outcome, len(study.seeds.confirm)
    level, margin, unit = outcome.alpha / study.tests, outcome.margin_in_unit, outcome.measured.metric.unit
    if seeds < 2:
        return []

    def line(what: str, sd: float) -> str:
        try:
            needed = f"{seeds_needed(sd, margin, level, POWER)} seeds"
            equivalence = f"{seeds_needed_equivalence(sd, margin, 0.05, 0.9)}"
        except ValueError:
            needed, equivalence = "more seeds than are worth planning", "too"
        effect = detectable_effect(seeds, sd, level, POWER)
        shown = f"{effect:.2f}" if margin >= 0.1 else f"{effect:.2g}"
        return (
            f"{what}: detects {f'{shown} {unit}'.rstrip()}; {with_unit(outcome)} needs {needed}, "
            f"equivalence {equivalence}"
        )

    heading = f"with {seeds} seeds, {POWER:.0%} power at alpha/m = {level:.2g} (equivalence: 90 % at 0.05)"
    if study.pilot is not None:
        upper = sd_upper_limit(study.pilot.sd_pp, study.pilot.seeds)
        seen = f"spread {study.pilot.sd_pp:g} pp in a pilot of {study.pilot.seeds} seeds, upper 80 % limit {upper:.2f}"
        return [f"power       {heading}", f"  {line(seen, upper)}"]
    unknown = f"power       {heading}, by how far the paired differences spread (no pilot given)"
    spreads = {f"{spread * margin:g} {unit}".rstrip(): spread * margin for spread in SPREADS}
    return [unknown, *(f"  {line(f'spread {shown}', sd)}" for shown, sd in spreads.items())]


def with_unit(outcome: Outcome | Question) -> str:
    """An outcome's margin in its metric's unit."""
    return f"{outcome.margin_in_unit:g} {outcome.measured.metric.unit}".rstrip()


def _spans(seeds: tuple[int, ...]) -> str:
    first, last = min(seeds), max(seeds)
    return f"{first} to {last}" if seeds == tuple(range(first, last + 1)) else ", ".join(map(str, seeds))
