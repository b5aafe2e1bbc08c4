"""Curricula: data change from phase to phase, members go on, and what they score on the way is theirs alone."""

import copy
from dataclasses import replace

import numpy
import pytest
import torch
from torch.nn.functional import cross_entropy

from spectra_tune.design import Block, Condition, InvalidStudy, Outcome, Seeds, Study, Treatment
from spectra_tune.engine import BlockTraining, failed_runs, run_block
from spectra_tune.engine.members.generators import generator_of
from spectra_tune.engine.members.parameters import built
from spectra_tune.engine.members.phases import PhaseLog, over_phases
from spectra_tune.networks import mlp
from spectra_tune.objectives.classification import Stacked
from spectra_tune.results import scored, unmeasured
from spectra_tune.tasks import digits, drifting, moons, noisy_labels, permuted, split, surface, transfer
from tests.laws.kinds import InTurn

DIGITS = digits(samples=120)
PERMUTED = permuted(DIGITS, phases=3)
STATIC = Treatment(sigma_end=1.0, strength=0.1)
ARMS = {"none": Treatment.none(), "static": STATIC}
NETWORKS = {"stacked": mlp(width=8), "in turn": InTurn(of=mlp(width=8))}
MEASURED = ["online_accuracy", "online_accuracy_last", "test_accuracy", "test_accuracy_mean", "forgetting"]


@pytest.fixture(params=NETWORKS)
def condition(request):
    return Condition(task=PERMUTED, network=NETWORKS[request.param], epochs=2, batch_size=32, learning_rate=0.01)


def finished(training):
    while not training.finished:
        training.advance()
    return training


def by_hand(condition, seed):
    """A plain loop over the phases: online accuracies, test accuracies at their ends and after all."""
    (member,) = finished(BlockTraining(Block(condition=condition, arms={"none": ARMS["none"]}, seeds=[seed]))).members
    module, task = built(member), condition.task
    optimizer = torch.optim.Adam(module.parameters(), lr=condition.learning_rate)
    online, ends = [], []

    def test_accuracy(phase):
        x, y = map(torch.as_tensor, task.phase(phase).draw("test", seed))
        with torch.no_grad():
            return float((module(x.float()).argmax(dim=1) == y).double().mean())

    for phase in range(task.phases):
        if task.fresh_optimizer:
            optimizer = torch.optim.Adam(module.parameters(), lr=condition.learning_rate)
        x, y = map(torch.as_tensor, task.phase(phase).draw("train", seed))
        hits = 0
        for epoch in range(phase * condition.epochs, (phase + 1) * condition.epochs):
            for chosen in torch.randperm(len(x), generator=generator_of(member, "order", epoch)).split(32):
                outputs = module(x[chosen].float())
                hits += int((outputs.argmax(dim=1) == y[chosen]).sum())
                optimizer.zero_grad()
                cross_entropy(outputs, y[chosen]).backward()
                optimizer.step()
        online.append(hits / condition.epochs / len(x))
        ends.append(test_accuracy(phase))
    return online, ends, [test_accuracy(phase) for phase in range(task.phases)]


@pytest.mark.parametrize(
    "task",
    [PERMUTED, permuted(DIGITS, phases=3, fresh_optimizer=True), split(digits(samples=300), classes_per_phase=2)],
    ids=str,
)
def test_metrics_of_a_curriculum_are_those_of_a_plain_loop(condition, task):
    condition = replace(condition, task=task, batch_size=32 if task.samples > 32 else None)
    online, ends, after = by_hand(replace(condition, batch_size=32 if task.samples > 32 else task.samples), 4)
    (row,) = run_block(Block(condition=condition, arms={"none": ARMS["none"]}, seeds=[4])).to_dict("records")
    assert row["online_accuracy"] == pytest.approx(numpy.mean(online), abs=2e-2)
    assert row["online_accuracy_last"] == pytest.approx(online[-1], abs=2e-2)
    assert row["test_accuracy_mean"] == pytest.approx(numpy.mean(ends), abs=2e-2)
    assert row["test_accuracy"] == pytest.approx(ends[-1], abs=2e-2)
    forgotten = numpy.mean(numpy.array(ends[:-1]) - after[:-1])
    assert row["forgetting"] == pytest.approx(forgotten, abs=2e-2)


def test_metrics_of_a_whole_curriculum_have_their_known_values():
    log = PhaseLog(2, "cpu")
    for hits, ends in (([1, 4], [0.9, 0.5]), ([2, 3], [0.8, 0.4]), ([3, 0], [0.7, 0.3])):
        log.see(torch.tensor(hits), 3)
        log.see(torch.tensor([0, 0]), 1)
        log.close({"accuracy": numpy.array(ends)})
    now = {0: numpy.array([0.3, 0.5]), 1: numpy.array([0.6, 0.5])}
    found = over_phases(log, 3, now.__getitem__)
    assert found["online_accuracy"] == pytest.approx([0.5, 7 / 12])
    assert found["online_accuracy_last"] == pytest.approx([0.75, 0.0])
    assert found["test_accuracy_mean"] == pytest.approx([0.8, 0.4])
    assert found["forgetting"] == pytest.approx([0.4, -0.05])  # the first forgets, the second learns
    assert all(numpy.isnan(values).all() for values in over_phases(log, 4, now.__getitem__).values())


