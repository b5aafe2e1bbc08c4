"""Both engines: a member's bits depend on nothing but its run, and what becomes of it is a row of the table."""

import math
import random
from dataclasses import dataclass, replace

import numpy
import pytest
import torch

from spectra_tune.design import Arm, Block, Condition, DistanceToCriticality, InvalidStudy, Outcome, Treatment
from spectra_tune.design.condition import OPTIMIZERS
from spectra_tune.engine import BlockTraining, failed_runs, run_block, train
from spectra_tune.engine.stacked import fused_steps
from spectra_tune.engine.timing import time_arms
from spectra_tune.networks import mlp, module
from spectra_tune.objectives import SPLITS, objective_of
from spectra_tune.results import (
    METRICS,
    PROBE_REASONS,
    SIGMA_TARGET,
    probe_columns,
    protocol_columns,
    sigma_columns,
    unmeasured,
)
from spectra_tune.schedules import REACTIVE
from spectra_tune.tasks import moons, noisy_labels
from tests.laws.kinds import ENGINES, OF_TOKENS, OWN, InTurn, Norms, Surface, on

MOVING = {"sigma_start": 2.5, "sigma_end": 1.0, "strength": 0.1}
FROM_SIGMA = DistanceToCriticality(exponent=0.5, lowest=0.3, highest=3.0)
ARMS = {
    "none": Treatment.none(),
    "linear": Treatment(schedule="linear", **MOVING),
    "shrunk": Treatment(penalty="frobenius", strength=0.01),
    "squared": Treatment(sigma_end=1.0, strength=0.1, power=2),
    "near": Treatment(penalty="to_init", strength=0.5),
    "flat": Treatment(penalty="spectrum", schedule="linear", **MOVING),
    "fast": Arm(treatment=Treatment(sigma_end=1.0, strength=0.1), changes={"learning_rate": 0.05, "weight_decay": 0.1}),
    "again": Arm(treatment=Treatment.none(), stream=1),
}
REACTING = {
    **{schedule: Treatment(schedule=schedule, **MOVING) for schedule in REACTIVE},
    "rate": Arm(treatment=Treatment.none(), changes={"learning_rate_schedule": FROM_SIGMA}),
}

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=ENGINES)
def condition(request):
    return Condition(task=moons(samples=70), network=ENGINES[request.param], epochs=6)


def block(condition, arms=ARMS, seeds=range(3), **given):
    return Block(condition=condition, arms=arms, seeds=seeds, **given)


def finished(training):
    while not training.finished:
        training.advance()
    return training


def row(runs, arm, seed):
    """One run's row, without what two equal runs may differ in."""
    return unmeasured(runs[(runs["arm"] == arm) & (runs["seed"] == seed)]).reset_index(drop=True)


def final(training):
    """Every member's parameters and buffers at the end, by signature."""
    return {
        member.signature: {name: value.clone() for name, value in state.items()}
        for trainer in training._trainers
        for member, state in zip(trainer.members, trainer.states(), strict=True)
    }


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "muon"])
@pytest.mark.parametrize("batch_size", [None, 32])
def test_a_members_bits_do_not_depend_on_its_company(condition, batch_size, optimizer):
    condition = replace(condition, batch_size=batch_size, optimizer=optimizer, epochs=4)
    whole = finished(BlockTraining(block(condition, seeds=range(5))))
    runs, states = whole.runs(), final(whole)
    assert runs["equal_bits"].all()
    assert (runs["status"] == "ok").all()
    reversed_arms = dict(reversed(ARMS.items()))
    longer = {"linear": ARMS["linear"], "long": Arm(treatment=Treatment.none(), changes={"epochs": 5})}
    for arms, seeds in (({"linear": ARMS["linear"]}, [3]), (reversed_arms, [4, 0, 2]), (longer, [9, 3])):
        some = finished(BlockTraining(block(condition, arms=arms, seeds=seeds)))
        its = some.runs()
        shared = [(arm, seed) for arm in arms if arm in ARMS for seed in seeds if seed < 5]
        assert shared
        for arm, seed in shared:
            assert row(its, arm, seed).equals(row(runs, arm, seed)[its.columns.intersection(unmeasured(runs).columns)])
        assert all(equal(state, states[name]) for name, state in final(some).items() if name in states)


CONTINUED = {"by time": (ARMS, "adam"), "by signal": (REACTING, "adam"), "with Muon": (ARMS, "muon")}


