"""The report as one Markdown page, section by section."""

from dataclasses import fields

from analysis.contrasts import Judged, mean_estimates
from analysis.cost import ACCEPTED_OVERHEAD, gain_per_overhead
from analysis.descriptive import at_ceiling
from analysis.effect_size import g_z
from analysis.estimate import Estimate
from analysis.pareto import fronts
from analysis.report.findings import Findings
from analysis.report.words import HOW_TO_READ, chance, estimate, number, short, with_interval
from analysis.tuning import validation
from spectra_tune.design import Arm, Treatment

MOST_NEAR = 12
"""Near-best configurations that a line lists; the run table has all."""


def overview(found: Findings) -> str:
    """Question and verdict of every contrast in Markdown, short enough for a description."""
    lines = [f"**{found.study.question}**", "", "| Condition | contrast | difference | verdict |", "|---|---|---|---|"]
    for one in found.judged:
        lines.append(f"| {one.condition} | {one.contrast} | {_difference(one)} | {one.verdict.name} |")
    return "\n".join([*lines, "", "Sentences, design and figures: `report.html` among the artifacts."])


def page(found: Findings, pictures: dict[str, str]) -> str:
    """The whole report; pictures: what each shows, by file name without its ending."""
    sections = (
        [f"# {found.name}", "", f"**{found.study.question}**", ""],
        _verdicts(found),
        ["## How to read this", "", HOW_TO_READ, ""],
        _design(found),
        _search(found),
        _claim(found),
        _error_rates(found),
        _pictures(pictures),
        _numbers(found),
        _over_tasks(found),
        _cost(found),
        _descriptive(found),
        _limits(found),
    )
    return "\n".join(line for section in sections for line in section)


def _verdicts(found: Findings) -> list[str]:
    lines = ["## Verdicts", "", "| Condition | contrast | verdict | |", "|---|---|---|---|"]
    for one in found.judged:
        name = " ".join((f"**{one.verdict.name}**", *one.verdict.suffixes))
        lines.append(f"| {one.condition} | {_linked(found, one)} | {name} | {one.verdict.sentence} |")
    return [*lines, ""]


def _design(found: Findings) -> list[str]:
    study, outcome, runs = found.study, found.study.outcome, found.runs
    confirmed = runs[runs["stage"] == "confirm"]
    statuses = confirmed["status"].value_counts()
    seeds = sorted(set(confirmed["seed"]))
    budget = "none: no hyperparameter was searched, on either side"
    if study.search is not None:
        budget = (
            f"each side of each Condition: {study.search.configurations} configurations on {len(study.seeds.search)} "
            f"search seeds, sampler {study.search.sampler}; {len(found.searched)} rows of search runs in all"
        )
    epochs = ", ".join(map(str, sorted(confirmed["epochs"].unique())))
    unpaired = sum(len(one.differences.unpaired_seeds) for one in found.judged if one.differences is not None)
    lines = ["## Design", "", "| | |", "|---|---|"]
    lines += [f"| arm **{name}** | {_described(arm)} |" for name, arm in study.arms]
    lines += [
        "| matched within a seed | data, initial weights, order of batches, optimizer, epochs, evaluation: all but the "
        "Treatment and what a contrast declares |",
        f"| Conditions | {len(study.conditions)}: {'; '.join(study.labels().values())} |",
        f"| seeds | {len(seeds)} planned for each arm and Condition, all fresh; {unpaired} seeds could not be paired |",
        f"| epochs | {epochs} |",
        f"| tuning budget | {budget} |",
        f"| outcome | {outcome.metric.replace('_', ' ')}, margin ±{outcome.margin_pp:g} pp |",
        f"| family | m = {study.tests} tests at a family-wise alpha of {outcome.alpha:g}, fixed before the first run |",
        f"| runs | {len(confirmed)}: {statuses.get('ok', 0)} ok, {statuses.get('diverged', 0)} diverged, "
        f"{statuses.get('failed', 0)} failed (the last two count as the best constant predictor) |",
        f"| environment | {', '.join(sorted(set(runs['environment'])))} |",
        "",
    ]
    return lines


def _described(arm: Arm) -> str:
    """An arm in words: its Treatment, its changes, its stream."""
    treatment = arm.treatment
    if treatment == Treatment.none():
        words = ["no regularizer"]
    else:
        defaults = Treatment(strength=1.0, sigma_end=1.0)
        shown = ["strength", "schedule", "sigma_end", *(item.name for item in fields(Treatment))]
        words = [
            f"{name.replace('_', ' ')} {getattr(treatment, name)}"
            for name in dict.fromkeys(shown)
            if name in shown[:3] or getattr(treatment, name) != getattr(defaults, name)
        ]
    words += [f"{name} set to {value}" for name, value in arm.changes]
    words += [f"random stream {arm.stream}"] if arm.stream else []
    return ", ".join(words)


