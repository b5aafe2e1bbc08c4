"""How long a study takes is said by timing some of it: its blocks, its search and what is written."""

from dataclasses import replace

import pytest

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import block_seconds
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from studies.command import catalogue, duration
from tests.tools.searching import STUDY

ARMS = {"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.1)}


def seconds(study, monkeypatch, of_block=lambda block: 6.0, patience=60.0):
    monkeypatch.setattr(duration, "_seconds_of", of_block)
    monkeypatch.setattr(duration, "PATIENCE_S", patience)
    monkeypatch.setattr(duration.os, "cpu_count", lambda: 2)
    return duration._needed(study)


def test_blocks_share_the_processors_and_the_longest_one_is_waited_for(monkeypatch):
    study = catalogue.load("capacity").study
    blocks = list(study.blocks())
    alike, _ = seconds(study, monkeypatch)
    longer, _ = seconds(study, monkeypatch, lambda block: 600.0 if block == blocks[0] else 6.0)
    assert alike == pytest.approx(24.0 + rest(study), abs=3)
    assert longer == pytest.approx(600.0 + rest(study), abs=3)


def rest(study):
    return duration.START_S + duration.REPORT_S + duration.RECORD_S * 24 + duration.CONTRAST_S * study.tests


def test_blocks_that_are_not_timed_are_scaled_by_those_that_are(monkeypatch):
    study = catalogue.load("capacity").study
    all_timed, count = seconds(study, monkeypatch, lambda block: 1e3 * duration._relative(block))
    one_timed, fewest = seconds(study, monkeypatch, lambda block: 1e3 * duration._relative(block), patience=0.0)
    assert (count, fewest) == (8, 1)
    assert one_timed == pytest.approx(all_timed, rel=1e-6)


def test_a_search_takes_what_its_runs_take(monkeypatch):
    small, _ = seconds(STUDY, monkeypatch)
    many = replace(STUDY.search, configurations=10 * STUDY.search.configurations)
    large, _ = seconds(replace(STUDY, search=many), monkeypatch)
    assert large > 5 * (small - rest(STUDY))


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


def test_a_study_that_cannot_be_timed_says_why(monkeypatch):
    def broken(block):
        raise RuntimeError("no\nsuch file")

    monkeypatch.setattr(duration, "_seconds_of", broken)
    said = duration.in_words(catalogue.load("capacity").study)
    assert said == "not estimated, since RuntimeError: no such file"


def test_what_is_said_names_what_it_rests_on(monkeypatch):
    monkeypatch.setattr(duration, "_seconds_of", lambda block: 6.0)
    said = duration.in_words(catalogue.load("capacity").study)
    assert said.startswith("about ")
    assert said.endswith("by timing 8 of 8 blocks here")
