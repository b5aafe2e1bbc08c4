"""A study is refused when it could not carry its claim, and identified by what determines it."""

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from spectra_tune.design import (
    Arm,
    Block,
    Condition,
    Contrast,
    InvalidStudy,
    NotComparable,
    Outcome,
    Seeds,
    Study,
    Treatment,
    condition_signature,
    differing_fields,
    grid,
    members,
)
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, checkerboard, moons, surface

STATIC = Treatment(strength=0.1, sigma_end=1.0)


def study(**given) -> Study:
    parts = {
        "question": "Does it help?",
        "conditions": grid(task=[moons()], network=[mlp(width=8), mlp(width=16)], epochs=[50]),
        "arms": {"none": Treatment.none(), "static": STATIC},
        "contrasts": [("static", "none")],
        "seeds": Seeds(confirm=range(100, 120)),
    }
    return Study(**(parts | given))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"strength": -0.1}, "strength must be a finite number >= 0, got -0.1"),
        ({"strength": float("nan"), "sigma_end": 1.0}, "strength"),
        ({"strength": True, "sigma_end": 1.0}, "strength"),
        ({"strength": 0.1, "sigma_end": 0.0}, "sigma_end must be a finite number > 0, got 0.0"),
        ({"strength": 0.1, "schedule": "linear", "sigma_end": 1.0, "sigma_start": -2}, "sigma_start"),
        ({"strength": 0.1}, "sigma_end must be given"),
        ({"strength": 0.1, "schedule": "linear", "sigma_end": 1.0}, "sigma_start must be given"),
        ({"strength": 0.1, "schedule": "liner", "sigma_end": 1.0}, "did you mean 'linear'"),
        ({"strength": 0.0, "schedule": "liner"}, "did you mean 'linear'"),
        ({"strength": 0.1, "sigma_end": 1.0, "sigma_start": 2.5}, "has no start"),
        ({"strength": 0.1, "sigma_end": 1.0, "beta": -0.2}, "beta must be 0"),
    ],
)
def test_an_impossible_treatment_is_refused_in_one_line(fields, says):
    with pytest.raises(InvalidStudy) as refused:
        Treatment(**fields)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_strength_zero_has_one_canonical_form():
    dropped = Treatment(strength=0, schedule="linear", sigma_start=2.5, sigma_end=1.0)
    assert dropped == Treatment.none()
    assert hash(dropped) == hash(Treatment.none())


def test_declarations_are_frozen_and_travel():
    one = study()
    with pytest.raises(FrozenInstanceError):
        one.question = "another"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(one)) == one
    assert hash(one) == hash(study())


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"task": "moons"}, "task must have draw"),
        ({"network": "mlp"}, "network must have build and regularized"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"learning_rate_schedule": "cosin"}, "did you mean 'cosine'"),
        ({"learning_rate": 0}, "learning_rate must be a finite number > 0, got 0"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"epochs": 0}, "epochs must be a whole number >= 1, got 0"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"batch_size": 1001}, "a batch cannot be larger than the data: batch_size 1001, samples 1000"),
    ],
)
def test_an_impossible_condition_is_refused(fields, says):
    with pytest.raises(InvalidStudy, match=says):
        Condition(**({"task": moons(), "network": mlp(width=8)} | fields))


def test_a_grid_is_every_combination_and_refuses_unknown_fields():
    conditions = grid(task=[moons()], network=[mlp(width=8), mlp(width=16)], epochs=[50, 100])
    assert [(one.network.width, one.epochs) for one in conditions] == [(8, 50), (8, 100), (16, 50), (16, 100)]
    with pytest.raises(InvalidStudy, match="did you mean 'epochs'"):
        grid(task=[moons()], network=[mlp(width=8)], epoch=[50])
    with pytest.raises(InvalidStudy, match="at least one value of epochs"):
        grid(task=[moons()], network=[mlp(width=8)], epochs=[])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"arms": {"static": STATIC}}, "every study has the arm 'none'"),
        ({"arms": {"none": STATIC}}, "every study has the arm 'none'"),
        ({"arms": {"none": Treatment.none(), "static": STATIC, "again": STATIC}}, "'static' and 'again' are the same"),
        ({"contrasts": [("statik", "none")]}, "'statik', which is absent; did you mean 'static'"),
        ({"contrasts": []}, "distinct contrasts"),
        ({"contrasts": [("static", "none"), ("static", "none")]}, "distinct contrasts"),
        ({"contrasts": ["static"]}, "a contrast is a Contrast or a pair"),
        ({"conditions": []}, "distinct conditions"),
        ({"question": " "}, "a study needs a question"),
        ({"arms": {"none": Treatment.none(), "static": 0.1}}, "must be a Treatment or an Arm, got 0.1"),
    ],
)
def test_a_study_that_cannot_carry_its_claim_is_refused(given, says):
    with pytest.raises(InvalidStudy, match=says):
        study(**given)


