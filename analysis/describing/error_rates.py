"""How often a study claims a difference where there is none."""

from dataclasses import dataclass

import pandas

from analysis.judging.contrasts import judge_study
from analysis.judging.verdict_name import CLAIMS
from analysis.statistics.estimate import Estimate
from analysis.statistics.intervals import binomial_interval
from spectra_tune.design import Contrast, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How often sub-studies of so many seeds claimed a difference between equal Treatments."""

    contrast: Contrast
    seeds_each: int
    rate: Estimate  # of sub-studies with a claim


def error_rates(study: Study, runs: pandas.DataFrame, seeds_each: int = 10) -> list[ErrorRate]:
    """Of every contrast of equal Treatments that differ in their stream: the share of sub-studies that claim a
    difference, each on `seeds_each` seeds of its own and judged like the whole study. At least 10 sub-studies.
    """
    arms, seeds = dict(study.arms), sorted(study.seeds.confirm)
    groups = [seeds[start : start + seeds_each] for start in range(0, len(seeds) - seeds_each + 1, seeds_each)]
    repeated = [
        contrast
        for contrast in study.contrasts
        if arms[contrast.treatment].treatment == arms[contrast.baseline].treatment and contrast.differs == {"stream"}
    ]
    if not repeated or len(groups) < 10:
        return []
    claims = dict.fromkeys(repeated, 0)
    of_group = {seed: number for number, group in enumerate(groups) for seed in group}
    for _, rows in runs.groupby(runs["seed"].map(of_group)):
        judged = judge_study(study, rows)
        for contrast in repeated:
            claims[contrast] += any(one.verdict.name in CLAIMS for one in judged if one.contrast == contrast)
    return [
        ErrorRate(contrast=contrast, seeds_each=seeds_each, rate=binomial_interval(count, len(groups)))
        for contrast, count in claims.items()
    ]
