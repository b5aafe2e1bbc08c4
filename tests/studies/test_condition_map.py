"""The map is balanced, and its confirmation asks what the map's rule picks."""

from collections import Counter
from itertools import combinations

import pytest

from analysis.describing.factors import picked
from spectra_tune.design import condition_signature, levels
from studies import condition_map, condition_map_confirmed
from studies.command import catalogue
from studies.command.report import RESULTS, read_kept


def test_of_any_two_factors_all_pairs_of_levels_stand_about_equally_often():
    """11 levels stand once with each of 11; fewer levels go round, so that their pairs stand a multiple of that."""
    study = condition_map.STUDY
    found = levels(study.conditions)
    for one, other in combinations(study.factors, 2):
        counts = Counter((row[one], row[other]) for row in found)
        sizes = [len({row[name] for row in found}) for name in (one, other)]
        assert len(counts) == sizes[0] * sizes[1], (one, other)
        rounds = [(11 // size, -(-11 // size)) for size in sizes]
        assert min(counts.values()) >= rounds[0][0] * rounds[1][0]
        assert max(counts.values()) <= rounds[0][1] * rounds[1][1]


@pytest.mark.parametrize("condition", condition_map.STUDY.conditions[::20])
def test_all_conditions_train_for_about_as_many_steps(condition):
    steps = condition.total_epochs * -(-condition.task.samples // condition.batch_size)
    assert 0.7 <= steps / condition_map.STEPS <= 1.6


def test_the_confirmation_asks_what_the_rule_picks_on_seeds_that_the_map_has_not_seen():
    mapped = catalogue.load("condition_map")
    runs = read_kept(mapped, RESULTS / "condition_map.parquet").runs
    wanted = picked(mapped.study, runs, len(condition_map_confirmed.PICKED))
    confirmed = condition_map_confirmed.STUDY
    assert [condition_signature(one) for one in confirmed.conditions] == wanted["condition_signature"].tolist()
    assert tuple(dict.fromkeys(wanted["arm"])) == condition_map_confirmed.GAINED
    assert not set(confirmed.seeds.confirm) & set(mapped.study.seeds.confirm)