@pytest.mark.parametrize(("arms", "optimizer"), CONTINUED.values(), ids=CONTINUED)
@pytest.mark.parametrize("stop", [1, 4])
def test_what_is_saved_and_continued_ends_with_equal_bits(condition, arms, optimizer, stop, tmp_path):
    given = block(
        replace(condition, batch_size=32, optimizer=optimizer), arms=arms, seeds=range(2), probes=["distance_from_init"]
    )
    whole = finished(BlockTraining(given, report_every=1))
    first = BlockTraining(given, report_every=1)
    for _ in range(stop):
        first.advance()
    first.save(tmp_path / "state.pt")
    finished(first)  # goes on without the one that is continued
    second = BlockTraining(given, report_every=1)
    second.load(tmp_path / "state.pt")
    finished(second)
    assert unmeasured(second.runs()).equals(unmeasured(whole.runs()))
    assert second.curves().equals(whole.curves())
    states = final(whole)
    assert all(equal(state, states[name]) for name, state in final(second).items())


@pytest.mark.parametrize("arms", [ARMS, REACTING], ids=["by time", "by signal"])
def test_what_is_broken_off_after_every_epoch_of_a_member_ends_with_equal_bits(condition, arms, tmp_path, monkeypatch):
    monkeypatch.setattr(fused_steps, "MULTIPLICATIONS", 1)  # else many epochs of these few samples are trained at once
    given = block(replace(condition, epochs=5), arms=arms, seeds=range(2), probes=["distance_from_init"], probed_at=[1])
    whole, reports = BlockTraining(given, report_every=3), []
    while not whole.finished:
        reports.append(whole.advance())
    broken, told, shares = BlockTraining(given, report_every=3), [], []
    while not broken.finished:
        told.append(broken.advance_for(0.0))
        shares.append(broken.share)
        broken.save(tmp_path / "state.pt")
        broken = BlockTraining(given, report_every=3)
        broken.load(tmp_path / "state.pt")
    assert shares == sorted(shares)
    assert len(shares) > len(reports)
    assert unmeasured(broken.runs()).equals(unmeasured(whole.runs()))
    assert broken.curves().equals(whole.curves())
    assert all(one.curves.equals(of.curves) for one, of in zip(filter(None, told), reports, strict=True))


def test_how_often_is_reported_and_probed_changes_no_bit(condition):
    once = finished(BlockTraining(block(condition), report_every=6))
    often = finished(
        BlockTraining(block(condition, probes=["sensitivity", "dead_units"], probed_at=(0, 2)), report_every=1)
    )
    states = final(once)
    assert all(equal(state, states[name]) for name, state in final(often).items())
    probed = [*probe_columns(often.runs()), PROBE_REASONS]
    assert unmeasured(often.runs().drop(columns=probed)).equals(unmeasured(once.runs()))


@dataclass(frozen=True, kw_only=True)
class Overflowing:
    """Moons, but of one seed so large that float32 overflows in training."""

    broken: int
    classes = 2
    features = 2

    def draw(self, split, seed):
        x, y = moons(samples=64).draw(split, seed)
        return (x * 1.4e38 if seed == self.broken else x), y


def test_a_diverged_member_is_a_result_and_leaves_its_neighbours_bits(condition):
    arms = {name: ARMS[name] for name in ("none", "linear", "shrunk")}
    condition = replace(condition, optimizer="sgd")
    wild = {**arms, "wild": Arm(treatment=ARMS["linear"], changes={"learning_rate": 1e38})}
    beside = run_block(block(condition, arms=wild, seeds=range(2)))
    gone, kept = beside[beside["arm"] == "wild"], beside[beside["arm"] != "wild"]
    metrics = [one.column for one in objective_of(condition.task).on(*SPLITS)]
    assert set(gone["status"]) == {"diverged"}
    assert set(kept["status"]) == {"ok"}
    assert gone["diverged_at"].notna().all()
    assert gone[[*metrics, *sigma_columns(beside.columns)]].isna().all(axis=None)
    assert (gone["test_accuracy_of_constant"] == 0.5).all()
    assert gone["test_loss_of_constant"].to_numpy() == pytest.approx(math.log(2))
    assert (
        unmeasured(kept)
        .reset_index(drop=True)
        .equals(unmeasured(run_block(block(condition, arms=arms, seeds=range(2)))))
    )


