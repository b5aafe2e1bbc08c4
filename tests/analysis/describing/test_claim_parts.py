"""The parts of a claim add up to it."""

from dataclasses import replace

import pytest

from analysis.describing.claim_parts import parts_of_claim


def test_a_claims_parts_add_up_in_every_condition(study, runs, differences):
    found = parts_of_claim(study, runs)
    assert list(found) == list(study.labels().values())
    for parts in found.values():
        assert [part.name for part in parts.parts] == ["epochs", "schedule", "selection and chance"]
        assert sum(part.effect.estimate for part in parts.parts) == pytest.approx(1.9)
    first = next(iter(found.values()))
    assert first.parts[1].effect.estimate == pytest.approx(differences(study.conditions[0]).mean())


def test_a_study_without_a_claim_has_no_parts(study, runs):
    assert parts_of_claim(replace(study, claim=None), runs) == {}
