"""Error rates, powers and coverages, simulated: they lie within the binomial 99.9 % band of what is claimed.

Here a tenth of the simulations that `make calibrate` runs.
"""

import numpy
import pytest
from scipy import special, stats

from analysis.judging import family as judging_family
from analysis.judging.family import ContrastData
from analysis.judging.rules import Rules
from analysis.judging.selection import best_of_m_bias
from analysis.judging.verdict import judge
from analysis.statistics.correlation import correlate
from analysis.statistics.curves import mean_band
from analysis.statistics.effect_size import d_z
from analysis.statistics.equivalence import tost
from analysis.statistics.planning import power, power_equivalence
from analysis.statistics.pooling import across_tasks, interaction_with_capacity
from analysis.statistics.scaling import power_law
from analysis.statistics.sequential import t_e_process
from analysis.statistics.significance import holm, max_t, paired_t, sign_flip, smallest_attainable_p, wilcoxon

CLAIMS_OF_A_DIFFERENCE = (
    "supported, at least the margin",
    "supported but negligible",
    "supported, size open",
    "harmful, at least the margin",
    "harmful but negligible",
    "harmful, size open",
)
WITHIN_THE_MARGIN = ("supported but negligible", "harmful but negligible", "equivalent")


def band(rate, simulations):
    """The least and greatest share within which 99.9 % of all sets of simulations lie."""
    return tuple(float(stats.binom.ppf(q, simulations, rate)) / simulations for q in (0.0005, 0.9995))


def share(p, alpha):
    return float(numpy.mean(numpy.array(p) < alpha))


def covered(intervals, truth):
    return float(numpy.mean([found.low <= truth <= found.high for found in intervals]))


@pytest.mark.parametrize("n", [5, 8, 12])
def test_the_t_test_holds_its_level(n, simulations):
    many = simulations(40_000)
    p = [paired_t(d).p for d in numpy.random.default_rng(n).normal(size=(many, n))]
    for alpha in (0.05, 0.01):
        low, high = band(alpha, many)
        assert low <= share(p, alpha) <= high


def test_the_t_interval_covers_as_often_as_it_says(simulations):
    many = simulations(20_000)
    low, high = band(0.95, many)
    draws = numpy.random.default_rng(1).normal(0.7, 1, (many, 8))
    assert low <= covered(map(paired_t, draws), 0.7) <= high


@pytest.mark.parametrize(("n", "rate"), [(5, 0.0), (8, 12 / 256), (10, 0.05)])
def test_the_sign_flip_holds_its_level_and_five_seeds_never_reach_it(n, rate, simulations):
    many = simulations(40_000)
    draws = numpy.random.default_rng(n).normal(size=(many, n))
    low, high = band(rate, many) if n < 10 else (0.04, band(0.05, many)[1])
    assert low <= share([sign_flip(d).p for d in draws], 0.05) <= high


def test_the_signed_rank_test_holds_its_level_on_coarse_differences(simulations):
    many = simulations(10_000)
    draws = numpy.round(numpy.random.default_rng(20).normal(size=(many, 9)) * 2) / 2
    for zeros in ("drop", "pratt"):
        assert share([wilcoxon(d, zeros).p for d in draws], 0.05) <= band(0.05, many)[1]


@pytest.mark.parametrize(("n", "effect"), [(10, 1.0), (12, 1.25)])
def test_the_planned_power_is_the_power_found(n, effect, simulations):
    many = simulations(40_000)
    draws = numpy.random.default_rng(2).normal(effect, 1, (many, n))
    low, high = band(power(n, effect, 1, 0.01), many)
    assert low <= share([paired_t(d).p for d in draws], 0.01) <= high


def test_tost_holds_its_level_at_the_margin(simulations):
    many = simulations(40_000)
    draws = numpy.random.default_rng(3).normal(1.0, 0.5, (many, 8))
    low, high = band(0.05, many)
    assert low <= share([tost(d, 1.0).p for d in draws], 0.05) <= high


@pytest.mark.parametrize("n", [5, 8, 10])
def test_tost_finds_equivalence_as_often_as_planned(n, simulations):
    many = simulations(40_000)
    draws = numpy.random.default_rng(n).normal(0, 0.8, (many, n))
    low, high = band(power_equivalence(n, 0.8, 1.0), many)
    assert low <= share([tost(d, 1.0).p for d in draws], 0.05) <= high


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("true_effects", [0, 3])
def test_max_t_holds_the_family_wise_level(correlation, true_effects, simulations):
    generator, many, m, n = numpy.random.default_rng(4), simulations(3_000), 20, 10
    wrong = 0
    for _ in range(many):
        shared = generator.normal(size=(n, 1))
        table = correlation**0.5 * shared + (1 - correlation) ** 0.5 * generator.normal(size=(n, m))
        table[:, :true_effects] += 1.5
        wrong += bool((max_t(table)[true_effects:] < 0.05).any())
    assert wrong / many <= band(0.05, many)[1]