@pytest.mark.parametrize("outputs", [1, 3])
def test_padding_is_never_right(outputs):
    target = torch.tensor([[1, 0, 1, 1]]) if outputs > 1 else torch.tensor([[1.0, 0.0, 1.0, 1.0]])
    logits = torch.full((1, outputs, 4), -1.0)
    logits[:, -1 if outputs == 1 else 1] = 2.0
    assert Stacked.hits(logits, target, torch.tensor([0.5, 0.5, 0.0, 0.0])).tolist() == [1]
    assert Stacked.hits(logits, target, torch.full((4,), 0.25)).tolist() == [3]


def test_a_members_bits_in_a_curriculum_do_not_depend_on_its_company(condition):
    whole = run_block(Block(condition=condition, arms=ARMS, seeds=range(4)))
    alone = run_block(Block(condition=condition, arms={"static": STATIC}, seeds=[2]))
    same = whole[(whole["arm"] == "static") & (whole["seed"] == 2)].reset_index(drop=True)
    assert unmeasured(alone).equals(unmeasured(same)[unmeasured(alone).columns])
    assert whole["equal_bits"].all()
    assert whole.groupby("seed")["data_digest"].nunique().eq(1).all()
    assert whole["data_digest"].nunique() == 4


@pytest.mark.parametrize("stop", range(1, 6))
def test_a_curriculum_saved_within_and_between_phases_goes_on_with_equal_bits(condition, stop, tmp_path):
    block = Block(condition=condition, arms=ARMS, seeds=range(2))
    whole = finished(BlockTraining(block, report_every=1))
    first = BlockTraining(block, report_every=1)
    for _ in range(stop):
        first.advance()
    first.save(tmp_path / "state.pt")
    second = BlockTraining(block, report_every=1)
    second.load(tmp_path / "state.pt")
    assert unmeasured(finished(second).runs()).equals(unmeasured(whole.runs()))
    assert second.curves().equals(whole.curves())


def test_curves_tell_each_phase_at_its_end(condition):
    training = finished(BlockTraining(Block(condition=condition, arms=ARMS, seeds=range(2))))
    runs, curves = training.runs(), training.curves()
    online = curves[curves["metric"] == "online_accuracy"]
    assert sorted(online["epoch"].unique()) == [2, 4, 6]
    means = online.groupby("signature")["value"].mean()
    assert runs.set_index("signature")["online_accuracy"].to_dict() == pytest.approx(means.to_dict())
    ends = curves[(curves["metric"] == "test_accuracy") & (curves["epoch"] == 6)].set_index("signature")["value"]
    assert runs.set_index("signature")["test_accuracy"].to_dict() == ends.to_dict()


def test_one_report_is_one_however_many_phases_there_are(condition):
    block = Block(condition=condition, arms=ARMS, seeds=range(2))
    training = BlockTraining(block, report_every=condition.total_epochs)
    assert training.advance().runs is not None
    assert unmeasured(training.runs()).equals(unmeasured(run_block(block)))


def test_each_phase_has_a_data_set_of_its_own_which_all_arms_share():
    draws = [PERMUTED.phase(number).draw("train", seed) for number in range(3) for seed in (0, 1)]
    assert len({x.tobytes() + y.tobytes() for x, y in draws}) == 6
    x, y = DIGITS.draw("train", 0)
    assert all(
        (numpy.sort(x.reshape(len(x), -1)) == numpy.sort(one.reshape(len(x), -1))).all() for one, _ in draws[::2]
    )
    for kept, (one, labels) in (("labels", permuted(DIGITS, phases=2, labels=False).phase(1).draw("train", 0)),):
        assert (labels == y).all(), kept
        assert (one != x).any()
    one, labels = permuted(DIGITS, phases=2, pixels=False).phase(1).draw("train", 0)
    assert (one == x).all()
    assert (labels != y).any()


def test_a_drift_begins_at_the_task_and_goes_on_little_by_little():
    task = drifting(DIGITS, phases=4, share=0.2)
    x = [task.phase(number).draw("train", 0)[0].reshape(120, -1) for number in range(4)]
    assert (x[0] == DIGITS.draw("train", 0)[0].reshape(120, -1)).all()
    moved = [(numpy.ptp(one - x[0], axis=0) > 0).sum() for one in x]
    steps = [(numpy.ptp(one - other, axis=0) > 0).sum() for one, other in zip(x[1:], x[:-1], strict=True)]
    assert moved == sorted(moved)
    assert all(0 < one <= round(0.2 * 64) for one in steps)


