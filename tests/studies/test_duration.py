"""How long a study takes is said by timing some of it: its blocks, its search and what is written."""

from dataclasses import replace

import pytest

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import block_seconds, rough_seconds, timed_step
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from studies.command import catalogue, duration
from tests.laws.kinds import ENGINES
from tests.tools.searching import STUDY

ARMS = {"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.1)}
CAPACITY = catalogue.load("capacity").study  # 8 blocks of 3 arms and 20 seeds, 24 tests


def seconds(study, monkeypatch, of_block=lambda block: 6.0, patience=60.0, processors=2):
    monkeypatch.setattr(duration, "_seconds_of", of_block)
    monkeypatch.setattr(duration, "PATIENCE_S", patience)
    monkeypatch.setattr(duration.os, "cpu_count", lambda: processors)
    return duration._needed(study)


def test_blocks_share_the_processors_and_a_part_of_the_longest_one_is_waited_for(monkeypatch):
    rest = duration.START_S + duration.REPORT_S
    rest += duration.RECORD_S * 24 + duration.CONTRAST_S * 24 + duration.RUN_S * 480
    first, a_block = CAPACITY.blocks()[0], 6.0 + duration.BLOCK_S
    alike, _ = seconds(CAPACITY, monkeypatch)
    longer, _ = seconds(CAPACITY, monkeypatch, lambda block: 600.0 if block == first else 6.0)
    assert alike == pytest.approx(8 * a_block / 2 + rest)
    assert longer == pytest.approx((600.0 + duration.BLOCK_S + 7 * a_block) / 2 + rest)
    many, _ = seconds(CAPACITY, monkeypatch, lambda block: 600.0 if block == first else 6.0, processors=1000)
    assert many == pytest.approx((600.0 + duration.BLOCK_S) / len(first.seeds) + rest)


def test_blocks_that_are_not_timed_lie_between_those_that_are(monkeypatch):
    def of_block(block):  # what every run needs, and what grows with its arithmetic
        return 60.0 + 1e3 * duration._relative(block)

    all_timed, count = seconds(CAPACITY, monkeypatch, of_block, processors=1)
    ends_timed, fewest = seconds(CAPACITY, monkeypatch, of_block, patience=0.0, processors=1)
    assert (count, fewest) == (8, 2)
    assert ends_timed == pytest.approx(all_timed, rel=1e-6)


def test_a_search_takes_what_its_runs_take(monkeypatch):
    """Of two sides in two strata: twice as many configurations are as many runs and trials more."""
    search, confirmed = STUDY.search, sum(len(block.arms) * len(block.seeds) for block in STUDY.blocks())
    once, _ = seconds(STUDY, monkeypatch)
    twice, _ = seconds(replace(STUDY, search=replace(search, configurations=2 * search.configurations)), monkeypatch)
    trials = len(STUDY.conditions) * 2 * search.configurations
    a_run = len(STUDY.blocks()) * (6.0 + duration.BLOCK_S) / confirmed
    assert twice - once == pytest.approx(trials * (len(STUDY.seeds.search) * a_run + duration.TRIAL_S) / 2)


def test_a_block_s_time_grows_with_its_epochs_and_seeds(monkeypatch):
    """Where all that is timed takes a second."""

    def second(do):
        do()
        return 1.0

    monkeypatch.setattr("spectra_tune.engine.duration._seconds", second)

    def of(epochs, seeds):
        condition = Condition(task=moons(samples=40), network=mlp(width=4), epochs=epochs)
        return block_seconds(Block(condition=condition, arms=ARMS, seeds=range(seeds)))

    assert of(50, 64) - of(30, 64) == pytest.approx(20)
    assert of(50, 128) - of(30, 128) == pytest.approx(40)  # half of its members were timed


def test_a_block_that_no_picture_shows_is_not_charged_for_one(monkeypatch):
    drawn = []
    monkeypatch.setattr("spectra_tune.engine.duration.BlockTraining.figures", lambda training: drawn.append(training))
    condition = Condition(task=moons(samples=40), network=mlp(width=4), epochs=2)
    for pictured, times in ((False, 0), (True, 1)):
        block_seconds(Block(condition=condition, arms=ARMS, seeds=range(2), pictured=pictured))
        assert len(drawn) == times


def test_a_study_that_cannot_be_timed_says_why(monkeypatch):
    def broken(block):
        raise RuntimeError("no\nsuch file")

    monkeypatch.setattr(duration, "_seconds_of", broken)
    assert duration.in_words(CAPACITY) == "not estimated, since RuntimeError: no such file"


def test_what_is_said_names_what_it_rests_on(monkeypatch):
    monkeypatch.setattr(duration, "_seconds_of", lambda block: 6.0)
    said = duration.in_words(CAPACITY)
    assert said.startswith("about ")
    assert said.endswith("by timing 8 of 8 blocks here")
    in_turn = duration.in_words(catalogue.load("fashion_images", smoke=True).study)
    assert "by timing a step of each network of 1 of 1 blocks here" in in_turn


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
def test_a_rough_time_grows_with_the_steps(network, monkeypatch):
    monkeypatch.setattr("spectra_tune.engine.duration._seconds", lambda do: do() or 0.01)
    condition = Condition(task=moons(samples=64), network=network, epochs=30, batch_size=16)

    def rough(condition, seeds):
        return rough_seconds(Block(condition=condition, arms=ARMS, seeds=range(seeds)), step=timed_step(condition.task))

    once = rough(condition, 4)
    more = [replace(condition, epochs=60), replace(condition, task=moons(samples=128))]
    for one in more:
        assert 1.5 * once < rough(one, 4) <= 2 * once
    assert rough(condition, 8) == pytest.approx(2 * once)
    if network is ENGINES["in turn"]:
        assert once == pytest.approx(2 * 4 * 4 * 0.01 * (30 + 2 * 21 / 3)), "arms, seeds, steps of an epoch, a step"
