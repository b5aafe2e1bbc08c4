"""What a treatment costs in time, and whether it is worth that."""

from analysis.describing.cost import ACCEPTED_OVERHEAD, gain_per_overhead
from analysis.report.findings import Findings
from analysis.report.words import estimate, number
from analysis.statistics.estimate import Estimate


def lines(found: Findings) -> list[str]:
    """Time ratios and decisions; nothing where no arm was timed."""
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