def test_data_that_overflow_diverge_by_themselves(condition):
    arms = {name: ARMS[name] for name in ("none", "linear", "shrunk")}

    def runs(broken):
        task = Overflowing(broken=broken)
        return run_block(block(replace(condition, task=task, optimizer="sgd"), arms=arms, seeds=range(4)))

    healthy, broken = runs(99), runs(2)
    assert set(healthy["status"]) == {"ok"}
    assert ((broken["status"] == "diverged") == (broken["seed"] == 2)).all()
    columns = [*(one.column for one in objective_of(condition.task).on(*SPLITS)), *sigma_columns(broken.columns)]
    assert broken.loc[broken["seed"] != 2, columns].equals(healthy.loc[healthy["seed"] != 2, columns])


def test_training_touches_no_global_generator(condition):
    torch.manual_seed(5)
    numpy.random.seed(5)
    random.seed(5)
    before = torch.get_rng_state(), numpy.random.get_state()[1].copy(), random.getstate()
    training = finished(
        BlockTraining(block(replace(condition, batch_size=32), probes=["sensitivity"], probed_at=(0, 3)))
    )
    training.figures()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (numpy.random.get_state()[1] == before[1]).all()
    assert random.getstate() == before[2]


def test_what_was_drawn_before_changes_no_bit(condition):
    for seed in (torch.manual_seed, numpy.random.seed, random.seed):
        seed(1)
    one = run_block(block(condition))
    for seed in (torch.manual_seed, numpy.random.seed, random.seed):
        seed(2)
    assert unmeasured(run_block(block(condition))).equals(unmeasured(one))


def test_arms_share_data_and_initial_weights_within_a_seed_only(condition):
    runs = run_block(block(condition, arms={name: ARMS[name] for name in ("none", "linear", "shrunk", "fast")}))
    assert runs.groupby("seed")[["data_digest", "init_digest"]].nunique().eq(1).all(axis=None)
    assert runs["data_digest"].nunique() == runs["init_digest"].nunique() == 3
    streams = run_block(block(condition, arms={name: ARMS[name] for name in ("none", "again")}))
    assert streams["data_digest"].nunique() == 3
    assert streams["init_digest"].nunique() == 6


def test_a_search_is_not_evaluated_on_test_data(condition):
    @dataclass(frozen=True)
    class Guarded:
        classes = 2
        features = 2

        def draw(self, split, seed):
            assert split != "test" or not guarded
            return moons(samples=40).draw(split, seed)

    guarded: list[int] = []
    searched = block(replace(condition, task=Guarded()), stage="search", probes=["sensitivity"])
    training = BlockTraining(searched)  # signatures have drawn every split once by now
    guarded.append(1)
    finished(training).figures()
    runs = training.runs()
    of_test = [name for name in runs.columns if name.startswith("test_")]
    assert len(of_test) == 6
    assert runs[of_test].isna().all(axis=None)
    assert runs["validation_accuracy"].notna().all()


def test_reacting_bits_depend_neither_on_company_nor_on_reports(condition):
    condition = replace(condition, epochs=30)
    together = unmeasured(run_block(block(condition, arms=REACTING, seeds=range(2))))
    for arm in REACTING:
        alone = unmeasured(run_block(block(condition, arms={arm: REACTING[arm]}, seeds=(1,))))
        assert alone.equals(row(together, arm, 1)[alone.columns])
    often = finished(BlockTraining(block(condition, arms=REACTING, seeds=range(2)), report_every=7))
    assert unmeasured(often.runs()).equals(together)
    curves = often.curves()
    targets = curves[curves["metric"] == next(name for name in curves["metric"] if name.startswith(SIGMA_TARGET))]
    moved = targets.groupby("signature")["value"].nunique()
    assert (moved > 1).sum() >= 4
    assert targets["value"].between(1.0, 2.5).all()


def test_a_failed_run_has_the_columns_of_an_ended_one(condition):
    ended, failed = run_block(block(condition)), failed_runs(block(condition))
    assert list(failed.columns) == list(ended.columns)
    assert (failed["status"] == "failed").all()
    shared = ["arm", "seed", "signature", "parameters", "capacity_ratio", "environment", "data_digest", "one_split"]
    shared += [*protocol_columns(ended.columns), *(name for name in ended.columns if name.endswith("_of_constant"))]
    assert failed[shared].equals(ended[shared])
    assert (ended["parameters"] > 0).all()
    assert failed[[*sigma_columns(failed.columns), "test_accuracy"]].isna().all(axis=None)
    assert len(sigma_columns(failed.columns)) == 2