@pytest.mark.parametrize(
    ("seeds", "says"),
    [
        ({"confirm": [1, 2, 2]}, "distinct"),
        ({"confirm": [1, 2], "search": [2, 3]}, r"disjoint, both have \[2\]"),
        ({"confirm": []}, "needs confirmation seeds"),
        ({"confirm": [1.5]}, "each of the confirmation seeds must be a whole number >= 0, got 1.5"),
        ({"confirm": 5}, "list or range"),
    ],
)
def test_overlapping_or_repeated_seeds_are_refused(seeds, says):
    with pytest.raises(InvalidStudy, match=says):
        Seeds(**seeds)


@pytest.mark.parametrize("metric", ["train_accuracy", "validation_accuracy", "train_mse", "accuracy"])
def test_a_verdict_is_about_test_data_only(metric):
    with pytest.raises(InvalidStudy, match="a verdict is about test data"):
        Outcome(metric=metric)


def test_a_change_must_be_declared_by_the_contrast_and_only_a_change():
    long = Arm(treatment=STATIC, changes={"epochs": 100})
    arms = {"none": Treatment.none(), "static, long": long}
    with pytest.raises(NotComparable, match="epochs: 100 and 50"):
        study(arms=arms, contrasts=[("static, long", "none")])
    spanning = Contrast(treatment="static, long", baseline="none", differs={"epochs"})
    assert study(arms=arms, contrasts=[spanning]).contrasts == (spanning,)
    with pytest.raises(NotComparable, match="agree there"):
        study(contrasts=[Contrast(treatment="static", baseline="none", differs={"epochs"})])


def test_a_stream_must_be_declared_like_a_change():
    arms = {"none": Treatment.none(), "again": Arm(treatment=Treatment.none(), stream=1)}
    with pytest.raises(NotComparable, match="stream: 1 and 0"):
        study(arms=arms, contrasts=[("again", "none")])
    study(arms=arms, contrasts=[Contrast(treatment="again", baseline="none", differs={"stream"})])


@pytest.mark.parametrize("forbidden", ["task", "network", "width", "depth"])
def test_no_arm_changes_data_or_shapes(condition, forbidden):
    with pytest.raises(InvalidStudy, match=f"no arm may change {forbidden}"):
        Block(condition=condition, arms={"a": Arm(treatment=STATIC, changes={forbidden: 3})}, seeds=[1])


def test_an_unknown_change_names_the_nearest_field(condition):
    with pytest.raises(InvalidStudy, match="did you mean 'init_gain'"):
        Block(condition=condition, arms={"a": Arm(treatment=STATIC, changes={"init_gian": 2.0})}, seeds=[1])


def test_beta_needs_a_reference_width():
    capacity = Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1, beta=-0.2)
    with pytest.raises(InvalidStudy, match="reference width"):
        Block(condition=Condition(task=checkerboard(), network=mlp(width=8)), arms={"c": capacity}, seeds=[1])


def test_a_signature_says_all_that_determines_a_run_and_nothing_else(condition, arms):
    first = {member.signature for member in members(Block(condition=condition, arms=arms, seeds=range(4)))}
    renamed = {f"my {name}": arm for name, arm in reversed(arms.items())}
    assert {member.signature for member in members(Block(condition=condition, arms=renamed, seeds=range(4)))} == first
    assert len(first) == 12
    variants = [
        replace(condition, epochs=7),
        replace(condition, learning_rate=0.02),
        replace(condition, task=moons(samples=100, noise_std=0.2)),
        replace(condition, network=mlp(width=8, init="he")),
    ]
    for variant in variants:
        signatures = {member.signature for member in members(Block(condition=variant, arms=arms, seeds=range(4)))}
        assert not signatures & first


def test_an_arms_change_enters_its_signature_but_not_the_match_key(condition):
    long = Arm(treatment=Treatment.none(), changes={"epochs": 12})
    short, longer = members(Block(condition=condition, arms={"none": Treatment.none(), "long": long}, seeds=[5]))
    (alone,) = members(Block(condition=replace(condition, epochs=12), arms={"none": Treatment.none()}, seeds=[5]))
    assert short.condition_signature == longer.condition_signature == condition_signature(condition)
    assert longer.signature == alone.signature != short.signature


def test_whole_and_floating_numbers_are_one_value(condition):
    assert condition_signature(replace(condition, learning_rate=1)) == condition_signature(
        replace(condition, learning_rate=1.0)
    )


def test_the_family_counts_every_contrast_in_every_condition():
    assert study().tests == 2
    assert len(study().blocks()) == 2


