"""Each rule of the verdict by itself, their order, and words for whatever the data are."""

import re
from dataclasses import asdict

import numpy
import pytest

from analysis.judging.family import ContrastData
from analysis.judging.rules import Rules
from analysis.judging.sentences import format_p
from analysis.judging.verdict import judge
from tests.oracles import CASES

SPREAD = numpy.array([-1.2, -0.8, -0.5, -0.2, 0.2, 0.5, 0.8, 1.2])  # 8 seeds, mean 0
BANNED = r"\bproves\b|breakthrough|trend towards|marginally|no effect(?! larger than)"
NO_WORDS = r"\bnan\b|\binf\b|None|-0\.00\b|p=0(?:\.0+)?(?![.\d])"


def rules(tests=1, alpha=0.01, **changes):
    return Rules(**{"margin": 1.0, "alpha": alpha, "tests": tests, **changes})


def contrast(differences, baseline=90.0, **changes):
    """Seeds 0, 1, … with these differences over a baseline; a constant scores 50 %; no run diverged."""
    differences = numpy.asarray(differences, dtype=float)
    n = len(differences)
    given = {
        "treatment_values": baseline + differences,
        "baseline_values": numpy.full(n, baseline),
        "constant": numpy.full(n, 50.0),
        "seeds": numpy.arange(n),
        "diverged_treatment": numpy.zeros(n, dtype=bool),
        "diverged_baseline": numpy.zeros(n, dtype=bool),
        "metric": "test_accuracy",
    }
    return ContrastData(**{**given, **changes})


def failed(why="none and static differ in epochs: 100 and 50"):
    return contrast([], failure=why)


def diverging(differences, seeds):
    """A contrast whose treatment diverged at these seeds and counts as the constant there."""
    one = contrast(differences)
    diverged = numpy.isin(one.seeds, seeds)
    values = numpy.where(diverged, one.constant, one.treatment_values)
    return contrast(differences, treatment_values=values, diverged_treatment=diverged)


def verdict(one, **changes):
    (found,) = judge([one], rules(**changes))
    assert not re.search(f"{BANNED}|{NO_WORDS}", found.sentence), found.sentence
    assert found.sentence[0].isupper() or found.sentence[0].isdigit()
    assert found.sentence.endswith(".")
    return found


RULES = {
    "not comparable": failed(),
    "under-powered by design": contrast(2 + 0.3 * SPREAD[:7]),
    "uninformative": contrast(SPREAD, baseline=50.0),
    "unsafe": diverging(2 + 0.3 * SPREAD, range(5)),
    "supported, at least the margin": contrast(2 + 0.3 * SPREAD),
    "supported but negligible": contrast(0.3 + 0.1 * SPREAD),
    "supported, size open": contrast(0.9 + 0.3 * SPREAD),
    "harmful, at least the margin": contrast(-2 + 0.3 * SPREAD),
    "harmful but negligible": contrast(-0.3 + 0.1 * SPREAD),
    "harmful, size open": contrast(-0.9 + 0.3 * SPREAD),
    "equivalent": contrast(0.02 + 0.3 * SPREAD),
    "inconclusive": contrast(0.6 + 2 * SPREAD),
}


