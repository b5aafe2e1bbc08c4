"""Evaluations of a block's members: columns beside the rest, equal in any company and either engine."""

from dataclasses import dataclass, replace

import numpy
import pytest

from analysis.describing.tuning import candidates
from spectra_tune.design import (
    Arm,
    Attack,
    Block,
    Calibration,
    Condition,
    Corruption,
    InvalidStudy,
    Outcome,
    Seeds,
    Study,
    Treatment,
    run_signature,
)
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.engine.rows import failed_runs
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.networks import mlp, rnn
from spectra_tune.objectives import EVALUATIONS, EVALUATIONS_OF_SEARCHES
from spectra_tune.results import unmeasured
from spectra_tune.tasks import digits, elections, moons, pride_and_prejudice
from tests.laws.kinds import Tokens
from tests.tools.regression import Waves
from tests.tools.searching import STUDY as SEARCHING
from tests.tools.searching import confirmed

ATTACK = Attack(norm="l2", epsilon=0.2, samples=60)
NOISE = Corruption(kind="noise", severity=0.3)
ALL = (ATTACK, NOISE, Calibration())
BESIDE = {"descriptive": ["test_noise_accuracy"]}
COLUMNS = [column for one in ALL for column in one.columns]
CONDITION = Condition(task=moons(samples=96), network=mlp(width=8), epochs=30)
ARMS = {"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.3)}


def block(**given):
    return Block(**{"condition": CONDITION, "arms": ARMS, "seeds": (0, 1), "evaluations": ALL} | given)


@pytest.fixture(scope="module")
def runs():
    arms = ARMS | {"diverges": Arm(treatment=Treatment.none(), changes={"learning_rate": 1e38})}
    return run_block(block(arms=arms))


def test_evaluations_change_nothing_else(runs):
    mine = [name for column in COLUMNS for name in (column, EVALUATIONS[column].of_constant)]
    plain = run_block(block(arms=dict(block().arms), evaluations=()))
    its_own = runs[runs["arm"] != "diverges"].drop(columns=mine).reset_index(drop=True)
    assert unmeasured(its_own).drop(columns="diverged_at").equals(unmeasured(plain).drop(columns="diverged_at"))


def test_accuracy_falls_from_clean_to_the_attack_to_twice_its_radius(runs):
    ended = runs[runs["status"] == "ok"]
    assert (ended["test_robust_at_twice_epsilon"] < ended["test_robust_accuracy"]).all()
    assert (ended["test_robust_accuracy"] < ended["test_accuracy"]).all()


def test_the_baselines_own_perturbations_are_those_of_its_attack(runs):
    transfer = runs.set_index("arm")["test_transfer_accuracy"]
    robust = runs.set_index("arm")["test_robust_accuracy"]
    assert (transfer["none"] == robust["none"]).all()
    assert (transfer["static"] >= robust["static"]).all()


def test_without_the_arm_none_there_is_nothing_to_transfer():
    runs = run_block(block(arms={"static": ARMS["static"]}, seeds=(0,)))
    assert runs["test_transfer_accuracy"].isna().all()
    assert runs["test_robust_accuracy"].notna().all()


def test_a_diverged_and_a_failed_run_have_no_numbers_and_count_as_the_constant(runs):
    failed = failed_runs(block())
    for rows in (runs[runs["arm"] == "diverges"], failed):
        assert rows[COLUMNS].isna().all(axis=None)
        constant = rows["test_robust_accuracy_of_constant"].to_numpy()
        targets = [CONDITION.task.draw("test", seed)[1][:60] for seed in rows["seed"]]
        assert constant == pytest.approx([max(y.mean(), 1 - y.mean()) for y in targets])
        error = rows["test_calibration_error_of_constant"].to_numpy()
        assert error == pytest.approx((1 - rows["test_accuracy_of_constant"]).to_numpy())


def test_a_member_is_evaluated_alike_in_any_company(runs):
    alone = run_block(block(seeds=(1,)))
    its_own = runs[(runs["seed"] == 1) & runs["arm"].isin(ARMS)].reset_index(drop=True)
    assert alone[COLUMNS].equals(its_own[COLUMNS])


def test_both_engines_attack_alike():
    network = mlp(width=8, dropout=1e-12)  # has no stacked form, and drops nothing
    stacked, in_turn = (run_block(block(condition=replace(CONDITION, network=of))) for of in (mlp(width=8), network))
    assert numpy.abs(stacked[COLUMNS].to_numpy() - in_turn[COLUMNS].to_numpy()).max() <= 2 / 60


def test_of_pictures_blur_takes_what_sharp_ones_tell_and_perturbations_transfer_in_part():
    blurred = Corruption(kind="blur", severity=2)
    pictures = Condition(task=digits(samples=200), network=mlp(width=16), epochs=10, batch_size=20)
    runs = run_block(block(condition=pictures, seeds=(0,), evaluations=(blurred, replace(ATTACK, epsilon=0.4))))
    assert (runs["test_blur_accuracy"] < runs["test_accuracy"] - 0.1).all()
    static = runs.set_index("arm").loc["static"]
    assert static["test_robust_accuracy"] < static["test_transfer_accuracy"] < static["test_accuracy"]


def test_an_evaluation_is_no_part_of_a_runs_signature_and_one_of_the_studys():
    assert set(run_block(block())["signature"]) == set(run_block(block(evaluations=()))["signature"])
    assert run_signature(CONDITION, ARMS["none"], 0, 0) in set(run_block(block())["signature"])
    assert study().signature() != study(attack=replace(ATTACK, steps=11)).signature()


def study(task=None, metric="test_robust_accuracy", attack=ATTACK, network=None, **given):
    condition = Condition(task=task or moons(samples=60), network=network or mlp(width=4), epochs=2)
    return Study(
        question="Is it robust?",
        conditions=[condition],
        arms=ARMS,
        contrasts=[("static", "none")],
        seeds=given.pop("seeds", Seeds(confirm=range(6))),
        outcome=Outcome(metric=metric, attack=attack, **given.pop("outcome", {})),
        **given,
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": pride_and_prejudice(context=8), "network": rnn(width=4)}, "is of classes"),
        ({"task": elections()}, "numbers of nodes"),
        ({"task": Waves()}, "is of classes"),
        ({"attack": None}, "needs to be told how"),
        ({"metric": "test_accuracy"}, "name one, or take it away"),
        (
            {"outcome": {"corruptions": Corruption(kind="blur", severity=1), "descriptive": ["test_blur_accuracy"]}},
            "needs pictures",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_a_line(given, message):
    with pytest.raises(InvalidStudy, match=message) as refused:
        study(**given)
    assert "\n" not in str(refused.value)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Moons of which nobody may see the test samples, or who may sees the validation samples in their place."""

    open: bool
    features = 2
    classes = 2

    def draw(self, split, seed):
        if split == "test" and not self.open and seed > 0:  # of seed 0 is the signature
            raise AssertionError("nobody may see it")
        return moons(samples=80).draw("validation" if split == "test" else split, seed)


def test_a_search_is_evaluated_on_validation_data_and_sees_no_test_data():
    tasks = (Sealed(open=seen) for seen in (False, True))
    sealed, opened = (block(condition=replace(CONDITION, task=task), seeds=(1, 2)) for task in tasks)
    of_search, of_test = run_block(replace(sealed, stage="search")), run_block(opened)
    assert not set(COLUMNS) & set(of_search)
    assert "validation_transfer_accuracy" not in of_search, "no baseline is in a trial of a search"
    for column in COLUMNS:
        if column != "test_transfer_accuracy":
            mine = EVALUATIONS[column].on("validation")
            assert mine.column in EVALUATIONS_OF_SEARCHES
            for name, same in ((mine.column, column), (mine.of_constant, EVALUATIONS[column].of_constant)):
                assert of_search[name].notna().all()
                assert of_search[name].equals(of_test[same].rename(name)), "the test samples are those of validation"


ROBUST = replace(SEARCHING, outcome=Outcome(metric="test_robust_accuracy", attack=ATTACK, corruptions=NOISE, **BESIDE))


def test_a_search_makes_what_it_selects_by_and_nothing_else():
    batch = ConfigurationBatch(stratum=0, arm="none", values={0: {"learning_rate": 0.1}}, repeats={}, seeds=(0,))
    made = batch.block(ROBUST)
    assert made is not None
    assert made.evaluations == (ATTACK,)
    assert "test_noise_accuracy" in run_block(replace(ROBUST.blocks()[0], seeds=(0,)))
    plain = batch.block(replace(SEARCHING, outcome=Outcome(descriptive=["test_robust_accuracy"], attack=ATTACK)))
    assert plain is not None
    assert plain.evaluations == ()


def test_a_search_selects_by_robustness_and_not_by_clean_accuracy():
    rates = [{"learning_rate": rate} for rate in (0.3, 0.1, 0.03, 0.001)]
    tables = confirmed(ROBUST, lambda _: rates)
    for one in candidates(ROBUST, tables.runs):
        mine = tables.runs[(tables.runs["stage"] == "search") & (tables.runs["arm"] == one.arm)]
        mine = mine[mine["condition_signature"] == one.condition_signature]
        chosen = mine[mine["configuration"] == one.configuration]
        assert list(one.outcomes) == [100 * value for value in chosen["validation_robust_accuracy"]]
    of_search = tables.runs["stage"] == "search"
    better = tables.runs.assign(
        validation_robust_accuracy=tables.runs["configuration"].where(of_search) / 10,
        validation_accuracy=(3 - tables.runs["configuration"]) / 10,
    )
    assert {one.configuration for one in candidates(ROBUST, better)} == {3}
    confirmation = tables.runs[~of_search]
    assert confirmation["test_robust_accuracy"].notna().all()
    assert confirmation["validation_robust_accuracy"].isna().all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"outcome": Outcome(metric="test_transfer_accuracy", attack=ATTACK)}, "no trial of a search holds"),
        ({"search": replace(SEARCHING.search, scheduler="asha")}, "stops runs half-way"),
    ],
)
def test_a_search_that_cannot_select_by_an_evaluation_is_refused(given, message):
    with pytest.raises(InvalidStudy, match=message) as refused:
        replace(ROBUST, **given)
    assert "\n" not in str(refused.value)


def test_training_against_an_attack_makes_robust_and_repeats_its_bits(tmp_path):
    attack = Attack(norm="l2", epsilon=1.0, steps=3)
    condition = Condition(task=digits(samples=200), network=mlp(width=32), epochs=8, batch_size=32, learning_rate=0.005)
    arms = {"none": Treatment.none(), "adversarial": Arm(treatment=Treatment.none(), changes={"adversarial": attack})}
    block = Block(condition=condition, arms=arms, seeds=[0, 1], evaluations=[Attack(norm="l2", epsilon=1.0)])
    runs = run_block(block)
    robust = runs.groupby("arm")["test_robust_accuracy"].mean()
    assert robust["adversarial"] > robust["none"] + 0.05
    assert runs.set_index("arm")["adversarial"].to_dict() == {
        "none": pytest.approx(float("nan"), nan_ok=True),
        "adversarial": str(attack),
    }
    training = BlockTraining(block, report_every=2)
    training.advance()
    training.save(tmp_path / "state.pt")
    again = BlockTraining(block, report_every=2)
    again.load(tmp_path / "state.pt")
    while not again.finished:
        again.advance()
    assert unmeasured(again.runs()).equals(unmeasured(runs))


def test_tokens_cannot_be_trained_against_an_attack():
    with pytest.raises(InvalidStudy, match="moves a sample's numbers"):
        Condition(task=Tokens(), network=mlp(width=8), adversarial=Attack(norm="l2", epsilon=1.0))