def test_a_strong_penalty_brings_sigma_to_its_target_and_shrinks(condition):
    arms = {
        "none": Treatment.none(),
        "one": Treatment(strength=1.0, sigma_end=1.0),
        "two": Treatment(strength=1.0, sigma_end=2.0),
        "shrunk": Treatment(penalty="frobenius", strength=0.05),
    }
    runs = run_block(block(replace(condition, epochs=120), arms=arms, seeds=range(2)))
    means = runs.groupby("arm")[sigma_columns(runs.columns)].mean()
    assert means.loc["one"].to_numpy() == pytest.approx([1.0, 1.0], rel=0.15)
    assert means.loc["two"].to_numpy() == pytest.approx([2.0, 2.0], rel=0.15)
    assert (means.loc["shrunk"] < means.loc["none"]).all()


def test_reports_cover_all_members_and_the_last_brings_the_run_table(condition):
    reports = list(train(block(condition), report_every=4))
    assert [report.epoch for report in reports] == [4, 6]
    assert reports[0].runs is None
    last, runs = reports[-1].curves, reports[-1].runs
    assert runs is not None
    assert last["signature"].nunique() == len(runs) == 3 * len(ARMS)
    for metric in ("train_loss", "validation_accuracy", *sigma_columns(runs.columns)):
        curve = last[last["metric"] == metric].set_index("signature")["value"]
        assert (curve[runs["signature"]].to_numpy() == runs[metric].to_numpy()).all()
    first = reports[0].curves
    assert set(first["epoch"]) == {0, 4}
    assert not first.duplicated(["signature", "epoch", "metric"]).any()


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("task", [*OWN.values(), *OF_TOKENS.values()], ids=[*OWN, *OF_TOKENS])
def test_inputs_of_any_shape_and_kind_train(task, network):
    condition = Condition(task=task, network=on(task, network), epochs=80, learning_rate=0.02)
    arms = {"none": Treatment.none(), "static": Treatment(strength=0.01, sigma_end=2.0)}
    runs = run_block(block(condition, arms=arms, seeds=range(2)))
    assert (runs["status"] == "ok").all()
    outcome = objective_of(task).metrics[0]
    learnt, constant = runs[f"train_{outcome.name}"], runs[f"train_{outcome.name}_of_constant"]
    assert (outcome.sign * (learnt - constant) > 0.2 * abs(constant)).all()
    assert runs.groupby("seed")["data_digest"].nunique().eq(1).all()
    assert runs["data_digest"].nunique() == 2
    assert set(METRICS) & set(runs.columns) == {one.column for one in objective_of(task).on(*SPLITS)}
    alone = run_block(block(condition, arms={"static": arms["static"]}, seeds=[1]))
    assert row(alone, "static", 1).equals(row(runs, "static", 1))


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
def test_data_that_are_fixed_are_one_data_set_for_all_seeds(network):
    runs = run_block(block(Condition(task=Surface(fixed=True), network=network, epochs=3)))
    assert runs["data_digest"].nunique() == 1
    assert runs["one_split"].all()


def test_test_data_that_seeds_share_are_one_split_whatever_they_train_on(condition):
    given = block(replace(condition, task=noisy_labels(moons(samples=50, data_seed=1), share=0.2), epochs=1))
    for runs in (run_block(given), failed_runs(given)):
        assert runs["data_digest"].nunique() == 3
        assert runs["one_split"].all()


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
def test_a_regression_ends_in_metrics_that_an_outcome_may_name(network):
    condition = Condition(task=Surface(), network=network, epochs=60, batch_size=30)
    training = finished(BlockTraining(block(condition, seeds=range(2), probes=["gradient_flow", "boundary"])))
    runs, curves = training.runs(), training.curves()
    outcome = Outcome(metric="test_mse", margin=0.02)
    assert (runs[outcome.metric] < runs[outcome.measured.of_constant]).all()
    _, y = Surface().draw("test", 1)
    constant = runs.loc[runs["seed"] == 1, "test_mse_of_constant"]
    assert constant.to_numpy() == pytest.approx(numpy.var(y))
    assert (runs["test_r2_of_constant"] == 0).all()
    assert runs["test_r2"].to_numpy() == pytest.approx(1 - runs["test_mse"] / runs["test_mse_of_constant"], rel=1e-4)
    assert {"train_mse", "validation_mse", "validation_r2"} <= set(curves["metric"])
    assert runs[PROBE_REASONS].str.contains("a boundary lies between classes").all()
    assert set(training.figures()["figure"]) == {"spectrum"}