@pytest.mark.parametrize("name", RULES)
def test_each_rule_decides_what_it_is_for(name):
    assert verdict(RULES[name]).name == name


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (contrast(2 + 0.3 * SPREAD, failure="why not"), "not comparable"),
        (contrast([], failure="why not"), "not comparable"),
        (contrast(SPREAD[:4], baseline=50.0), "under-powered by design"),
        (diverging(2 + 0.3 * SPREAD[:4], range(4)), "under-powered by design"),
        (
            contrast(numpy.zeros(8), baseline=50.0, diverged_treatment=numpy.arange(8) < 6),
            "uninformative",
        ),
        (diverging(-2 + 0.3 * SPREAD, range(6)), "unsafe"),
        (contrast(1.2 + 0.01 * SPREAD), "supported, at least the margin"),
        (contrast(0.9 + 0.01 * SPREAD), "supported but negligible"),
        (contrast(-0.9 + 0.01 * SPREAD), "harmful but negligible"),
        (contrast(-1.2 + 0.01 * SPREAD), "harmful, at least the margin"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_first_rule_that_holds_decides(one, name):
    assert verdict(one).name == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("not comparable", "Not comparable: none and static differ in epochs: 100 and 50. No test was made."),
        (
            "under-powered by design",
            "7 seeds cannot reach p<0.01 with an exact test; at least 8 common seeds are needed",
        ),
        (
            "uninformative",
            "Nothing to compare: neither arm learned the task (50.0 % and 50.0 %; a constant scores 50.0 %",
        ),
        ("unsafe", "Diverged 5/8 vs 0/8: the treatment diverges more; with failures counted the mean effect is -"),
        (
            "supported, at least the margin",
            "Improves held-out accuracy by 2.00 pp [1.79, 2.21] (8 matched seeds; t p<1e-6, exact",
        ),
        (
            "supported but negligible",
            "Improves held-out accuracy by 0.30 pp [0.23, 0.37]: real but negligible, less than 1 pp (8 matched seeds",
        ),
        (
            "supported, size open",
            "Improves held-out accuracy by 0.90 pp [0.69, 1.11]; whether by 1 pp or more is open (8 matched seeds; t p",
        ),
        (
            "harmful, at least the margin",
            "Reduces held-out accuracy by 2.00 pp [1.79, 2.21] (8 matched seeds; t p<1e-6, exact",
        ),
        (
            "harmful but negligible",
            "Reduces held-out accuracy by 0.30 pp [0.23, 0.37]: real but negligible, less than 1 pp (8 matched seeds",
        ),
        (
            "harmful, size open",
            "Reduces held-out accuracy by 0.90 pp [0.69, 1.11]; whether by 1 pp or more is open (8 matched seeds; t p",
        ),
        ("equivalent", "No effect larger than ±1 pp: 0.02 pp, 90 % interval [-0.15, 0.19], adjusted TOST p"),
        ("inconclusive", "Inconclusive: 0.60 pp [-0.78, 1.98]"),
    ],
)
def test_a_sentence_carries_its_numbers(name, says):
    assert verdict(RULES[name]).sentence.startswith(says)


def test_what_reaches_the_margin_is_told_with_both_tests_and_the_bound():
    for side in ("supported", "harmful"):
        sentence = verdict(RULES[f"{side}, at least the margin"]).sentence
        assert "exact sign-flip p=0.0078" in sentence
        assert "one-sided 95 % bound 1.83 pp" in sentence


def test_a_size_is_told_with_the_tests_that_decided_it():
    for side in ("supported", "harmful"):
        assert re.search(r", TOST p<1e-6\)\.$", verdict(RULES[f"{side} but negligible"]).sentence)
        assert re.search(r", at least 1 pp p=0\.\d+, TOST p=0\.\d+\)\.$", verdict(RULES[f"{side}, size open"]).sentence)


def test_the_metric_is_named_in_words():
    one = contrast(2 + 0.3 * SPREAD, metric="test_balanced_accuracy")
    assert verdict(one).sentence.startswith("Improves held-out balanced accuracy by")


def test_inconclusive_says_the_seeds_needed_in_all():
    sentence = verdict(RULES["inconclusive"]).sentence
    found = re.search(r"\((\d\.\d\d) pp\), (\d+) seeds in all \((\d+) more, fresh\) .* alpha 0.01 with 80 %", sentence)
    assert found is not None
    assert float(found[1]) == pytest.approx(2 * SPREAD.std(ddof=1) * 1.353, abs=0.01)
    assert int(found[2]) - int(found[3]) == 8
    assert "90 % power for equivalence" in sentence


