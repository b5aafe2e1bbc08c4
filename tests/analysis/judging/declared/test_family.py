"""A table from elsewhere is judged by seed, as an independent computation says."""

import itertools
from dataclasses import replace

import numpy
import pandas
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.judging.contrasts import contrast_table
from analysis.judging.declared import declared, judge_declared
from analysis.judging.verdict_name import CLAIMS, HARMFUL, SUPPORTED, VerdictName
from tests.tools.elsewhere import DECLARATION, EFFECTS, PROBLEMS, judged, numbers, results

OTHERS = sorted(set(EFFECTS) - {"sgd"})


@pytest.fixture(scope="module")
def table():
    return results()


def differences(table):
    """Treatment − baseline by problem and optimizer, from a pivot that knows nothing of our code."""
    wide = table.pivot(index=["testproblem", "random_seed"], columns="optimizer", values="test_acc")
    return {
        (problem, optimizer): (of_problem[optimizer] - of_problem["sgd"]).to_numpy()
        for problem, of_problem in wide.groupby(level="testproblem")
        for optimizer in OTHERS
    }


def test_24_comparisons_have_the_p_of_scipy_adjusted_as_statsmodels_does(table):
    found = {(one.condition, one.contrast.treatment): one.verdict.statistics for one in judged(table)}
    expected = differences(table)
    assert len(found) == 24
    assert found.keys() == expected.keys()
    p = [stats.ttest_1samp(d, 0).pvalue for d in expected.values()]
    wide = table.pivot(index=["testproblem", "random_seed"], columns="optimizer", values="test_acc")
    for (problem, optimizer), one in found.items():
        pairs = wide.loc[problem]
        assert one.p_t == pytest.approx(stats.ttest_rel(pairs[optimizer], pairs["sgd"]).pvalue, rel=1e-9)
    for key, adjusted in zip(expected, multipletests(p, method="holm")[1], strict=True):
        assert found[key].p_t_adjusted == pytest.approx(adjusted, rel=1e-9)
        assert found[key].mean == pytest.approx(expected[key].mean(), abs=1e-9)


def test_24_comparisons_have_the_sign_flip_p_of_all_1024_flips(table):
    found = {(one.condition, one.contrast.treatment): one.verdict.statistics for one in judged(table)}
    expected = differences(table)
    d = numpy.stack([expected[key] for key in expected])
    signs = numpy.array(list(itertools.product((1.0, -1.0), repeat=10)))
    sums = numpy.abs(d @ signs.T)
    alone = (sums >= sums[:, :1] - 1e-9).mean(axis=1)
    for key, p in zip(expected, alone, strict=True):
        assert found[key].p_flip == pytest.approx(p, abs=1e-12)
    flipped = d[:, None, :] * signs[None]
    means, spread = flipped.mean(axis=2), flipped.std(axis=2, ddof=1)
    t = numpy.abs(means / (spread / numpy.sqrt(10)))
    order, p, floor = numpy.argsort(-t[:, 0]), {}, 0.0
    for at, place in enumerate(order):  # step-down max-T, the slow way
        largest = t[order[at:]].max(axis=0)
        floor = max(floor, float((largest >= t[place, 0] * (1 - 1e-9)).mean()))
        p[list(expected)[place]] = floor
    for key, value in p.items():
        assert found[key].p_flip_adjusted == pytest.approx(value, abs=1e-12)


def test_what_was_planted_is_found_and_nothing_else(table):
    verdicts = {(one.condition, one.contrast.treatment): one.verdict.name for one in judged(table)}
    assert verdicts["tolstoi_rnn", "adam"] == VerdictName.SUPPORTED_AT_LEAST_THE_MARGIN
    assert verdicts["quadratic_deep", "adam"] in HARMFUL
    assert not {verdicts[problem, "adagrad"] for problem in PROBLEMS} & CLAIMS


def test_rows_in_any_order_give_the_same_numbers(table):
    shuffled = table.sample(frac=1, random_state=1)
    pandas.testing.assert_frame_equal(contrast_table(judged(table)), contrast_table(judged(shuffled)))


def test_pairs_are_by_seed_and_not_by_row(small):
    aside = small.copy()
    of_adam = aside["optimizer"] == "adam"
    aside.loc[of_adam, "random_seed"] = aside.loc[of_adam, "random_seed"].to_numpy()[::-1]  # other seeds, same rows
    moved = {one.condition: one.verdict.statistics for one in judged(aside) if one.contrast.treatment == "adam"}
    before = {one.condition: one.verdict.statistics for one in judged(small) if one.contrast.treatment == "adam"}
    for condition, one in moved.items():
        assert one.mean == pytest.approx(before[condition].mean)
        assert abs(one.sd - before[condition].sd) > 0.01


