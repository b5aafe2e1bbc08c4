"""Probes within a block: taken at the end and at declared epochs, and without a trace in the training."""

import pytest

from spectra_tune.design import Arm, Block, Condition, InvalidStudy, Outcome, Seeds, Study, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.networks import mlp
from spectra_tune.probes import PROBES
from spectra_tune.results import PROBE_REASONS, probe_columns, protocol_columns, unmeasured
from spectra_tune.tasks import moons

CONDITION = Condition(task=moons(samples=96), network=mlp(width=8), epochs=20)
ARMS = {"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.1)}


def block(**given):
    return Block(**{"condition": CONDITION, "arms": ARMS, "seeds": (0, 1)} | given)


def test_probes_leave_no_trace_in_the_training():
    plain = run_block(block())
    probed = run_block(block(probes=PROBES, probed_at=(0, 3, 11)))
    measured = [*probe_columns(probed), PROBE_REASONS]
    assert len(measured) > 20
    assert unmeasured(probed.drop(columns=measured)).equals(unmeasured(plain))
    assert not set(measured) & set(protocol_columns(probed))


def test_a_probe_agrees_with_what_the_engine_measures():
    runs = run_block(block(probes=["singular_values"]))
    for layer in (1, 2):
        assert runs[f"probe_spectral_norm_{layer}"].to_numpy() == pytest.approx(runs[f"sigma_{layer}"].to_numpy(), 1e-5)


def test_probes_are_taken_at_the_declared_epochs():
    training = BlockTraining(block(probes=["distance_from_init"], probed_at=(0, 3, 11)))
    while not training.finished:
        training.advance()
    curves = training.curves()
    found = curves[curves["metric"] == "probe_distance_from_init"]
    assert sorted(found["epoch"].unique()) == [0, 3, 11]
    assert (found[found["epoch"] == 0]["value"] == 0).all()
    assert (found[found["epoch"] == 11]["value"] > 0).all()


def test_a_member_is_probed_alike_in_any_company():
    together = run_block(block(probes=["sensitivity", "boundary"], seeds=range(3)))
    alone = run_block(block(probes=["sensitivity", "boundary"], seeds=(2,), arms={"static": ARMS["static"]}))
    its_own = together[(together["arm"] == "static") & (together["seed"] == 2)].reset_index(drop=True)
    assert alone[probe_columns(alone)].equals(its_own[probe_columns(alone)])


def test_a_diverged_run_has_reasons_and_no_numbers():
    arms = ARMS | {"diverges": Arm(treatment=Treatment.none(), changes={"learning_rate": 1e38})}
    runs = run_block(block(arms=arms, probes=["singular_values"])).set_index("arm")
    assert runs.loc["diverges", probe_columns(runs)].isna().all(axis=None)
    assert runs.loc["diverges", PROBE_REASONS].str.contains("spectral_norm_1: ").all()
    assert (runs.loc["none", PROBE_REASONS] == "").all()


def study(**given):
    return Study(
        question="What is measured?",
        conditions=[CONDITION],
        arms=ARMS,
        contrasts=[("static", "none")],
        seeds=Seeds(confirm=range(10)),
        outcome=Outcome(metric="test_accuracy"),
        **given,
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"probes": ["dead_unit"]}, "no probe is called 'dead_unit'; did you mean 'dead_units'"),
        ({"probes": "dead_units"}, "probes must be a list"),
        ({"probed_at": [3]}, "got \\[3\\] and no probes"),
        ({"probes": ["dead_units"], "probed_at": [-1]}, "whole number >= 0, got -1"),
        ({"probes": ["dead_units"], "probed_at": [20]}, "probed_at must be below 20 epochs"),
        ({"threshold": 90}, "threshold must be a fraction, at most 1, got 90"),
        ({"threshold": 0}, "threshold must be"),
        ({"complexity": "yes"}, "complexity must be True or False"),
        ({"reports": 0}, "reports must be"),
    ],
)
def test_impossible_measurements_are_refused(given, says):
    with pytest.raises(InvalidStudy, match=says):
        study(**given)


def test_a_studys_blocks_measure_what_it_asks_for():
    (one,) = study(probes=["dead_units"], probed_at=[5, 0], reports=7).blocks()
    assert (one.probes, one.probed_at, one.reports) == (("dead_units",), (0, 5), 7)
    assert study(probes=["dead_units"], probed_at=[5, 15]).smoke().probed_at == (5,)