def test_no_plan_names_fewer_seeds_than_the_exact_test_needs():
    """One seed of ten is behind, so the flips cannot reach alpha/20; t alone would be content with eight seeds."""
    d = [0.92, 0.95, 0.9, 0.97, 0.93, 1.0, 0.88, 0.96, 0.94, -0.02]
    found = verdict(contrast(d), tests=20, alpha=0.05)
    planned = re.search(r"(\d+) seeds in all", found.sentence)
    assert found.name == "inconclusive"
    assert planned is not None
    assert int(planned[1]) == 10


# --- families


def test_a_failed_and_a_missing_contrast_count_in_m():
    one = contrast(0.9 + 0.5 * SPREAD)
    alone = judge([one], rules())[0].statistics
    with_failed = judge([one, failed()], rules(tests=2))[0].statistics
    with_missing = judge([one], rules(tests=4))[0].statistics
    assert alone.p_t_adjusted == alone.p_t
    assert with_failed.p_t_adjusted == pytest.approx(2 * alone.p_t)
    assert with_missing.p_t_adjusted == pytest.approx(4 * alone.p_t)
    assert with_missing.p_flip_adjusted == pytest.approx(4 * alone.p_flip)


def test_common_seeds_use_max_t_and_others_holm():
    d = 2 + 0.3 * SPREAD
    common = judge([contrast(d)] * 3, rules(tests=3))
    assert [one.name for one in common] == ["supported, at least the margin"] * 3
    assert common[0].statistics.p_flip_adjusted == 2**-7
    shifted = judge([contrast(d), contrast(d), contrast(d, seeds=numpy.arange(8) + 1)], rules(tests=3))
    assert [one.name for one in shifted] == ["under-powered by design"] * 3
    assert "(10 under Holm over 3 comparisons)" in shifted[0].sentence


def test_the_t_test_and_the_exact_test_must_agree():
    """One small difference of the other sign: t is far below alpha, the exact test is not."""
    found = verdict(contrast([2.0, 2, 2, 2, 2, 2, 2, -0.05]))
    assert found.statistics.p_t_adjusted < 0.001
    assert found.statistics.p_flip_adjusted == 4 / 256
    assert found.statistics.p_adjusted == found.statistics.p_flip_adjusted
    assert not found.name.startswith("supported")


def test_margin_and_equivalence_are_families_of_their_own():
    """0.7 pp is within the margin for one test, not for twenty."""
    one = contrast(0.45 + 0.75 * SPREAD)
    alone = judge([one], rules())[0]
    assert alone.statistics.p_tost_adjusted < 0.05
    crowded = judge([one] * 8, rules(tests=8, alpha=0.01))[0]
    assert crowded.statistics.p_tost_adjusted == pytest.approx(min(1, 8 * alone.statistics.p_tost_adjusted))
    assert crowded.name == "inconclusive"


@pytest.mark.parametrize("spread", [0.3, 0.0])
def test_a_contrast_that_is_there_twice_costs_holm_and_not_the_flips(spread):
    """Duplicates are as many tests as they are, get equal numbers, and leave max-T's p as it was."""
    one = contrast(2 + spread * SPREAD)
    alone = judge([one], rules())[0].statistics
    for times in (2, 5):
        found = [each.statistics for each in judge([one] * times, rules(tests=times))]
        assert found == [found[0]] * times
        assert found[0].p_flip_adjusted == alone.p_flip_adjusted == 2**-7
        for name in ("p_t_adjusted", "p_margin_adjusted", "p_tost_adjusted"):
            once, often = getattr(alone, name), getattr(found[0], name)
            assert often == (None if once is None else pytest.approx(min(1, times * once)))


@pytest.mark.parametrize(("side", "name"), [(1, "supported"), (-1, "harmful")])
def test_negligible_among_many_needs_more_than_negligible_alone(side, name):
    """A 90 % interval within the margin is no longer enough: the tests are adjusted over the family."""
    one = contrast(side * (0.7 + 0.35 * SPREAD))
    assert verdict(one).name == f"{name} but negligible"
    (among, *_) = judge([one] * 24, rules(tests=24))
    assert among.statistics.high90 < 1
    assert among.statistics.low90 > -1
    assert among.name == f"{name}, size open"