def _search(found: Findings) -> list[str]:
    study = found.study
    if study.search is None:
        return []
    factors = {**dict(study.search.treatment_space), **dict(study.search.nuisance_space)}
    lines = ["## Search (exploratory)", ""]
    lines += [
        f"The objective was each side's own {validation(study.outcome.metric).replace('_', ' ')} "
        f"({study.search.objective.replace('_', ' ')} over the search seeds); the configuration with the highest lower "
        "95 % bound is the candidate. Test data was first looked at in the confirmation.",
        "",
        "| factor | side | range |",
        "|---|---|---|",
    ]
    for name, dimension in factors.items():
        side = "both" if name in study.search.nuisance else "treatment"
        lines.append(f"| {name.replace('_', ' ')} | {side} | {dimension} |")
    lines += ["", "| Condition | side | candidate | validation [95 %] | near-best | tried | runs spent |"]
    lines += ["|---|---|---|---|---|---|---|"]
    listed = {(one.condition, side.arm): side for one in found.tuned for side in (one.treatment, one.baseline)}
    for (label, _), candidate in listed.items():
        values = ", ".join(f"{name} {short(value)}" for name, value in candidate.values.items()) or "nothing to tune"
        shown = with_interval(candidate.mean, candidate.low, candidate.high)
        near = ", ".join(map(str, candidate.near_best[:MOST_NEAR]))
        more = f" … ({len(candidate.near_best)} in all)" if len(candidate.near_best) > MOST_NEAR else ""
        lines.append(
            f"| {label} | {candidate.arm} | no. {candidate.configuration}: {values} | {shown} | {near}{more} | "
            f"{candidate.tried} | {candidate.runs} |"
        )
    lines += ["", "What the search promised, and what fresh seeds kept of it:", ""]
    lines += ["| Condition | contrast | promised, pp | confirmed, pp | kept | best of as many equal ones, pp |"]
    lines += ["|---|---|---|---|---|---|"]
    for one in found.tuned:
        kept = "" if one.shrinkage is None else f"{100 * (1 - one.shrinkage):z.0f} %"
        lines.append(
            f"| {one.condition} | {one.treatment.arm} − {one.baseline.arm} | {number(one.promised, sign=True)} | "
            f"{number(one.confirmed, sign=True)} | {kept} | {number(one.best_of_many)} |"
        )
    note = (
        "The last column: how far the best of so many configurations lies above their common mean if all are equal, by "
        "the spread of the candidate's own seeds."
    )
    return [*lines, "", note, "", *_fronts(found), *_sensitivity(found)]


def _fronts(found: Findings) -> list[str]:
    points = fronts(found.study, found.searched)
    if not points:
        return []
    lines = ["## Outcome against size (exploratory)", ""]
    lines += [
        "Each side's Pareto front: what no configuration of that side with as many parameters or fewer reaches in "
        "validation. Sizes are not tested against each other.",
        "",
        "| side | parameters | Condition | configuration | validation [95 %] |",
        "|---|---|---|---|---|",
    ]
    for one in points:
        shown = with_interval(one.mean, one.low, one.high)
        lines.append(f"| {one.arm} | {one.parameters} | {one.condition} | no. {one.configuration} | {shown} |")
    return [*lines, ""]


def _sensitivity(found: Findings) -> list[str]:
    study, margin = found.study, found.study.outcome.margin_pp
    assert study.search is not None
    lines = ["## How much tuning matters, with and without (exploratory)", ""]
    if study.search.sampler != "random" or study.search.scheduler is not None:
        lines += [
            f"The sampler {study.search.sampler} looked where it had found something: what follows describes its "
            "search. Only independent draws (sampler random) describe the space.",
            "",
        ]
    lines += [f"| Condition | side | expected best of 1, 4, 16 | share within {margin:g} of the best | importances |"]
    lines += ["|---|---|---|---|---|"]
    for one in found.sensitivities:
        spent = [k for k in (1, 4, 16) if k <= len(one.curve.spent)]
        best = ", ".join(
            with_interval(one.curve.best[k - 1], one.curve.low[k - 1], one.curve.high[k - 1]) for k in spent
        )
        shares = ", ".join(f"{name.replace('_', ' ')} {estimate(share)}" for name, share in one.importances.items())
        share = estimate(_percent(one.near_best), digits=0)
        lines.append(f"| {one.condition} | {one.arm} | {best} | {share} % | {shares or '–'} |")
    return [*lines, ""]


