"""A table from elsewhere is judged by seed, as an independent computation says, or refused in one line."""

import itertools
from dataclasses import replace

import numpy
import pandas
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.judging.contrasts import contrast_table
from analysis.judging.declared import Declaration, declared, judge_declared, read_file
from analysis.judging.verdict_name import CLAIMS, HARMFUL, SUPPORTED, VerdictName
from spectra_tune.design import InvalidStudy
from tests.tools.elsewhere import DECLARATION, EFFECTS, PROBLEMS, results

OTHERS = sorted(set(EFFECTS) - {"sgd"})


def judged(table, declaration=DECLARATION):
    return judge_declared(declared(table, declaration, "table.csv"))


def refused(table, declaration=DECLARATION):
    with pytest.raises(InvalidStudy) as error:
        declared(table, declaration, "table.csv")
    assert "\n" not in str(error.value)
    return str(error.value)


def numbers(judged):
    return contrast_table(judged).drop(columns=["sentence"])


@pytest.fixture(scope="module")
def table():
    return results()


@pytest.fixture(scope="module")
def small():
    return results(PROBLEMS[3:5], seeds=8)


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


def cell(table, row, column, value):
    changed = table.astype({column: object})
    changed.loc[table.index[row], column] = value
    return changed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t[(t["optimizer"] != "adam") | (t["random_seed"] > 43)], "only sgd has random_seed 42, 43 at "),
        (lambda t: cell(t, 2, "random_seed", 99), "only adam has random_seed 99 and only sgd has random_seed 42"),
        (lambda t: t[(t["optimizer"] != "adam") | (t["testproblem"] != "fmnist_vae")], "at testproblem fmnist_vae"),
        (lambda t: cell(t, 0, "test_acc", None), "test_acc of sgd, random_seed 42 (0) is missing"),
        (lambda t: cell(t, 0, "test_acc", "nan"), "is nan; without the score of a constant predictor"),
        (lambda t: cell(t, 0, "test_acc", float("inf")), "is inf"),
        (lambda t: cell(t, 0, "test_acc", "93,1"), "must be a number such as 0.93, got '93,1'"),
        (lambda t: cell(t, 0, "test_acc", "9_3"), "must be a number such as 0.93, got '9_3'"),
        (lambda t: cell(t, 0, "test_acc", True), "must be a number such as 0.93, got True"),
        (lambda t: cell(t, 0, "test_acc", 101.0), "must be percent in 0 … 100"),
        (lambda t: cell(t, 0, "test_acc", -1.0), "must be percent in 0 … 100"),
        (lambda t: cell(t, 0, "test_acc", 0.93), "must not mix percent with fractions, it has 0.93 (0) and"),
        (lambda t: t.assign(test_acc=t["test_acc"] / 100), "nothing above 1: give --fraction"),
        (lambda t: cell(t, 0, "optimizer", " "), "every run needs its optimizer, 0 has none"),
        (lambda t: cell(t, 0, "random_seed", None), "every run needs its random_seed, 0 has none"),
        (lambda t: cell(t, 0, "testproblem", None), "every run needs its testproblem, 0 has none"),
        (lambda t: t[t["optimizer"] == "sgd"], "needs two arms, the column 'optimizer' has 'sgd' alone"),
        (lambda t: t[t["random_seed"] < 46], "needs at least 5 seeds, adam and sgd have 4 at testproblem cifar10_3c3d"),
        (
            lambda t: t.rename(columns={"test_acc": "test_accuracy"}),
            "no column 'test_acc'; did you mean 'test_accuracy'",
        ),
        (lambda t: pandas.concat([t, t[["test_acc"]]], axis=1), "2 columns 'test_acc'"),
    ],
)
def test_what_cannot_be_paired_or_counted_is_refused(small, change, says):
    line = refused(change(small).pipe(lambda t: t[t["optimizer"].isin(["sgd", "adam", " "]) | t.index.isin([0])]))
    assert says in line


def test_two_values_of_one_run_are_refused_with_both(small):
    twice = pandas.concat([small, small.iloc[:1].assign(test_acc=1.5)], ignore_index=True)
    line = refused(twice)
    assert "sgd, random_seed 42 at testproblem cifar10_3c3d has " in line
    assert "1.5 (64)" in line


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"baseline": "sdg"}, "no arm 'sdg'; did you mean 'sgd'?"),
        ({"treatments": ("adam", "mometum")}, "no arm 'mometum'; did you mean 'momentum'?"),
        ({"selected_on": ("44", "7", "45.0")}, "seeds 44, 45 were used for selection"),
        ({"given_in": "fractions"}, "must be fractions in 0 … 1, got "),
        ({"conditions": ("test_problem",)}, "did you mean 'testproblem'?"),
    ],
)
def test_a_declaration_that_the_table_does_not_bear_out_is_refused(small, changes, says):
    assert says in refused(small, replace(DECLARATION, **changes))


