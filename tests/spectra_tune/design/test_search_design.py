"""A search is refused unless both sides get the same and nothing but validation data on fresh seeds selects."""

from dataclasses import replace

import pytest
from ray import tune

import search_spaces
from search_spaces import BETA, DEPTH, KNOTS, OPTIMIZER, SIGMA, STRENGTH, WIDTH
from spectra_tune.design import (
    SAME_CONFIGURATION,
    Arm,
    Contrast,
    InvalidStudy,
    NotComparable,
    Outcome,
    Search,
    Seeds,
    Study,
    Treatment,
    differing_fields,
    flat,
    grid,
)
from spectra_tune.design.search import TREATMENT_FIELDS
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons, spirals

LINEAR = Treatment(schedule="linear", sigma_start=2.0, sigma_end=1.0, strength=0.1)
SPACES = {name: getattr(search_spaces, name) for name in search_spaces.__all__}


def search(**given):
    return Search(
        **{"treatment_space": {**SIGMA, **STRENGTH}, "nuisance_space": OPTIMIZER, "configurations": 6} | given
    )


def study(**given):
    return Study(
        **{
            "question": "Which?",
            "conditions": grid(task=[moons(samples=60)], network=[mlp(width=4)], epochs=[6]),
            "arms": {"none": Treatment.none(), "penalty": LINEAR},
            "contrasts": [("penalty", "none")],
            "seeds": Seeds(search=range(3), confirm=range(100, 120)),
            "search": search(),
        }
        | given
    )


@pytest.mark.parametrize("name", SPACES)
def test_every_key_of_a_space_is_a_field_of_a_treatment_a_condition_or_its_network(name):
    (condition,) = grid(task=[moons()], network=[mlp(width=4)], epochs=[6])
    fields = {*flat(condition), *TREATMENT_FIELDS}
    assert set(SPACES[name]) <= fields


@pytest.mark.parametrize("name", sorted(set(SPACES) - {"WIDTH", "DEPTH"}))
def test_every_space_can_be_searched_and_every_point_drawn_is_in_it(name):
    space = SPACES[name]
    of_treatment = set(space) <= set(TREATMENT_FIELDS)
    where = "treatment_space" if of_treatment else "nuisance_space"
    made = Search(**{"treatment_space": {}, where: space, "configurations": 1})
    dimensions = dict(made.treatment_space) | dict(made.nuisance_space)
    for factor, domain in space.items():
        assert all(domain.sample() in dimensions[factor] for _ in range(50))
        dimension = dimensions[factor]
        assert ("another" if dimension.high is None else dimension.high * 2) not in dimension


def test_the_neutral_point_is_in_every_space():
    beta, strength = dict(search(treatment_space={**BETA, **STRENGTH}).treatment_space).values()
    assert 0 in beta
    assert strength.low <= 1e-4


def test_widths_and_depths_are_strata():
    made = study(search=search(treatment_space={**SIGMA, **WIDTH, **DEPTH}))
    sizes = {(condition.network.width, condition.network.depth) for condition in made.conditions}
    assert sizes == {(width, depth) for width in (8, 16, 32, 64, 128) for depth in (2, 4, 6, 8, 12)}
    assert made.tests == 2 * 25
    assert replace(made, question="Again?").conditions == made.conditions
    assert len(made.smoke().conditions) == 2


def test_both_sides_get_the_same_nuisance_space_and_roles_are_typed():
    made = study()
    assert made.sides() == {"penalty": "treatment", "none": "baseline"}
    assert dict(made.search.space("baseline")) == dict(made.search.nuisance_space)
    assert set(dict(made.search.space("treatment"))) == {*SIGMA, *STRENGTH, *OPTIMIZER}
    tuned = made.configured("penalty", {"sigma_end": 3.0, "learning_rate": 0.05})
    assert tuned.treatment == replace(LINEAR, sigma_end=3.0)
    assert tuned.changes == (("learning_rate", 0.05),)