def _claim(found: Findings) -> list[str]:
    if not found.parts:
        return []
    lines = ["## The claim taken apart", ""]
    for label, parts in found.parts.items():
        lines += [f"**{label}**: {number(parts.claimed, sign=True)} pp were claimed.", ""]
        lines += ["| part | pp [95 %] | seeds |", "|---|---|---|"]
        lines += [f"| {part.name} | {estimate(part.effect, sign=True)} | {part.effect.n} |" for part in parts.parts]
        lines += [f"| **sum: the claim** | **{number(parts.claimed, sign=True)}** | |"]
        lines += [
            f"| found here, all steps together | {estimate(parts.reproduced, sign=True)} | {parts.reproduced.n} |"
        ]
        lines += [""]
    return [*lines, "The order of the steps is a choice; a part that spans epochs is never a verdict.", ""]


def _error_rates(found: Findings) -> list[str]:
    if not found.error_rates:
        return []
    lines = ["## How often nothing is called something", ""]
    for one in found.error_rates:
        share = estimate(_percent(one.rate), digits=1)
        lines.append(
            f"- {one.contrast}: both arms are the same Treatment. Of {one.rate.n} sub-studies of {one.seeds_each} "
            f"seeds each, {share} % claimed a difference; alpha allows {100 * found.study.outcome.alpha:g} %."
        )
    return [*lines, ""]


def _pictures(pictures: dict[str, str]) -> list[str]:
    lines = ["## Pictures", ""]
    for file, shows in pictures.items():
        lines += [f"![{shows}]({file}.svg)", "", f"*{shows}*", ""]
    return lines