@pytest.mark.parametrize(("side", "name"), [(1, "supported"), (-1, "harmful")])
def test_at_least_the_margin_among_many_needs_more_than_alone(side, name):
    one = contrast(side * (1.3 + 0.35 * SPREAD))
    assert verdict(one).name == f"{name}, at least the margin"
    assert judge([one] * 24, rules(tests=24))[0].name == f"{name}, size open"


def test_a_study_cannot_have_more_contrasts_than_it_planned():
    with pytest.raises(ValueError, match="cannot have 2 contrasts"):
        judge([RULES["harmful, size open"]] * 2, rules(tests=1))


def test_verdicts_come_in_the_order_given():
    family = [
        RULES["harmful, at least the margin"],
        failed(),
        RULES["equivalent"],
        RULES["supported, at least the margin"],
    ]
    found = judge(family, rules(tests=4, alpha=0.05))
    names = ["harmful, at least the margin", "not comparable", "equivalent", "supported, at least the margin"]
    assert [one.name for one in found] == names
    assert judge([], rules(tests=3)) == []


# --- divergence


def oracle_with_one_divergence():
    given = CASES["intention_to_treat_one_divergence"]["input"]
    n = len(given["baseline"])
    return ContrastData(
        treatment_values=numpy.array(given["treatment"]),
        baseline_values=numpy.array(given["baseline"]),
        constant=numpy.full(n, 10.0),
        seeds=numpy.arange(n),
        diverged_treatment=numpy.arange(n) == given["diverged_seed_index"],
        diverged_baseline=numpy.zeros(n, dtype=bool),
        metric="test_accuracy",
    )


def test_a_divergence_counts_and_is_not_dropped():
    case = CASES["intention_to_treat_one_divergence"]
    found, expected, tol = verdict(oracle_with_one_divergence()), case["expected"]["itt"], case["tol"]
    numbers = found.statistics
    assert [numbers.mean, numbers.low, numbers.high] == pytest.approx([expected["mean"], *expected["ci"]], rel=tol)
    assert [numbers.p_t, numbers.p_flip] == pytest.approx([expected["p_t"], expected["p_signflip"]], rel=tol)
    assert (found.name, numbers.better / numbers.n) == ("unsafe", expected["pos"])
    assert found.sentence.startswith(
        "Diverged 1/8 vs 0/8; with failures counted the mean effect is -9.24 pp [-33.14, 14.67]"
    )
    assert "0.87 pp [0.83, 0.92]" in found.sentence


def test_a_divergence_that_changes_nothing_is_no_alarm():
    d = 2 + 0.3 * numpy.resize(SPREAD, 16)
    both = numpy.arange(16) == 3
    values = numpy.full(16, 90.0)
    one = contrast(
        d,
        treatment_values=numpy.where(both, 50.0, values + d),
        baseline_values=numpy.where(both, 50.0, values),
        diverged_treatment=both,
        diverged_baseline=both,
    )
    assert verdict(one).name == "supported, at least the margin"


def test_a_claim_of_the_margin_that_rests_on_a_diverged_baseline_is_unsafe():
    one = contrast(0.9 + 0.3 * numpy.resize(SPREAD, 16))
    diverged = numpy.arange(16) == 3
    baseline = numpy.where(diverged, 50.0, one.baseline_values)
    found = verdict(contrast(one.gains, baseline_values=baseline, diverged_baseline=diverged))
    assert found.name == "unsafe"


# --- what says nothing


def test_at_the_ceiling_in_both_arms_nothing_is_compared():
    at_maximum = contrast(numpy.zeros(8), baseline=100.0)
    assert verdict(at_maximum).name == "uninformative"
    half = numpy.where(numpy.arange(8) < 4, 100.0, 99.0)
    found = verdict(contrast(numpy.zeros(8), treatment_values=half, baseline_values=half[::-1]))
    assert found.name == "uninformative"
    assert "100 %" in found.sentence