def test_seeds_that_selected_and_are_not_in_the_table_are_no_obstacle(small):
    assert judged(small, replace(DECLARATION, selected_on=("7", "8")))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"margin": 0.0}, "margin must be a finite number > 0"),
        ({"margin": float("nan")}, "margin must be a finite number > 0"),
        ({"alpha": 0.6}, "alpha must be below 0.5"),
        ({"seed": "optimizer"}, "optimizer was given twice"),
        ({"treatments": ("sgd",)}, "both baseline and treatment"),
        ({"treatments": ("adam", "adam")}, "each treatment is named once"),
    ],
)
def test_a_declaration_that_cannot_hold_is_refused(changes, says):
    with pytest.raises(InvalidStudy, match=says):
        replace(DECLARATION, **changes)


def test_without_a_declared_unit_only_what_can_hardly_be_anything_else_is_called_mixed(small):
    own = replace(DECLARATION, given_in=None)
    assert "seems to mix percent with fractions" in refused(cell(small, 0, "test_acc", 0.93), own)
    rewards = small.assign(test_acc=small["test_acc"] / 70)  # on both sides of 1, and nothing apart
    assert judged(rewards, own)
    losses = cell(small.assign(test_acc=small["test_acc"] / 100), 0, "test_acc", 50.0)
    assert judged(losses, replace(own, lower_is_better=True))


def test_rows_that_are_no_runs_are_counted_and_nothing_else(small):
    parent = pandas.DataFrame([{"testproblem": None, "optimizer": None, "random_seed": None, "test_acc": None}])
    with_parent = pandas.concat([small.astype(object), parent.astype(object)], ignore_index=True)
    found = declared(with_parent, DECLARATION, "table.csv")
    assert found.no_runs == 1
    pandas.testing.assert_frame_equal(numbers(judge_declared(found)), numbers(judged(small)))


def test_a_csv_and_a_parquet_file_say_the_same(small, tmp_path):
    for name, write in (
        ("a.csv", lambda file: small.to_csv(file, index=False)),
        ("b.csv", lambda file: small.to_csv(file, index=False, sep=";", encoding="utf-8-sig")),
        ("c.tsv", lambda file: small.to_csv(file, index=False, sep="\t")),
        ("d.parquet", lambda file: small.astype({"optimizer": "category"}).to_parquet(file)),
        ("e.parquet", lambda file: small.set_index(["optimizer", "random_seed"]).to_parquet(file)),
    ):
        write(tmp_path / name)
        pandas.testing.assert_frame_equal(
            contrast_table(judged(read_file(tmp_path / name))), contrast_table(judged(small))
        )


def test_arms_of_a_csv_stay_the_text_they_are(tmp_path):
    file = tmp_path / "table.csv"
    lines = [f"{arm},{seed},0.{seed}{at}" for at, arm in enumerate(("None", "1e-3", "NA")) for seed in range(10, 15)]
    file.write_text("\n".join(["optimizer,random_seed,test_acc", *lines]))
    found = declared(
        read_file(file),
        replace(DECLARATION, conditions=(), baseline="None", given_in="fractions"),
        "table.csv",
    )
    assert found.question.arms == ("None", "1e-3", "NA")
    assert list(found.question.labels.values()) == ["all rows"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.csv", None, "FILE must exist"),
        ("table.xlsx", b"x", "FILE must be .csv, .tsv, .parquet, .pq"),
        ("table.csv", b"", "has none"),
        ("table.csv", b"a,b\n", "has none"),
        ("table.csv", b"a,b\n1,2\n1,2,3\n", "line 3 has 3"),
        ("table.csv", b"a,b\n1,\xff\n", "is not: 'utf-8' codec"),
        ("table.parquet", b"PAR1", "is not: "),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidStudy) as error:
        read_file(tmp_path / name)
    assert says in str(error.value)


def test_a_declaration_needs_no_condition():
    assert Declaration(arm="a", seed="b", metric="c", baseline="d", margin=1).conditions == ()