def test_equal_searches_are_equal_and_every_field_counts():
    assert study().signature() == study().signature()
    for given in (
        {"configurations": 7},
        {"seed": 1},
        {"sampler": "random"},
        {"objective": "lower_bound"},
        {"batch": 3},
    ):
        assert study(search=search(**given)).signature() != study().signature()
    wider = search(treatment_space={"sigma_end": tune.uniform(0.5, 4.5)})
    narrower = search(treatment_space={"sigma_end": tune.uniform(0.5, 4.0)})
    assert study(search=wider).signature() != study(search=narrower).signature()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"treatment_space": {"sigma_ends": tune.uniform(1, 2)}}, "no field 'sigma_ends'; did you mean 'sigma_end'"),
        ({"treatment_space": {"learning_rate": tune.uniform(1, 2)}}, "a Treatment has no field 'learning_rate'"),
        ({"nuisance_space": {"strength": tune.uniform(1, 2)}}, "move it to treatment_space"),
        ({"nuisance_space": {"epochs": tune.randint(1, 20)}}, "both sides get the same epochs"),
        ({"treatment_space": {"task": tune.choice([1, 2])}}, "tasks are strata"),
        ({"treatment_space": {"sigma_end": tune.uniform(2, 1)}}, "low end below its high end, got 2 … 1"),
        ({"treatment_space": {"sigma_end": tune.uniform(1, 1)}}, "low end below its high end"),
        ({"treatment_space": {"schedule": tune.choice([])}}, "distinct and at least one"),
        ({"treatment_space": {"sigma_end": tune.choice([1, 1])}}, "distinct and at least one"),
        ({"treatment_space": {"sigma_end": tune.randn(1, 1)}}, "must be one of Ray Tune's.* a Float drawn by Normal$"),
        ({"treatment_space": {"sigma_end": tune.sample_from(lambda _: 1)}}, "that a function draws .sample_from.$"),
        ({"treatment_space": {"sigma_end": lambda: 1}}, "got the function <lambda>$"),
        ({"treatment_space": {"sigma_end": object()}}, "got an object of the class object$"),
        ({"treatment_space": {"one_sided": tune.choice([True, object()])}}, "each choice of one_sided must be a value"),
        ({"treatment_space": {"sigma_end": tune.grid_search([1, 2])}}, "must be one of Ray Tune's"),
        ({"treatment_space": {"sigma_end": 2.0}}, "must be one of Ray Tune's"),
        ({"treatment_space": ["sigma_end"]}, "must map field names"),
        ({"treatment_space": {"width": tune.uniform(1, 2)}}, "each width is a stratum"),
        ({"treatment_space": {}, "nuisance_space": {}}, "a search needs a space"),
        ({"configurations": 0}, "configurations must be a whole number >= 1"),
        ({"sampler": "cmaes"}, "no sampler is called 'cmaes'"),
        ({"scheduler": "hyperband"}, "no scheduler is called 'hyperband'"),
        ({"scheduler": "racing"}, "goes with the samplers random, grid, got 'tpe'"),
        ({"scheduler": "asha", "sampler": "nsga2"}, "goes with the samplers tpe, random, grid, got 'nsga2'"),
        ({"scheduler": "asha", "sampler": "gp"}, "goes with the samplers tpe, random, grid, got 'gp'"),
        ({"sampler": "grid"}, "needs finitely many values"),
        ({"objective": "test_accuracy"}, "training and test data select nothing"),
        ({"objective": "train_accuracy"}, "training and test data select nothing"),
        ({"objective": "gain"}, "largest where the baseline is crippled"),
        ({"seed": -1}, "a search's seed"),
    ],
)
def test_a_search_that_cannot_be_is_refused_in_one_line(given, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        search(**given)
    assert "\n" not in str(refused.value)


def test_a_grid_takes_every_point():
    space = {"sigma_end": tune.choice([1.0, 2.0]), "strength": tune.quniform(0.1, 0.3, 0.1)}
    given = {"treatment_space": space, "nuisance_space": {}, "sampler": "grid"}
    assert search(**given, configurations=6).configurations == 6
    with pytest.raises(InvalidStudy, match="configurations must be 6, got 5"):
        search(**given, configurations=5)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"seeds": Seeds(confirm=range(9))}, "needs search seeds"),
        ({"search": None}, "search seeds need a search"),
        ({"contrasts": [Contrast(treatment="penalty", baseline="none", differs={"epochs"})]}, "leave differs away"),
        ({"contrasts": [("penalty", "none"), ("none", "penalty")]}, "one treatment side"),
        (
            {"arms": {"none": Treatment.none(), "penalty": LINEAR, "more": Treatment(strength=1, sigma_end=1)}},
            "more are not",
        ),
        (
            {"arms": {"none": Treatment.none(), "penalty": Arm(treatment=LINEAR, changes={"init": "he"})}},
            "differs in init: 'he' and 'linear'",
        ),
        (
            {"search": search(scheduler="asha", treatment_space=STRENGTH)},
            "has not reached its sigma: use racing",
        ),
        (
            {"search": search(scheduler="asha", treatment_space={**BETA, **STRENGTH})},
            "beta cannot be tuned with scheduler 'asha': .* use 'racing' .* take beta out of the space",
        ),
        (
            {
                "search": search(treatment_space=BETA),
                "conditions": grid(task=[spirals()], network=[mlp(width=4)], epochs=[6]),
            },
            "the space of 'penalty' has the point beta -0.5, .* reference width",
        ),
        (
            {"search": search(treatment_space={"schedule": tune.choice(["static", "linear"])})},
            "has the point schedule static",
        ),
        (
            {"search": search(treatment_space={"schedule": tune.choice(["linear", "cosinus", "cosine"])})},
            "has the point schedule cosinus, .* but no schedule is called 'cosinus'",
        ),
    ],
)
def test_a_study_whose_search_cannot_be_fair_is_refused_in_one_line(given, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        study(**given)
    assert "\n" not in str(refused.value)


def test_shared_seeds_are_refused():
    with pytest.raises(InvalidStudy, match="disjoint"):
        Seeds(search=range(5), confirm=range(4, 20))


def test_undeclared_differences_are_not_comparable():
    with pytest.raises(NotComparable):
        study(arms={"none": Treatment.none(), "penalty": Arm(treatment=LINEAR, changes={"activation": "tanh"})})


def test_a_search_registers_its_candidate_against_the_same_configuration_without_its_penalty():
    made = study()
    assert [str(contrast) for contrast in made.contrasts] == ["penalty − none", f"penalty − {SAME_CONFIGURATION}"]
    assert made.tests == 2
    assert [str(contrast) for contrast in made.tuned_contrasts] == ["penalty − none"]
    assert SAME_CONFIGURATION not in made.sides()
    arms = made.confirmed(
        {
            "penalty": {"sigma_end": 3.0, "strength": 0.2, "learning_rate": 0.05, "weight_decay": 1e-4},
            "none": {"learning_rate": 0.02, "weight_decay": 1e-5},
        }
    )
    (condition,) = made.conditions
    assert arms[SAME_CONFIGURATION].treatment == Treatment.none()
    assert differing_fields(condition, arms["penalty"], arms[SAME_CONFIGURATION]) == {}
    assert set(differing_fields(condition, arms["penalty"], arms["none"])) == {"learning_rate", "weight_decay"}


def test_a_study_that_is_made_of_another_registers_that_contrast_once():
    again = replace(study(), question="Again?")
    assert (again.arms, again.contrasts) == (study().arms, study().contrasts)
    assert len(study().smoke().contrasts) == 2
    untuned = replace(study(), search=search(nuisance_space={}))
    assert [str(contrast) for contrast in untuned.contrasts] == ["penalty − none"]
    assert replace(untuned, search=search()).signature() == study().signature()


def test_the_contrast_over_none_is_that_one_where_nothing_but_the_treatment_is_tuned():
    made = study(search=search(nuisance_space={}))
    assert made.tests == 1
    assert SAME_CONFIGURATION not in dict(made.arms)


def test_the_name_of_that_arm_is_taken():
    arms = {"none": Treatment.none(), "penalty": LINEAR, SAME_CONFIGURATION: Treatment(strength=1, sigma_end=1)}
    with pytest.raises(InvalidStudy, match="call yours otherwise"):
        study(arms=arms)


def test_a_static_baseline_is_tuned_too():
    static = Treatment(strength=0.1, sigma_end=1.0)
    made = study(
        arms={"none": Treatment.none(), "static": static, "penalty": LINEAR},
        contrasts=[("penalty", "none"), ("penalty", "static")],
        outcome=Outcome(metric="test_accuracy"),
    )
    assert made.sides() == {"penalty": "treatment", "none": "baseline", "static": "baseline"}


SHRUNK = Treatment(penalty="frobenius", strength=0.01)
RIVALS = {
    "arms": {"none": Treatment.none(), "shrunk": SHRUNK, "penalty": LINEAR},
    "contrasts": [("penalty", "none"), ("penalty", "shrunk")],
}


def test_a_baseline_with_a_treatment_of_its_own_tunes_that_too():
    one = study(search=search(competitor_space=STRENGTH), **RIVALS)
    names = {arm: {name for name, _ in one.space(arm)} for arm in (*one.sides(), SAME_CONFIGURATION)}
    assert names["penalty"] == {*SIGMA, *STRENGTH, *OPTIMIZER}
    assert names["shrunk"] == {*STRENGTH, *OPTIMIZER}
    assert names["none"] == names[SAME_CONFIGURATION] == {*OPTIMIZER}
    assert one.configured("shrunk", {"strength": 0.3}).treatment == replace(SHRUNK, strength=0.3)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"search": search(competitor_space=STRENGTH)}, "competitor_space is of baselines that have a Treatment"),
        ({"search": search(competitor_space=SIGMA), **RIVALS}, "the space of 'shrunk' has the point"),
    ],
)
def test_a_space_of_competitors_that_suits_none_is_refused(given, match):
    with pytest.raises(InvalidStudy, match=match) as caught:
        study(**given)
    assert "\n" not in str(caught.value)


