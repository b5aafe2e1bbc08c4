"""The tables of a study's blocks, whatever parts these came in, are those of one block after the other."""

from dataclasses import replace

import pandas
import pytest

from spectra_tune import launching
from spectra_tune.design import Block, Condition
from spectra_tune.engine import BlockTraining, failed_runs
from spectra_tune.launching.block_store import write_ended
from spectra_tune.launching.parts import Part
from spectra_tune.networks import mlp
from spectra_tune.results import COST, Tables, curve_table, figure_table, joined, with_costs
from spectra_tune.tasks import moons
from tests.conftest import ARMS

RATES = {"a": 0.1, "b": 0.01, "c": 0.2, "d": 0.02, "e": 0.3}
SEEDS = (3, 1, 2)
COSTS = {name: dict.fromkeys(COST, 1.0) for name in ARMS}


def block(rate):
    condition = Condition(task=moons(samples=40), network=mlp(width=3), epochs=2, learning_rate=rate)
    return Block(condition=condition, arms=ARMS, seeds=SEEDS)


def trained(one):
    training = BlockTraining(one)
    while not training.finished:
        report = training.advance()
    runs = with_costs(report.runs, COSTS).assign(interruptions=0)
    return Tables(runs, training.curves(), training.figures(SEEDS))


def failed(one):
    return Tables(failed_runs(one).assign(interruptions=0), curve_table({}), figure_table({}))


@pytest.mark.parametrize("in_parts", ["", "a", "c", "e", "bc", "abcde"])
def test_tables_are_in_the_order_of_the_blocks(tmp_path, in_parts):
    blocks = {name: block(rate) for name, rate in RATES.items()}
    wanted = {name: failed(one) if name == "d" else trained(one) for name, one in blocks.items()}
    for name in reversed(blocks):  # not in the order in which they end
        of_part = failed if name == "d" else trained
        for seeds in (SEEDS[1:], SEEDS[:1]) if name in in_parts else (SEEDS,):
            part = Part(of=name, whole=blocks[name], seeds=seeds)
            tables = of_part(replace(blocks[name], seeds=seeds))
            write_ended(str(tmp_path / "mine"), part.name, tables._asdict(), {})
    found = launching.trained_before("mine", blocks, storage=str(tmp_path))
    assert found.complete
    runs, *others = found.tables
    wanted_runs, *wanted_others = joined(wanted.values())
    pandas.testing.assert_frame_equal(
        runs.drop(columns="seconds"), wanted_runs.drop(columns="seconds"), check_exact=True
    )
    for one, other in zip(others, wanted_others, strict=True):  # parts have other rows first
        one, other = (table.sort_values([*table]).reset_index(drop=True) for table in (one, other))
        pandas.testing.assert_frame_equal(one, other, check_exact=True)
