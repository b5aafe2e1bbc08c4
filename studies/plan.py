"""What a study will do, before it does it: what `show` prints and a run records."""

import os

from analysis.planning import detectable_effect
from analysis.significance import smallest_attainable_p
from spectra_tune.design import Study

POWER = 0.8


def parameters(study: Study) -> dict[str, object]:
    """The plan in numbers."""
    seeds = study.seeds.confirm
    blocks = study.blocks()
    return {
        "blocks": len(blocks),
        "arms": ", ".join(name for name, _ in study.arms),
        "seeds": f"{len(seeds)} ({_spans(seeds)})",
        "runs": len(blocks) * len(dict(study.arms)) * len(seeds),
        "tests m": study.tests,
        "outcome": study.outcome.metric,
        "margin_pp": study.outcome.margin_pp,
        "alpha": study.outcome.alpha,
        "smallest attainable p": smallest_attainable_p(len(seeds)),
    }


def text(name: str, study: Study) -> str:
    """The plan for a reader."""
    numbers = parameters(study)
    outcome, seeds = study.outcome, len(study.seeds.confirm)
    smallest, under_holm = smallest_attainable_p(seeds), min(1.0, smallest_attainable_p(seeds) * study.tests)
    lines = [
        f"{name}: {study.question}",
        "",
        f"blocks      {numbers['blocks']}: {'; '.join(study.labels().values())}",
        f"arms        {numbers['arms']}",
        f"contrasts   {'; '.join(map(str, study.contrasts))}",
        f"seeds       {numbers['seeds']}",
        f"runs        {numbers['runs']}",
        f"outcome     {outcome.metric}, margin ±{outcome.margin_pp:g} pp, family-wise alpha {outcome.alpha:g}",
        f"tests m     {study.tests} (contrasts × Conditions)",
        f"smallest p  {smallest:.2g} attainable with exact sign flips and common seeds, {under_holm:.2g} under Holm",
        f"alpha       {'can' if smallest <= outcome.alpha else 'CANNOT'} be reached",
    ]
    if smallest > outcome.alpha:
        lines.append(
            f"WARNING: {seeds} seeds cannot reach alpha {outcome.alpha:g}; every verdict will be "
            f'"under-powered by design". At least {_seeds_to_reach(outcome.alpha)} seeds are needed.'
        )
    elif seeds >= 2:
        effect = detectable_effect(seeds, 1.0, outcome.alpha / study.tests, POWER)
        lines.append(
            f"detectable effect   {effect:.2f} standard deviations of the paired differences "
            f"({POWER:.0%} power at alpha/m): {effect:.2f} pp where they spread by 1 pp"
        )
    lines.append(f"processors  {os.cpu_count()} on this machine, one block each at a time")
    return "\n".join(lines)


def _seeds_to_reach(alpha: float) -> int:
    return next(n for n in range(1, 200) if smallest_attainable_p(n) <= alpha)


def _spans(seeds: tuple[int, ...]) -> str:
    first, last = min(seeds), max(seeds)
    return f"{first} to {last}" if seeds == tuple(range(first, last + 1)) else ", ".join(map(str, seeds))