def test_the_costs_of_arms_are_measured(condition):
    timings = time_arms(
        block(replace(condition, epochs=2), arms={"none": ARMS["none"], "linear": ARMS["linear"]}), repeats=2
    )
    assert all(len(one.seconds_per_epoch) == 2 and min(one.seconds_per_epoch) > 0 for one in timings.values())


def test_an_arm_of_more_epochs_goes_on_alone(condition):
    long = Arm(treatment=ARMS["linear"], changes={"epochs": 12})
    given = block(condition, arms={"none": ARMS["none"], "long": long}, seeds=range(2))
    (*_, last) = train(given)
    assert last.epoch == last.epochs == 12
    assert last.runs.groupby("arm")["epochs"].unique().map(list).to_dict() == {"none": [6], "long": [12]}


@dataclass(frozen=True)
class Hidden:
    """A task that does not say how many samples it draws."""

    features = 2
    objective = "regression"

    def draw(self, split, seed):
        return Surface().draw(split, seed)


def test_a_batch_larger_than_a_users_data_is_refused(condition):
    with pytest.raises(InvalidStudy, match="batch_size 61, samples 60"):
        run_block(block(replace(condition, task=Hidden(), batch_size=61), seeds=[0]))


ALIKE = {
    **{f"classes, {optimizer}": (moons(samples=60), optimizer) for optimizer in OPTIMIZERS},
    **{name: (task, "adam") for name, task in OWN.items()},
}


@pytest.mark.parametrize(("task", "optimizer"), ALIKE.values(), ids=ALIKE)
def test_in_turn_is_stacked_in_double_precision(task, optimizer):
    """To rounding, as long as no two top singular values meet: few epochs."""
    arms = {name: ARMS[name] for name in ("none", "linear", "shrunk", "again")}
    arms["clipped"] = Arm(treatment=Treatment(sigma_end=1.0, strength=0.1), changes={"clip": 0.1})
    tables, ends = [], []
    for network in (mlp(width=8), InTurn(of=mlp(width=8))):
        condition = Condition(
            task=task,
            network=network,
            epochs=8,
            optimizer=optimizer,
            batch_size=25,
            weight_decay=0.01,
            learning_rate_schedule="warmup_cosine",
        )
        training = finished(BlockTraining(block(condition, arms=arms, seeds=range(2)), dtype=torch.float64))
        runs, states = training.runs(), final(training)
        tables.append(runs)
        ends.append([states[signature] for signature in runs["signature"]])
    one, other = tables
    compared = [name for name in one.columns if name.startswith(("train_", "validation_", "test_", "sigma_"))]
    numpy.testing.assert_allclose(other[compared].astype(float), one[compared].astype(float), rtol=1e-5, atol=1e-7)
    assert one["init_digest"].tolist() == other["init_digest"].tolist()
    for state, again in zip(*ends, strict=True):
        assert state.keys() == again.keys()
        for name in state:
            torch.testing.assert_close(again[name], state[name], rtol=1e-6, atol=1e-8)


def test_batch_statistics_and_dropout_are_those_of_training_only():
    """Evaluation is a function of the state alone: twice the same, and another one than in training mode."""
    condition = Condition(task=moons(samples=60), network=module(Norms, hidden=8), epochs=3)
    training = finished(BlockTraining(block(condition, arms={"none": ARMS["none"]}, seeds=[0])))
    (trainer,) = training._trainers
    assert trainer.scores("train") == trainer.scores("train")
    one = trainer._each[0].module
    assert one.training
    assert int(one.norm.num_batches_tracked) == 3
    x = torch.tensor(moons(samples=60).draw("train", 0)[0], dtype=torch.float32)
    assert not torch.equal(one(x), one.eval()(x))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused_and_one_that_is_trains_as_ever(condition):
    none = {"none": Treatment.none()}
    with pytest.raises(InvalidStudy, match="device 'cuda' needs a GPU"):
        run_block(block(replace(condition, device="cuda", epochs=1), arms=none))
    named, granted = (run_block(block(replace(condition, device=of, epochs=1), arms=none)) for of in ("cpu", None))
    signatures = ["signature", "condition_signature"]
    assert unmeasured(named).drop(columns=signatures).equals(unmeasured(granted).drop(columns=signatures))
