"""Gradients by depth: over seeds, before training and after, without a number where there was none."""

import numpy
import pandas
import pytest

from analysis.describing.gradient_flow import flow_table
from analysis.describing.probed import AT_THE_END
from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

LABELS = {"c": "the condition"}


def runs(**given) -> pandas.DataFrame:
    flows = {
        "probe_gradient_flow_1": [0.0, 2.0, 4.0, 6.0, 8.0],
        "probe_gradient_flow_slope": [-2.0, -1.0, 0.0, 1.0, 2.0],
    }
    return pandas.DataFrame(
        {"signature": list("abcde"), "condition_signature": "c", "arm": "none", "probe_x": 1.0, **flows, **given}
    )


def curves(values=()) -> pandas.DataFrame:
    rows = [
        {"signature": name, "epoch": 0, "metric": "probe_gradient_flow_1", "value": value} for name, value in values
    ]
    return pandas.DataFrame(rows, columns=["signature", "epoch", "metric", "value"])


def test_medians_and_quartiles_are_over_seeds_and_the_start_comes_before_the_end():
    flow = flow_table(runs(), curves(zip("abcde", (5.0, 5.0, 7.0, 9.0, 9.0), strict=True)), LABELS)
    rows = [(row.epoch, row.layer, row.low, row.median, row.high) for row in flow.itertuples()]
    assert rows == [(0, 1, 5.0, 7.0, 9.0), (AT_THE_END, 1, 2.0, 4.0, 6.0), (AT_THE_END, 0, -1.0, 0.0, 1.0)]
    assert set(flow["condition"]) == {"the condition"}


def test_what_was_not_measured_is_counted_and_is_no_zero():
    lost = runs(probe_gradient_flow_1=[numpy.nan, numpy.nan, 4.0, 6.0, 8.0], probe_gradient_flow_slope=numpy.nan)
    (row,) = flow_table(lost, curves(), LABELS).to_dict("records")
    assert (row["median"], row["measured"], row["seeds"]) == (6.0, 3, 5)
    assert flow_table(runs().filter(regex="^(?!probe_gradient)"), curves(), LABELS).empty


def test_the_slope_before_training_is_the_one_that_theory_gives():
    """Uniform weights of variance 1 / (3 n) leave a third of a gradient's square at each nearly linear layer."""
    condition = Condition(
        task=digits(samples=100), network=mlp(width=64, depth=12, activation="tanh"), epochs=1, batch_size=100
    )
    training = BlockTraining(
        Block(
            condition=condition,
            arms={"none": Treatment.none()},
            seeds=range(4),
            probes=["gradient_flow"],
            probed_at=[0],
        )
    )
    while not training.finished:
        training.advance()
    table = training.runs()
    labels = {table["condition_signature"].iloc[0]: "deep"}
    flow = flow_table(table, training.curves(), labels)
    slope = flow[(flow["epoch"] == 0) & (flow["layer"] == 0)]["median"].item()
    assert slope == pytest.approx(0.5 * numpy.log(3), abs=0.05)