def test_split_gives_every_class_once():
    task = split(digits(), classes_per_phase=5)
    seen = [set(task.phase(number).draw("test", 3)[1]) for number in range(2)]
    assert seen[0] | seen[1] == set(range(10))
    assert not seen[0] & seen[1]
    assert {len(task.phase(number).draw("train", seed)[1]) for number in range(2) for seed in range(3)} == {
        task.samples
    }


def test_a_transfer_resets_the_head_and_freezes_the_body():
    task = transfer(DIGITS, noisy_labels(DIGITS, share=0.5), samples=30, freeze=["body"])
    condition = Condition(task=task, network=mlp(width=8), epochs=2, batch_size=16)
    training = BlockTraining(Block(condition=condition, arms=ARMS, seeds=[0]), report_every=1)
    states = []
    for _ in range(4):
        training.advance()
        states.append(copy.deepcopy(training._trainers[0].states()[0]))
    head = [name for name in states[0] if name.startswith("output")] or list(states[0])[-2:]
    for name in states[0]:
        assert torch.equal(states[1][name], states[3][name]) == (name not in head), name
    assert not any(torch.equal(states[0][name], states[1][name]) for name in states[0])
    kept = replace(condition, task=transfer(DIGITS, DIGITS, samples=30, reset="nothing"))
    reset = replace(condition, task=transfer(DIGITS, DIGITS, samples=30))
    kept, reset = (
        run_block(Block(condition=one, arms={"none": ARMS["none"]}, seeds=[0])).iloc[0] for one in (kept, reset)
    )
    assert kept["online_accuracy_last"] > reset["online_accuracy_last"]


def test_a_run_that_fails_counts_as_the_constant_of_its_phases():
    condition = Condition(task=PERMUTED, network=mlp(width=8), epochs=1, batch_size=32)
    block = Block(condition=condition, arms={"none": ARMS["none"]}, seeds=[0])
    failed, ended = failed_runs(block), run_block(block)
    y = [PERMUTED.phase(number).draw("train", 0)[1] for number in range(3)]
    shares = [numpy.bincount(one).max() / len(one) for one in y]
    assert scored(failed, "online_accuracy").iloc[0] == pytest.approx(numpy.mean(shares))
    assert scored(failed, "forgetting").iloc[0] == 0
    constants = [name for name in ended if name.endswith("_of_constant")]
    assert failed[constants].equals(ended[constants])
    assert failed[MEASURED].isna().all(axis=None)


def test_search_runs_see_no_test_data_of_any_phase():
    condition = Condition(task=PERMUTED, network=mlp(width=8), epochs=1, batch_size=32)
    block = Block(condition=condition, arms={"none": ARMS["none"]}, seeds=[0], stage="search")
    training = finished(BlockTraining(block))
    row = training.runs().iloc[0]
    assert row[["test_accuracy", "test_accuracy_mean", "forgetting"]].isna().all()
    assert row["online_accuracy"] > 0
    assert "test_accuracy" not in set(training.curves()["metric"])


def test_any_metric_of_a_curriculum_may_be_an_outcome_where_there_is_one():
    condition = Condition(task=PERMUTED, network=mlp(width=8), epochs=1, batch_size=32)
    given = {
        "question": "Does it last?",
        "arms": ARMS,
        "contrasts": [("static", "none")],
        "seeds": Seeds(confirm=range(4)),
    }
    for metric in ("online_accuracy", "online_accuracy_last", "test_accuracy_mean", "forgetting"):
        study = Study(conditions=[condition], outcome=Outcome(metric=metric), **given)
        assert study.smoke().conditions[0].task.phases == 3
        with pytest.raises(InvalidStudy, match=f"no metric {metric!r}"):
            Study(conditions=[replace(condition, task=DIGITS)], outcome=Outcome(metric=metric), **given)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: permuted(DIGITS, phases=1), "phases"),
        (lambda: permuted(DIGITS, phases=3, pixels=False, labels=False), "changes nothing"),
        (lambda: permuted(surface(), phases=3), "needs classes"),
        (lambda: permuted(PERMUTED, phases=3), "one phase"),
        (lambda: split(DIGITS, classes_per_phase=3), "divide"),
        (lambda: split(DIGITS, classes_per_phase=1), "two classes"),
        (lambda: drifting(DIGITS, phases=3, share=0), "share"),
        (lambda: transfer(DIGITS, moons(), samples=5), "one shape"),
        (lambda: transfer(DIGITS, DIGITS, reset="all"), "reset"),
        (lambda: transfer(DIGITS, DIGITS, freeze=[]), "freeze"),
    ],
)
def test_what_is_no_curriculum_is_refused_in_a_line(make, match):
    with pytest.raises(InvalidStudy, match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_names_that_freeze_nothing_are_refused():
    task = transfer(DIGITS, DIGITS, freeze=["nowhere"])
    condition = Condition(task=task, network=mlp(width=8), epochs=1)
    with pytest.raises(InvalidStudy, match="no parameter 'nowhere'"):
        run_block(Block(condition=condition, arms={"none": ARMS["none"]}, seeds=[0]))
