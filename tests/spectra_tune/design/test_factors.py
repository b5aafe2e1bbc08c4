from dataclasses import replace

import pytest

from spectra_tune.design import InvalidStudy, Outcome, Seeds, Study, Treatment, grid, levels
from spectra_tune.networks import mlp, rnn
from spectra_tune.tasks import as_sequence, checkerboard, digits, moons, noisy_labels, permuted

STUDY = Study(
    question="By what?",
    conditions=grid(
        task=[moons(samples=60), checkerboard(samples=60)],
        network=[mlp(width=4), mlp(width=6)],
        learning_rate=[0.01, 0.03],
        epochs=[2],
    ),
    arms={"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.1)},
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(2)),
    outcome=Outcome(metric="test_accuracy"),
    factors=["task", "width", "learning_rate"],
)


def test_a_task_is_told_apart_from_what_was_made_of_it():
    made = permuted(noisy_labels(as_sequence(digits(samples=300), step=8), share=0.2), phases=3)
    (found,) = levels(grid(task=[made], network=[rnn(width=4)], epochs=[1], batch_size=[10]))
    wanted = {"task": "digits", "samples": 300, "share": 0.2, "phases": 3, "inputs": 64, "classes": 10, "width": 4}
    assert found.items() >= wanted.items()
    (plain,) = levels(grid(task=[checkerboard(cells=2, samples=50)], network=[mlp(width=4)], epochs=[1]))
    assert plain.items() >= {"task": "checkerboard(cells=2)", "samples": 50, "share": 0.0, "phases": 1}.items()


def test_networks_of_a_kind_are_called_by_what_they_differ_in():
    networks = [mlp(width=4, depth=2), mlp(width=8, depth=3), rnn(width=4)]
    task = as_sequence(digits(), step=8)
    found = levels([*grid(task=[digits()], network=networks[:2]), *grid(task=[task], network=networks[2:])])
    assert [one["network"] for one in found] == ["mlp, depth 2", "mlp, depth 3", "rnn"]


@pytest.mark.parametrize(
    "given, said",
    [
        (["width", "width"], "factors must differ, got width, width"),
        (["widht"], "not every Condition has the factor 'widht'; did you mean 'width'"),
        (["depth"], "a factor has two levels at least, all Conditions have depth 2"),
        (["width", "network"], "all Conditions have network mlp"),
    ],
)
def test_factors_that_say_nothing_are_refused(given, said):
    with pytest.raises(InvalidStudy, match=said):
        replace(STUDY, factors=given)


def test_a_factor_that_follows_from_another_is_refused():
    conditions = [replace(one, weight_decay=one.learning_rate) for one in STUDY.conditions]
    with pytest.raises(InvalidStudy, match="follows from"):
        replace(STUDY, conditions=conditions, factors=["learning_rate", "weight_decay"])


def test_too_few_conditions_for_the_levels_are_refused():
    with pytest.raises(InvalidStudy, match="need 8 Conditions or more, got 6"):
        replace(STUDY, conditions=STUDY.conditions[:6])


def test_factors_are_part_of_what_a_study_fixes_and_a_study_without_is_as_it_was():
    assert STUDY.signature() != replace(STUDY, factors=[]).signature()
    assert STUDY.smoke().factors == ()