def test_at_the_ceiling_in_the_baseline_alone_the_verdict_is_flagged():
    one = contrast(-2 + 0.3 * SPREAD, baseline=100.0)
    found = verdict(one)
    assert found.name == "harmful, at least the margin"
    assert "Ceiling: at least half of the baseline's runs are at 100 %." in found.sentence


def test_one_arm_that_learned_is_informative():
    one = contrast(20 + 0.3 * SPREAD, baseline=50.0)
    assert verdict(one).name == "supported, at least the margin"
    assert verdict(contrast(-20 + 0.3 * SPREAD, baseline=70.0)).name == "harmful, at least the margin"


def test_arms_that_equal_the_constant_exactly_learned_nothing():
    assert verdict(contrast(numpy.zeros(8), baseline=50.0)).name == "uninformative"


def test_all_zero_differences_are_not_significant():
    assert "p=1" in CASES["all_zero_differences"]["expected"]
    zeros = CASES["all_zero_differences"]["input"]["d"]
    found = verdict(contrast(zeros), alpha=0.05)
    assert (found.statistics.p_t, found.statistics.p_flip) == (1.0, 1.0)
    assert found.name == "equivalent"
    assert "nothing finer than the metric's resolution is tested" in found.sentence


def test_constant_differences_are_judged_by_the_exact_tests():
    found = verdict(contrast([2.0] * 8))
    assert found.name == "supported, at least the margin"
    assert "t undefined without spread" in found.sentence
    assert found.statistics.p_margin_adjusted == 2**-8
    assert verdict(contrast([2.0] * 7), alpha=0.01).name == "under-powered by design"


@pytest.mark.parametrize("noise", [1e-14, 1e-13])
def test_rounding_error_is_no_spread_to_plan_with(noise):
    family = [contrast(0.5 + noise * SPREAD), failed()]
    found = judge(family, rules(tests=20, alpha=0.05))[0]
    assert "under-powered" in found.name
    found = verdict(contrast(1.0 + noise * numpy.resize(SPREAD, 8)), alpha=0.05)
    assert "spread too far" not in found.sentence


# --- spans, suffixes, stage


def test_every_sentence_with_a_number_names_what_was_spanned():
    for name, one in RULES.items():
        found = verdict(contrast(one.gains, spans=("init",), **kept(one)))
        assert ("With the declared difference in init." in found.sentence) == (name != "not comparable"), name


def kept(one):
    names = ("treatment_values", "baseline_values", "diverged_treatment", "failure")
    return {name: getattr(one, name) for name in names}


@pytest.mark.parametrize("n", [1, 4, 8])
def test_a_span_of_epochs_never_gives_a_verdict(n):
    found = verdict(contrast((2 + 0.3 * SPREAD)[:n], spans=("epochs", "init")))
    assert found.name == "not comparable"
    assert "differ in epochs, init: a part of a decomposition or a wall-time control, never a verdict" in found.sentence
    assert "p=" not in found.sentence
    assert found.statistics.p_t_adjusted is None
    assert found.statistics.p_flip_adjusted is None


def test_suffixes_say_what_limits_a_verdict():
    assert verdict(RULES["harmful, size open"]).suffixes == ()
    assert verdict(contrast(2 + 0.3 * SPREAD[:7]), alpha=0.05).suffixes == ("(provisional)",)
    limited = verdict(contrast(-2 + 0.3 * SPREAD[:7], one_split=True), alpha=0.05, stage="search")
    assert limited.suffixes == ("(exploratory)", "(provisional)", "(one split)")
    assert verdict(contrast([], one_split=True, failure="unmatched")).suffixes == ()


def test_reaching_the_margin_is_shown_on_confirmation_seeds_only():
    for side in ("supported", "harmful"):
        found = verdict(RULES[f"{side}, at least the margin"], stage="search")
        assert found.name == f"{side}, size open"
        assert found.suffixes == ("(exploratory)",)
        assert "whether by 1 pp or more can only be shown on fresh seeds" in found.sentence


