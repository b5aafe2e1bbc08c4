"""Error rates and powers, simulated: they lie within the binomial 99.9 % band of what is claimed."""

import numpy
import pytest
from scipy import stats

from analysis.equivalence import tost
from analysis.family import ContrastData
from analysis.planning import power
from analysis.significance import max_t, paired_t, sign_flip, smallest_attainable_p
from analysis.verdict import Rules, judge

SIMULATIONS = 4_000
STUDIES = 100
CLAIMS_OF_A_DIFFERENCE = (
    "supported, at least the margin",
    "supported but negligible",
    "supported, size open",
    "harmful",
)


def band(rate, simulations):
    """The least and greatest share within which 99.9 % of all sets of simulations lie."""
    return tuple(float(stats.binom.ppf(q, simulations, rate)) / simulations for q in (0.0005, 0.9995))


def share(p, alpha):
    return float(numpy.mean(numpy.array(p) < alpha))


@pytest.mark.parametrize("n", [5, 8, 12])
def test_the_t_test_holds_its_level(n):
    draws = numpy.random.default_rng(n).normal(size=(SIMULATIONS, n))
    p = [paired_t(d).p for d in draws]
    for alpha in (0.05, 0.01):
        low, high = band(alpha, SIMULATIONS)
        assert low <= share(p, alpha) <= high


def test_the_t_interval_covers_as_often_as_it_says():
    draws = numpy.random.default_rng(1).normal(0.7, 1, (SIMULATIONS, 8))
    low, high = band(0.95, SIMULATIONS)
    covered = [found.low <= 0.7 <= found.high for found in map(paired_t, draws)]
    assert low <= numpy.mean(covered) <= high


@pytest.mark.parametrize(("n", "rate"), [(5, 0.0), (8, 12 / 256), (10, 0.05)])
def test_the_sign_flip_holds_its_level_and_five_seeds_never_reach_it(n, rate):
    draws = numpy.random.default_rng(n).normal(size=(SIMULATIONS, n))
    low, high = band(rate, SIMULATIONS) if n < 10 else (0.04, band(0.05, SIMULATIONS)[1])
    assert low <= share([sign_flip(d).p for d in draws], 0.05) <= high


def test_the_planned_power_is_the_power_found():
    draws = numpy.random.default_rng(2).normal(1, 1, (SIMULATIONS, 10))
    low, high = band(power(10, 1, 1, 0.01), SIMULATIONS)
    assert low <= share([paired_t(d).p for d in draws], 0.01) <= high


def test_tost_holds_its_level_at_the_margin():
    draws = numpy.random.default_rng(3).normal(1.0, 0.5, (SIMULATIONS, 8))
    low, high = band(0.05, SIMULATIONS)
    assert low <= share([tost(d, 1.0).p for d in draws], 0.05) <= high


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("true_effects", [0, 3])
def test_max_t_holds_the_family_wise_level(correlation, true_effects):
    generator, simulations, m, n = numpy.random.default_rng(4), 1_500, 20, 10
    wrong = 0
    for _ in range(simulations):
        shared = generator.normal(size=(n, 1))
        table = correlation**0.5 * shared + (1 - correlation) ** 0.5 * generator.normal(size=(n, m))
        table[:, :true_effects] += 1.5
        wrong += bool((max_t(table)[true_effects:] < 0.05).any())
    assert wrong / simulations <= band(0.05, simulations)[1]


def study(generator, contrasts, n, effect=0.0, sd=0.8, common=1.0, diverging=0.0):
    """Contrasts of one study; seeds share their baseline's good or bad luck (sd `common`), which pairing removes."""
    family = []
    for _ in range(contrasts):
        luck = generator.normal(0, common, n)
        treatment, baseline = (85 + luck + generator.normal(shift, sd / 2**0.5, n) for shift in (effect, 0.0))
        diverged = generator.random(n) < diverging
        family.append(
            ContrastData(
                treatment_values=numpy.where(diverged, 50.0, treatment),
                baseline_values=baseline,
                constant=numpy.full(n, 50.0),
                seeds=numpy.arange(n),
                diverged_treatment=diverged,
                diverged_baseline=numpy.zeros(n, dtype=bool),
                metric="test_accuracy",
            )
        )
    return family


@pytest.fixture(scope="module")
def null_verdicts():
    generator, rules = numpy.random.default_rng(5), Rules(margin_pp=1.0, alpha=0.05, tests=5)
    return [judge(study(generator, 5, 10), rules) for _ in range(STUDIES)]


def test_null_studies_claim_a_difference_no_more_often_than_alpha(null_verdicts):
    supported = [any(one.name.startswith("supported") for one in family) for family in null_verdicts]
    claimed = [any(one.name in CLAIMS_OF_A_DIFFERENCE for one in family) for family in null_verdicts]
    assert numpy.mean(supported) <= numpy.mean(claimed) <= band(0.05, STUDIES)[1]


def test_the_same_studies_without_a_correction_would_leave_the_band(null_verdicts):
    naive = [any(one.statistics.p_t < 0.05 for one in family) for family in null_verdicts]
    assert numpy.mean(naive) > band(0.05, STUDIES)[1]


RULES_OF_ONE = Rules(margin_pp=1.0, alpha=0.01, tests=1)


def test_a_planted_effect_of_one_and_a_half_points_is_found():
    generator = numpy.random.default_rng(6)
    verdicts = [judge(study(generator, 1, 12, effect=1.5), RULES_OF_ONE)[0].name for _ in range(STUDIES)]
    assert numpy.mean([name.startswith("supported") for name in verdicts]) >= 0.9


def test_the_planted_effect_is_found_by_pairing():
    generator, found, studies = numpy.random.default_rng(7), 0, 20
    for _ in range(studies):
        (one,) = study(generator, 1, 12, effect=1.5, common=3.0)
        broken = ContrastData(**{**vars(one), "baseline_values": generator.permutation(one.baseline_values)})
        found += judge([broken], RULES_OF_ONE)[0].name.startswith("supported")
    assert found / studies < 0.5


def test_an_arm_that_gains_where_it_survives_is_never_called_supported():
    generator = numpy.random.default_rng(8)
    verdicts = []
    while len(verdicts) < STUDIES:
        family = study(generator, 1, 12, effect=1.5, diverging=0.25)
        if family[0].diverged_treatment.any():
            verdicts.append(judge(family, RULES_OF_ONE)[0].name)
    assert not any(name.startswith("supported") for name in verdicts)


def test_a_true_effect_of_exactly_the_margin_is_rarely_called_more():
    generator, alpha_free = numpy.random.default_rng(9), Rules(margin_pp=1.0, alpha=0.05, tests=1)
    verdicts = [judge(study(generator, 1, 10, effect=1.0), alpha_free)[0].name for _ in range(STUDIES)]
    assert numpy.mean([name == "supported, at least the margin" for name in verdicts]) <= band(0.05, STUDIES)[1]


def test_eight_seeds_reach_one_percent_and_seven_do_not():
    assert smallest_attainable_p(8) <= 0.01 < smallest_attainable_p(7)