def test_a_space_of_competitors_names_fields_of_a_treatment():
    with pytest.raises(InvalidStudy, match="a Treatment has no field 'learning_rate'"):
        search(competitor_space={"learning_rate": OPTIMIZER["learning_rate"]})


KNOTTED = Treatment(schedule="knots", knots=(1.0, 1.0, 2.0, 1.0, 0.5), strength=0.1)


def test_tuned_knots_take_their_places_in_a_schedule():
    tuned = study(arms={"none": Treatment.none(), "penalty": KNOTTED}, search=search(treatment_space=KNOTS))
    arm = tuned.configured("penalty", {"knot_2": 3.0, "knot_5": 0.7, "learning_rate": 0.02})
    assert arm.treatment == replace(KNOTTED, knots=(1.0, 3.0, 2.0, 1.0, 0.7))
    assert dict(arm.changes) == {"learning_rate": 0.02}
    every = dict.fromkeys(KNOTS, 1.5)
    assert tuned.configured("penalty", every).treatment.knots == (1.5,) * 5


@pytest.mark.parametrize(
    ("arm", "given", "says"),
    [
        (LINEAR, {}, "knot_1 is a knot of an arm's own schedule, which has none: give the arm schedule='knots'"),
        (replace(KNOTTED, knots=(1.0,) * 4), {}, "knot_5 is a knot of .* which has 4"),
        (KNOTTED, {"scheduler": "asha"}, "knot_1.* cannot be tuned with scheduler 'asha'"),
        (KNOTTED, {"treatment_space": {"knots": KNOTS["knot_1"]}}, "no field 'knots'; did you mean 'knot_"),
        (KNOTTED, {"nuisance_space": KNOTS}, "move it to treatment_space"),
    ],
)
def test_knots_that_no_arm_has_are_refused_in_one_line(arm, given, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        study(arms={"none": Treatment.none(), "penalty": arm}, search=search(**{"treatment_space": KNOTS} | given))
    assert "\n" not in str(refused.value)


def test_an_arm_of_knots_is_not_stopped_on_its_way():
    with pytest.raises(InvalidStudy, match=r"use racing, or static schedules \(moving: penalty\)"):
        study(
            arms={"none": Treatment.none(), "penalty": KNOTTED},
            search=search(scheduler="asha", treatment_space=STRENGTH),
        )