def test_percent_and_fractions_say_the_same(small):
    fractions = small.assign(test_acc=small["test_acc"] / 100)
    one = judged(small)
    other = judged(fractions, replace(DECLARATION, given_in="fractions"))
    assert [each.verdict.sentence for each in one] == [each.verdict.sentence for each in other]


def test_where_lower_is_better_every_gain_turns(small):
    errors = small.assign(test_acc=100 - small["test_acc"])
    one = judged(small)
    other = judged(errors, replace(DECLARATION, lower_is_better=True))
    pandas.testing.assert_frame_equal(numbers(one), numbers(other), rtol=1e-6, atol=1e-9)
    assert all("(lower is better)" in each.verdict.sentence for each in other)
    turned = judged(small, replace(DECLARATION, lower_is_better=True))
    for before, after in zip(one, turned, strict=True):
        assert after.verdict.statistics.mean == -before.verdict.statistics.mean
        assert (before.verdict.name in SUPPORTED) == (after.verdict.name in HARMFUL)


def test_a_metric_of_its_own_unit_has_any_bounds(small):
    loss = small.assign(test_acc=small["test_acc"] * 1e-3 - 0.06)
    own = replace(DECLARATION, given_in=None, margin=1e-3, lower_is_better=True)
    sentence = judged(loss, own)[0].verdict.sentence
    assert " pp" not in sentence
    assert "0.001" in sentence


def test_no_sentence_says_that_the_tool_checked_the_matching(table):
    for one in judged(table):
        assert "matched seeds" not in one.verdict.sentence
        assert "10 seeds, declared matched" in one.verdict.sentence


def test_whether_both_arms_learned_is_not_asked_and_a_ceiling_is(small):
    at_the_top = small.assign(test_acc=100.0)
    assert {one.verdict.name for one in judged(at_the_top)} == {VerdictName.UNINFORMATIVE}
    chance = small.assign(test_acc=10 + small["random_seed"] / 100)
    assert VerdictName.UNINFORMATIVE not in {one.verdict.name for one in judged(chance)}


def test_named_treatments_are_the_family_in_their_order(small):
    chosen = declared(small, replace(DECLARATION, treatments=("momentum", "adam")), "table.csv")
    assert [contrast.treatment for contrast in chosen.question.contrasts] == ["momentum", "adam"]
    assert chosen.question.tests == 4
    assert chosen.other_arms == ("adagrad",)


def test_equal_rows_count_once_and_are_counted(small):
    twice = pandas.concat([small, small.iloc[:3]])
    found = declared(twice.reset_index(drop=True), DECLARATION, "table.csv")
    assert found.repeated == 3
    pandas.testing.assert_frame_equal(numbers(judge_declared(found)), numbers(judged(small)))


def test_conditions_are_told_apart_by_all_their_columns_and_sorted_by_size():
    rows = [
        {"optimizer": arm, "random_seed": seed, "test_acc": 50 + seed + width / 10, "width": width, "testproblem": "x"}
        for width in (64, 8, 16)
        for arm in ("sgd", "adam")
        for seed in range(5)
    ]
    found = declared(pandas.DataFrame(rows), replace(DECLARATION, conditions=("testproblem", "width")), "table.csv")
    assert list(found.question.labels.values()) == ["width 8", "width 16", "width 64"]


def test_seeds_may_be_text_and_whole_numbers_are_equal_however_they_are_written(small):
    words = small.assign(random_seed="run " + small["random_seed"].astype(str))
    pandas.testing.assert_frame_equal(numbers(judged(words)), numbers(judged(small)))
    mixed = small.assign(random_seed=small["random_seed"].astype(object))
    mixed.loc[mixed["optimizer"] == "adam", "random_seed"] = mixed["random_seed"].map("{}.0".format)
    pandas.testing.assert_frame_equal(numbers(judged(mixed)), numbers(judged(small)))


def test_rows_that_are_no_runs_are_counted_and_nothing_else(small):
    parent = pandas.DataFrame([{"testproblem": None, "optimizer": None, "random_seed": None, "test_acc": None}])
    with_parent = pandas.concat([small.astype(object), parent.astype(object)], ignore_index=True)
    found = declared(with_parent, DECLARATION, "table.csv")
    assert found.no_runs == 1
    pandas.testing.assert_frame_equal(numbers(judge_declared(found)), numbers(judged(small)))