def test_holm_holds_the_family_wise_level_and_no_correction_does_not(simulations):
    generator, many = numpy.random.default_rng(21), simulations(10_000)
    p = generator.random((many, 10))
    assert numpy.mean([holm(row).min() < 0.05 for row in p]) <= band(0.05, many)[1] < numpy.mean(p.min(axis=1) < 0.05)


@pytest.mark.parametrize("of_seeds", [0.0, 0.5])
@pytest.mark.parametrize(("accuracy", "samples"), [(0.9, 200), (0.97, 200), (0.99, 200), (0.999, 2000)])
@pytest.mark.parametrize("n", [5, 10, 20])
def test_the_interval_of_an_accuracy_covers_and_stays_within_its_bounds(n, accuracy, samples, of_seeds, simulations):
    """Counted right of so many samples, by networks whose accuracies spread on the logit scale by `of_seeds`.

    Between 93 and 97.5 % of the intervals hold the mean; a t interval ends beyond 100 % in up to half of them.
    """
    many, generator = simulations(20_000), numpy.random.default_rng(30 + n)
    logit = special.logit(accuracy)
    points, weights = numpy.polynomial.hermite_e.hermegauss(40)
    truth = float(special.expit(logit + of_seeds * points) @ weights / weights.sum())
    right = generator.binomial(samples, special.expit(logit + of_seeds * generator.normal(size=(many, n)))) / samples
    _, low, high = mean_band(right.T, (0.0, 1.0))
    assert ((low >= 0) & (low <= high) & (high <= 1)).all()
    assert band(0.93, many)[0] <= numpy.mean((low <= truth) & (truth <= high)) <= band(0.975, many)[1]


def test_the_noncentral_interval_of_d_z_covers(simulations):
    many = simulations(4_000)
    low, high = band(0.95, many)
    draws = numpy.random.default_rng(22).normal(0.8, 1, (many, 10))
    assert low <= covered(map(d_z, draws), 0.8) <= high


def test_the_exact_correlation_interval_covers_at_six_points(simulations):
    generator, many, rho = numpy.random.default_rng(24), simulations(2_000), 0.7
    x = generator.normal(size=(many, 6))
    y = rho * x + (1 - rho**2) ** 0.5 * generator.normal(size=(many, 6))
    low, high = band(0.95, many)
    assert low <= covered([correlate(one, other) for one, other in zip(x, y, strict=True)], rho) <= high


def test_the_e_process_holds_its_level_at_any_stop_and_repeated_t_tests_do_not(simulations):
    many = simulations(5_000)
    draws = numpy.random.default_rng(25).normal(size=(many, 40))
    highest = numpy.array([max(t_e_process(d).e_values) for d in draws])
    assert numpy.mean(highest >= 20) <= 0.05
    assert numpy.mean(highest >= 100) <= 0.01
    looks = numpy.arange(2, 41)
    means = numpy.cumsum(draws, axis=1)[:, 1:] / looks
    squares = numpy.cumsum(draws**2, axis=1)[:, 1:]
    t = means * numpy.sqrt(looks) / numpy.sqrt((squares - looks * means**2) / (looks - 1))
    peeking = (numpy.abs(t) > stats.t.ppf(0.975, looks - 1)).any(axis=1)
    assert numpy.mean(peeking) > 0.15


def test_pooling_by_tasks_holds_its_level_and_pooling_all_seeds_does_not(simulations):
    generator, many, tasks, seeds = numpy.random.default_rng(26), simulations(5_000), 4, 8
    d = generator.normal(0, 0.6, (many, tasks, 1)) + generator.normal(0, 0.8, (many, tasks, seeds))
    p = [across_tasks({str(task): values for task, values in enumerate(study)}).p for study in d]
    low, high = band(0.05, many)
    assert low <= share(p, 0.05) <= high
    assert share([paired_t(study.ravel()).p for study in d], 0.05) > 0.2


def test_the_interaction_with_capacity_and_its_lack_of_fit_hold_their_level(simulations):
    generator, many, widths = numpy.random.default_rng(27), simulations(5_000), (8, 16, 32, 64)
    seed_effects = generator.normal(size=(many, 10, 1))
    found = [interaction_with_capacity(d, widths) for d in seed_effects + generator.normal(size=(many, 10, 4))]
    low, high = band(0.05, many)
    assert low <= share([one.p for one in found], 0.05) <= high
    assert low <= share([one.lack_of_fit_p for one in found], 0.05) <= high


def test_the_exponents_interval_covers_at_five_points(simulations):
    generator, many, x = numpy.random.default_rng(28), simulations(3_000), numpy.array([8.0, 16, 32, 64, 128])
    found = [power_law(x, 2 * x**-0.5 * numpy.exp(generator.normal(0, 0.1, 5))) for _ in range(many)]
    low, high = band(0.95, many)
    assert low <= covered(found, -0.5) <= high