def test_more_than_twenty_seeds_are_not_called_exact():
    d = 2 + 0.3 * numpy.resize(SPREAD, 24)
    assert "random sign-flip" in verdict(contrast(d)).sentence
    assert "exact sign-flip" in verdict(contrast(d[:20])).sentence


# --- words for everything


@pytest.mark.parametrize(
    ("p", "says"),
    [
        (0.0078125, "p=0.0078"),
        (3.14e-5, "p=3.1e-05"),
        (0.0, "p<1e-6"),
        (1e-300, "p<1e-6"),
        (1.0, "p=1"),
        (None, "p not defined"),
        (float("nan"), "p not defined"),
    ],
)
def test_p_is_never_printed_as_zero(p, says):
    assert format_p(p) == says


@pytest.mark.parametrize("n", [0, 1, 2, 4, 5, 8, 12, 24])
@pytest.mark.parametrize("tests", [1, 3])
@pytest.mark.parametrize("shape", ["zeros", "constant", "noise", "wide", "ceiling", "floor", "all diverged"])
def test_odd_data_get_words_and_finite_numbers(n, tests, shape):
    d = {
        "zeros": numpy.zeros(n),
        "constant": numpy.full(n, 2.0),
        "noise": 1e-14 * numpy.resize(SPREAD, n),
        "wide": 7.5 * numpy.resize(SPREAD, n),
    }.get(shape, numpy.zeros(n))
    one = contrast(d, baseline={"ceiling": 100.0, "floor": 50.0}.get(shape, 90.0))
    if shape == "all diverged":
        everywhere = numpy.ones(n, dtype=bool)
        one = contrast(d, baseline=50.0, diverged_treatment=everywhere, diverged_baseline=everywhere)
    family = [one, *[failed()] * (tests - 1)]
    for stage in ("confirm", "search"):
        found = judge(family, rules(tests=tests, alpha=0.05, stage=stage))[0]
        assert not re.search(f"{BANNED}|{NO_WORDS}", found.sentence), found.sentence
        assert found.name in RULES
        numbers = [value for value in asdict(found.statistics).values() if value is not None]
        assert numpy.isfinite(numbers).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"treatment_values": numpy.full(8, numpy.nan)}, "must be finite"),
        ({"baseline_values": numpy.full(8, numpy.inf)}, "must be finite"),
        ({"treatment_values": numpy.full(8, 0.91)}, "fractions and percent mixed"),
        ({"baseline_values": numpy.array([0.9] + [90.0] * 7)}, "fractions and percent mixed"),
        ({"treatment_values": numpy.full(8, 120.0)}, "0 … 100"),
        ({"treatment_values": numpy.full(8, -1.0)}, "0 … 100"),
    ],
    ids=["NaN", "infinity", "one arm of fractions", "one fraction", "beyond 100", "below 0"],
)
def test_what_is_not_percent_is_refused_in_one_line(changes, says):
    with pytest.raises(ValueError, match=says) as refused:
        judge([contrast(SPREAD, **changes)], rules())
    assert "\n" not in str(refused.value)


def test_fractions_throughout_are_refused():
    fractions = contrast(SPREAD / 100, baseline=0.9, constant=numpy.full(8, 0.5))
    with pytest.raises(ValueError, match="multiply by 100"):
        judge([fractions], rules())


def test_a_wall_time_control_does_not_cost_the_other_contrasts_their_power():
    """It is no test by design, so max-T of the others stays: eight common seeds reach 1 %."""
    family = [RULES["supported, at least the margin"], contrast(SPREAD, spans=("epochs",)), RULES["equivalent"]]
    found = judge(family, rules(tests=3))
    names = ["supported, at least the margin", "not comparable", "equivalent"]
    assert [one.name for one in found] == names
    assert found[1].statistics.p_flip_adjusted is None
    assert found[0].statistics.smallest_p == 2**-7