def _numbers(found: Findings) -> list[str]:
    lines = [
        "## Numbers",
        "",
        "Means and differences with 95 % intervals; p adjusted over the family; g_z is the mean difference over the "
        "spread of the differences. Arms link to their MLflow runs, which list every seed.",
        "",
        "| Condition | contrast | n | baseline, % | treatment, % | difference, pp | g_z | p by t | p by sign flip | "
        "p of equivalence | ahead | diverged | without failures, pp |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found.judged:
        numbers, complete, pairs = one.verdict.statistics, one.verdict.complete_cases, one.differences
        if pairs is None or numbers.mean is None:
            lines.append(f"| {one.condition} | {_linked(found, one)} | {numbers.n} |" + " – |" * 10)
            continue
        baseline, treatment = mean_estimates(pairs)
        without = (
            "same"
            if complete.n == numbers.n
            else f"{with_interval(complete.mean, complete.low, complete.high, sign=True)}, n = {complete.n}"
        )
        size = estimate(g_z(pairs.values)) if numbers.n >= 2 else "–"
        lines.append(
            f"| {one.condition} | {_linked(found, one)} | {numbers.n} | {estimate(baseline)} | {estimate(treatment)} | "
            f"{_difference(one)} | {size} | {chance(numbers.p_t_adjusted)} | {chance(numbers.p_flip_adjusted)} | "
            f"{chance(numbers.p_tost_adjusted)} | {numbers.better}/{numbers.n} | "
            f"{numbers.diverged_treatment}/{numbers.n} and {numbers.diverged_baseline}/{numbers.n} | {without} |"
        )
    return [*lines, ""]


def _over_tasks(found: Findings) -> list[str]:
    lines: list[str] = []
    if found.pooled:
        lines += ["## Across tasks (descriptive)", ""]
        lines += ["Each task counts once. The last interval is where a new task's own mean is expected.", ""]
        lines += ["| contrast | mean over tasks, pp | a new task, pp | | method |", "|---|---|---|---|---|"]
        for one in found.pooled:
            pooled = one.pooled
            mean = with_interval(pooled.estimate, pooled.low, pooled.high, sign=True)
            new = with_interval(pooled.estimate, pooled.prediction_low, pooled.prediction_high, sign=True)
            lines.append(f"| {one.contrast} | {mean} | {new} | {pooled.suffix} | {pooled.method} |")
        lines.append("")
    if found.trends:
        lines += ["## With capacity (descriptive)", ""]
        lines += ["Change of the difference for each doubling of the width, over seeds.", ""]
        lines += [
            "| task | contrast | widths | pp per doubling | n | p of no straight line |",
            "|---|---|---|---|---|---|",
        ]
        for one in found.trends:
            trend, widths = one.interaction, ", ".join(f"{width:g}" for width in one.widths)
            fits = chance(trend.lack_of_fit_p)
            slope = with_interval(trend.estimate, trend.low, trend.high, sign=True)
            lines.append(f"| {one.task} | {one.contrast} | {widths} | {slope} | {trend.n} | {fits} |")
        lines.append("")
    return lines


def _cost(found: Findings) -> list[str]:
    timed = [one for one in found.priced if one.overhead is not None]
    if not timed:
        return []
    lines = [
        "## What it costs",
        "",
        f"Time per epoch, treatment over baseline, each arm timed alone and in turn; up to {ACCEPTED_OVERHEAD:g} needs "
        "no further reason.",
        "",
        "| Condition | contrast | time ratio [95 %] | n | pp per 1 % of time | worth using? | because |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in timed:
        overhead, judged, numbers = one.overhead, one.judged, one.judged.verdict.statistics
        assert overhead is not None
        gain = Estimate(estimate=numbers.mean, low=numbers.low, high=numbers.high, n=numbers.n, method="gain")
        rate = number(gain_per_overhead(gain, overhead), 3)
        lines.append(
            f"| {judged.condition} | {judged.contrast} | {estimate(overhead)} | {overhead.n} | {rate} | "
            f"**{one.decision.name}** | {one.decision.reason} |"
        )
    return [*lines, ""]


def _descriptive(found: Findings) -> list[str]:
    if found.descriptive.empty:
        return []
    lines = ["## Descriptive outcomes (no test, no verdict)", ""]
    lines += ["| outcome | Condition | contrast | difference | seeds |", "|---|---|---|---|---|"]
    for row in found.descriptive.to_dict("records"):
        known = row.get("n") == row.get("n") and row.get("n") is not None
        shown = (
            f"{row['mean']:.3g} {row['unit']} [{row['low']:.3g}, {row['high']:.3g}] | {row['n']:.0f} |"
            if known
            else f"{row['note']} | |"
        )
        lines.append(f"| {row['metric']} | {row['condition']} | {row['contrast']} | {shown}")
    return [*lines, ""]


def _limits(found: Findings) -> list[str]:
    study, runs = found.study, found.runs
    tasks = sorted({str(condition.task) for condition in study.conditions})
    lines = [
        f"- {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'} ({', '.join(tasks)}) and the Conditions above: "
        "nothing is claimed beyond them.",
        "- Only the contrasts under Verdicts were registered and corrected for; everything marked descriptive was not.",
    ]
    if bool(runs["one_split"].any()):
        lines.append("- (one split): all seeds of such a task share one data set; the claim is about that data set.")
    if len(study.seeds.confirm) < 8:
        lines.append("- (provisional): fewer than 8 seeds.")
    for one in at_ceiling(found.judged):
        lines.append(f"- {one.condition}, {one.contrast}: half of the baseline's runs or more are at 100 %.")
    suspicious = {one.condition: one for one in found.judged if one.differences and one.differences.suspicious}
    for one in suspicious.values():
        assert one.differences is not None
        lines.append(
            f"- {one.condition}: {one.differences.suspicious} pairs of different Treatments agree in every metric to "
            "the last bit; was one of them trained at all?"
        )
    if "equal_bits" in runs and not bool(runs["equal_bits"].all()):
        lines.append("- On the processor used, bits depend on what trained beside a run: another split would not")
    if any(one.overhead is not None for one in found.priced):
        lines.append("- Times were measured on the machine that trained and hold for it.")
    return ["## Limits", "", *lines, ""]


def _difference(one: Judged) -> str:
    numbers = one.verdict.statistics
    return with_interval(numbers.mean, numbers.low, numbers.high, sign=True)


def _linked(found: Findings, one: Judged) -> str:
    """A contrast with both arms linked to their MLflow runs, where there are some."""
    arms = []
    for arm in (one.contrast.treatment, one.contrast.baseline):
        link = found.links.get((one.condition_signature, arm))
        arms.append(f"[{arm}]({link})" if link else arm)
    return " − ".join(arms)


def _percent(rate: Estimate) -> Estimate:
    low, high = (None if bound is None else 100 * bound for bound in (rate.low, rate.high))
    return Estimate(estimate=100 * (rate.estimate or 0), low=low, high=high, n=rate.n, method=rate.method)