def test_the_best_of_twenty_nulls_shows_the_predicted_gain_and_a_confirmation_none(simulations):
    generator, many = numpy.random.default_rng(29), simulations(20_000)
    search = generator.normal(0, 0.8, (many, 20, 5)).mean(axis=2).max(axis=1)
    assert search.mean() == pytest.approx(best_of_m_bias(20, 5, 0.8), abs=4 * search.std() / many**0.5)
    fresh = [paired_t(d).p for d in generator.normal(0, 0.8, (many, 8))]
    assert band(0.05, many)[0] <= share(fresh, 0.05) <= band(0.05, many)[1]


def study(generator, contrasts, n, effect=0.0, sd=0.8, common=1.0, diverging=0.0):
    """Contrasts of one study; seeds share their baseline's good or bad luck (sd `common`), which pairing removes.

    effect: of all contrasts, or of each.
    """
    family = []
    for gain in numpy.broadcast_to(effect, contrasts):
        luck = generator.normal(0, common, n)
        treatment, baseline = (85 + luck + generator.normal(shift, sd / 2**0.5, n) for shift in (gain, 0.0))
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
def null_verdicts(simulations):
    generator, rules = numpy.random.default_rng(5), Rules(margin=1.0, alpha=0.05, tests=5)
    return [judge(study(generator, 5, 10), rules) for _ in range(simulations(1_000))]


def test_null_studies_claim_a_difference_no_more_often_than_alpha(null_verdicts):
    supported = [any(one.name.startswith("supported") for one in family) for family in null_verdicts]
    claimed = [any(one.name in CLAIMS_OF_A_DIFFERENCE for one in family) for family in null_verdicts]
    assert numpy.mean(supported) <= numpy.mean(claimed) <= band(0.05, len(null_verdicts))[1]


def test_the_same_studies_without_a_correction_would_leave_the_band(null_verdicts):
    naive = [any(one.statistics.p_t < 0.05 for one in family) for family in null_verdicts]
    assert numpy.mean(naive) > band(0.05, len(null_verdicts))[1]


RULES_OF_ONE = Rules(margin=1.0, alpha=0.01, tests=1)


def test_a_planted_effect_of_one_and_a_half_points_is_found_with_the_planned_power(simulations):
    generator, many = numpy.random.default_rng(6), simulations(1_000)
    verdicts = [judge(study(generator, 1, 12, effect=1.5), RULES_OF_ONE)[0].name for _ in range(many)]
    planned = power(12, 1.5, 0.8, 0.01)
    assert numpy.mean([name.startswith("supported") for name in verdicts]) >= band(planned, many)[0]


def test_the_planted_effect_is_found_by_pairing():
    generator, found, studies = numpy.random.default_rng(7), 0, 20
    for _ in range(studies):
        (one,) = study(generator, 1, 12, effect=1.5, common=3.0)
        broken = ContrastData(**{**vars(one), "baseline_values": generator.permutation(one.baseline_values)})
        found += judge([broken], RULES_OF_ONE)[0].name.startswith("supported")
    assert found / studies < 0.5


def test_an_arm_that_gains_where_it_survives_is_never_called_supported(simulations):
    generator = numpy.random.default_rng(8)
    verdicts = []
    while len(verdicts) < simulations(1_000):
        family = study(generator, 1, 12, effect=1.5, diverging=0.25)
        if family[0].diverged_treatment.any():
            verdicts.append(judge(family, RULES_OF_ONE)[0].name)
    assert not any(name.startswith("supported") for name in verdicts)


@pytest.fixture
def flips_that_agree(monkeypatch):
    """The sign flip by a formula: of 20 seeds there are a million, and at these effects its p is far below alpha."""

    def by_t(differences):
        return holm([paired_t(column).p for column in differences.T])

    monkeypatch.setattr(judging_family, "max_t", by_t)
    monkeypatch.setattr(judging_family, "sign_flip", paired_t)


@pytest.mark.parametrize(("n", "sd"), [(10, 0.3), (20, 0.5)])
@pytest.mark.parametrize("contrasts", [1, 8, 24])
@pytest.mark.usefixtures("flips_that_agree")
def test_true_effects_of_exactly_the_margin_are_rarely_called_less_or_more(contrasts, n, sd, simulations):
    """Gains and losses in turn. Less: negligible or equivalent; an unadjusted 90 % interval said so of 73 % of studies
    of 24. More: at least the margin."""
    many, margin = simulations(600), 1.0
    generator = numpy.random.default_rng(9 + contrasts + n)
    rules = Rules(margin=margin, alpha=0.01, tests=contrasts)
    less = more = unadjusted = 0
    for _ in range(many):
        effects = generator.choice([-margin, margin], contrasts)
        judged = judge(study(generator, contrasts, n, effect=effects, sd=sd), rules)
        less += any(one.name in WITHIN_THE_MARGIN for one in judged)
        more += any(one.name.endswith("at least the margin") for one in judged)
        unadjusted += any(max(-one.statistics.low90, one.statistics.high90) < margin for one in judged)
    assert less / many <= band(0.05, many)[1]
    assert more / many <= band(0.05, many)[1]
    assert contrasts == 1 or unadjusted / many > band(0.05, many)[1]


def test_eight_seeds_reach_one_percent_and_seven_do_not():
    assert smallest_attainable_p(8) <= 0.01 < smallest_attainable_p(7)