def test_a_smoke_study_is_another_study():
    small = study().smoke()
    assert small.signature() != study().signature()
    assert len(small.seeds.confirm) == 4
    assert max(condition.epochs for condition in small.conditions) <= 10


def test_a_smoke_study_of_minibatches_has_two_epochs_and_longer_and_shorter_arms_stay_so():
    few = [Condition(task=moons(), network=mlp(width=8), epochs=50, batch_size=100)]
    other = {name: Arm(treatment=Treatment.none(), changes={"epochs": n}) for name, n in (("more", 60), ("less", 40))}
    arms = {"none": Treatment.none(), "static": STATIC, **other}
    small = study(conditions=few, arms=arms, contrasts=[("static", "none")]).smoke()
    assert [condition.epochs for condition in small.conditions] == [2]
    assert [dict(arm.changes) for _, arm in small.arms] == [{}, {}, {"epochs": 4}, {"epochs": 1}]


def test_labels_show_what_differs_among_networks_and_the_fewest_other_fields_that_tell_conditions_apart():
    assert list(study().labels().values()) == ["moons, width 8", "moons, width 16"]
    two = [*grid(task=[moons()], network=[mlp(width=8)], epochs=[50]), *grid(task=[border()], network=[mlp(width=8)])]
    assert list(study(conditions=two).labels().values()) == ["moons", "border"]
    wider = [two[0], replace(two[1], network=mlp(width=16))]
    assert list(study(conditions=wider).labels().values()) == ["moons, width 8", "border, width 16"]


def test_an_outcome_must_be_a_metric_of_every_task():
    given = {
        "question": "?",
        "arms": {"none": Treatment.none(), "static": STATIC},
        "contrasts": [("static", "none")],
        "seeds": Seeds(confirm=range(5)),
    }
    smooth = grid(task=[surface()], network=[mlp(width=8)])
    assert Study(conditions=smooth, outcome=Outcome(metric="test_mse"), **given).outcome.margin_in_unit == 0.01
    with pytest.raises(InvalidStudy, match="surface is regression, which has no metric 'test_accuracy'"):
        Study(conditions=smooth, **given)
    with pytest.raises(InvalidStudy, match="moons is classification, which has no metric 'test_mse'"):
        Study(conditions=grid(task=[moons()], network=[mlp(width=8)]), outcome=Outcome(metric="test_mse"), **given)
    described = Outcome(descriptive=("test_r2",))
    with pytest.raises(InvalidStudy, match="has no metric 'test_r2'"):
        Study(conditions=grid(task=[moons()], network=[mlp(width=8)]), outcome=described, **given)


def test_a_margin_is_given_in_the_metrics_unit():
    assert Outcome(metric="test_mse", margin=0.02).margin_in_unit == 0.02
    assert Outcome(margin_pp=2).margin_in_unit == 2
    with pytest.raises(InvalidStudy, match="the margin of test_mse is in its own unit: give margin, got margin_pp 1"):
        Outcome(metric="test_mse", margin_pp=1)
    with pytest.raises(InvalidStudy, match="the margin of test_accuracy is in percentage points: give margin_pp"):
        Outcome(margin=0.01)
    with pytest.raises(InvalidStudy, match="margin must be a finite number > 0"):
        Outcome(metric="test_mse", margin=0)


def test_a_device_and_a_precision_are_in_a_signature_where_they_are_named():
    condition = Condition(task=moons(), network=mlp(width=8))
    others = [replace(condition, **one) for one in ({"device": "cpu"}, {"device": "cuda"}, {"precision": "bfloat16"})]
    assert len({condition_signature(one) for one in (condition, *others)}) == 4
    assert condition_signature(replace(condition, device=None, precision="float32")) == condition_signature(condition)
    assert condition_signature(condition) == "47326eceaadb1c77381e0b7fdbc73333a197c91344a3ef55fb368b372a21865a"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"device": "gpu"}, "no device is called 'gpu'"),
        ({"precision": "float16"}, "bfloat16"),
        ({"precision": None}, "precision"),
    ],
)
def test_another_device_or_precision_is_refused(given, says):
    with pytest.raises(InvalidStudy, match=says):
        Condition(task=moons(), network=mlp(width=8), **given)


def test_an_arm_may_change_the_precision_and_a_contrast_says_so_and_never_the_device():
    condition = Condition(task=moons(), network=mlp(width=8))
    none, mixed = Arm(treatment=Treatment.none()), Arm(treatment=Treatment.none(), changes={"precision": "bfloat16"})
    assert differing_fields(condition, mixed, none) == {"precision": ("bfloat16", "float32")}
    with pytest.raises(InvalidStudy, match="no arm may change device"):
        Block(condition=condition, arms={"none": Arm(treatment=Treatment.none(), changes={"device": "cpu"})}, seeds=[0])
