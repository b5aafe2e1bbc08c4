"""A block goes out in parts where workers would be idle else, and its parts' tables are the whole block's."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pandas
import pytest
from ray.tune.schedulers import TrialScheduler

from spectra_tune.design import Block, Condition
from spectra_tune.engine import fewest_parts
from spectra_tune.engine.members.draws import Draw
from spectra_tune.launching import parts
from spectra_tune.launching.parts import Part, handed_out, left, named_parts, whole_again
from spectra_tune.launching.scheduler_per_side import SchedulerPerSide
from spectra_tune.launching.trainables import BlockTrainable
from spectra_tune.networks import mlp
from spectra_tune.results import COST, figure_table, unmeasured
from spectra_tune.tasks import moons
from tests.conftest import ARMS
from tests.laws.kinds import ENGINES

BLOCK = Block(
    condition=Condition(task=moons(samples=40), network=mlp(width=4), epochs=2), arms=ARMS, seeds=(7, 3, 5, 1, 9, 2)
)


def part(*seeds, block=BLOCK, of="mine"):
    return Part(of=of, whole=block, seeds=seeds)


def test_a_part_is_found_again_by_its_name_and_whatever_else_lies_there_is_none():
    whole, some, one = part(*BLOCK.seeds), part(3, 5, 1), part(9)
    assert whole.name == "mine"
    found = named_parts([whole.name, some.name, one.name, "mine-seeds3-8", "mine-seed3", "yours"], {"mine": BLOCK})
    assert {name: of.seeds for name, of in found.items()} == {one.name: one.seeds for one in (whole, some, one)}
    assert some.block == replace(BLOCK, seeds=(3, 5, 1))


def test_what_is_left_of_a_block_are_the_seeds_between_its_parts():
    blocks = {"mine": BLOCK, "other": BLOCK}
    assert left(blocks, [part(3), part(1, 9), part(*BLOCK.seeds, of="other")]) == {"mine": [(7,), (5,), (2,)]}
    assert not left({"mine": BLOCK}, [part(7, 3, 5), part(1, 9, 2)])


@pytest.mark.parametrize(
    ("seconds", "workers", "expected"),
    [
        ([100.0], 1, [1]),  # a single worker waits for no other
        ([8.0], 8, [2]),  # parts of less than 5 s are not worth their start
        ([3.0] * 40, 2, [1] * 40),  # enough blocks for all
        ([400.0, 1.0, 1.0], 4, [6, 1, 1]),  # at most its seeds
        ([60.0] * 5, 2, [2] * 5),
    ],
)
def test_a_block_has_as_many_parts_as_leave_no_worker_idle_for_long(seconds, workers, expected):
    assert fewest_parts(seconds, [6] * len(seconds), workers) == expected


def test_the_longest_parts_go_out_first_and_have_all_seeds_once(monkeypatch):
    long = replace(BLOCK, condition=replace(BLOCK.condition, epochs=50))
    monkeypatch.setattr(parts, "_seconds", lambda block, timed: len(block.seeds) * block.condition.epochs)
    out = handed_out(
        {"short": BLOCK, "long": long}, {"short": [BLOCK.seeds], "long": [(7, 3), (1, 9, 2)]}, 3, gpus=False
    )
    assert [one.seeds for one in out.values() if one.of == "long"] == [(7,), (3,), (1,), (9,), (2,)]
    assert [one.seeds for one in out.values() if one.of == "short"] == [BLOCK.seeds]
    assert next(reversed(out.values())).of == "short"
    assert list(out) == [one.name for one in out.values()]


def test_on_gpus_what_trains_as_a_padded_program_is_not_split(monkeypatch):
    monkeypatch.setattr(parts, "_seconds", lambda block, timed: 1000.0)
    stacked, in_turn = (replace(BLOCK, condition=replace(BLOCK.condition, network=one)) for one in ENGINES.values())
    out = handed_out({"a": stacked, "b": in_turn}, {"a": [BLOCK.seeds], "b": [BLOCK.seeds]}, 8, gpus=True)
    assert [one.name for one in out.values() if one.of == "a"] == ["a"]
    assert len(out) == 7


def test_only_what_trains_in_turn_is_timed_and_not_where_it_will_be_on_a_gpu(monkeypatch):
    drawn, timed = [], []
    monkeypatch.setattr("spectra_tune.engine.duration._seconds", lambda do: timed.append(do()) or 1.0)
    monkeypatch.setattr("spectra_tune.engine.duration.Draw", lambda task: drawn.append(task) or Draw(task))
    stacked, in_turn = (replace(BLOCK, condition=replace(BLOCK.condition, network=one)) for one in ENGINES.values())
    assert 0 < parts._seconds(stacked, timed=True) == parts._seconds(stacked, timed=False)
    assert 0 < parts._seconds(in_turn, timed=False) < 1
    assert not timed
    steps = len(BLOCK.arms) * len(BLOCK.seeds) * BLOCK.condition.epochs
    assert parts._seconds(in_turn, timed=True) >= steps
    assert len(timed) == 4 * 2, "with a penalty and without: a step that is not counted and three that are"
    assert drawn == [in_turn.condition.task], "once for all arms"


def ended(of):
    """What a worker gives for a part, without Ray."""
    trainable = BlockTrainable.__new__(BlockTrainable)
    trainable._parts = {of.name: of}
    trainable.reset_config({"block": of.name})
    done = False
    while not done:
        result, tables = trainable._advanced()
        done = result["done"]
    return of, parts.Tables(**tables)


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
def test_parts_joined_are_the_whole_block(network, monkeypatch):
    monkeypatch.setattr(BlockTrainable, "_device", "cpu")
    block = replace(BLOCK, condition=replace(BLOCK.condition, network=network))
    _, whole = ended(part(*block.seeds, block=block))
    pieces = [part(*seeds, block=block) for seeds in ((1, 9), (7,), (3, 5), (2,))]
    joined = whole_again([ended(one) for one in pieces], block)
    assert unmeasured(joined.runs).equals(unmeasured(whole.runs))
    assert joined.runs[list(COST)].gt(0).all(axis=None), "the part with the first seed times for all"
    assert (joined.runs.groupby("arm")[list(COST)].nunique() == 1).all(axis=None)
    for name in ("curves", "figures"):
        one, other = (
            getattr(tables, name).sort_values(list(getattr(tables, name).columns)).reset_index(drop=True)
            for tables in (joined, whole)
        )
        pandas.testing.assert_frame_equal(one, other, check_exact=True)


def test_of_a_block_that_no_picture_shows_nothing_is_kept_for_pictures(monkeypatch):
    monkeypatch.setattr(BlockTrainable, "_device", "cpu")
    (_, shown), (_, other) = (ended(part(*BLOCK.seeds, block=replace(BLOCK, pictured=one))) for one in (True, False))
    assert len(shown.figures) > 0
    pandas.testing.assert_frame_equal(other.figures, figure_table({}))
    assert other.curves.equals(shown.curves)
    assert unmeasured(other.runs).equals(unmeasured(shown.runs))


@dataclass(frozen=True, kw_only=True)
class FailingAtOne:
    """A task that has no data for seed 1."""

    samples: int = 40
    classes = 2
    features = 2

    def draw(self, split, seed):
        if seed == 1:
            raise ArithmeticError("no such data")
        return moons(samples=self.samples).draw(split, seed)


def test_a_run_fails_where_it_raises_by_itself_however_its_block_is_divided(monkeypatch):
    monkeypatch.setattr(BlockTrainable, "_device", "cpu")
    block = replace(BLOCK, condition=replace(BLOCK.condition, task=FailingAtOne()))
    _, whole = ended(part(*block.seeds, block=block))
    joined = whole_again([ended(part(*seeds, block=block)) for seeds in ((7, 3, 5), (1, 9, 2))], block)
    for runs in (whole.runs, joined.runs):
        assert (runs["status"].eq("failed") == runs["seed"].eq(1)).all()
    one, other = (unmeasured(runs) for runs in (joined.runs, whole.runs))
    pandas.testing.assert_frame_equal(one[list(other)], other, check_exact=True, check_dtype=False)


def test_a_scheduler_of_a_search_sees_reports_alone():
    """A trial that only asks to be saved has no objective yet."""
    trial = SimpleNamespace(config={"stratum": 0, "arm": "static"}, trial_id="a")
    scheduler = SchedulerPerSide(lambda: pytest.fail("it must not be asked"))
    assert scheduler.on_trial_result(None, trial, {"epoch": 1.5}) == TrialScheduler.CONTINUE
