"""Advice comes from evidence for exactly the condition that is asked for, and from nothing else."""

from dataclasses import replace

import pytest

from studies.__main__ import main
from studies.account import evidence
from studies.account.advise import ANSWERS, advice
from studies.account.evidence import Evidence

ROW = Evidence(
    task="moons",
    network="mlp",
    width=16,
    epochs=100,
    protocol="depth 2",
    study="one",
    arm="linear",
    treatment="strength 0.1",
    verdict="harmful, size open",
    gain=-5.0,
    unit="pp",
    n=20,
    decision="avoid",
    reason="the verdict is harmful, size open",
    sentence="Reduces held-out accuracy by 5.00 pp.",
)
USED = replace(
    ROW, arm="static", verdict="supported, at least the margin", gain=2.0, decision="use", reason="supported"
)
OPEN = replace(ROW, arm="static", verdict="inconclusive", gain=0.1, decision="collect more", reason="inconclusive")


def asked(*rows, task="moons", network="mlp", width=16, epochs=100):
    (found,) = advice(rows, task=task, network=network, width=width, epochs=epochs)
    return found


def test_a_supported_gain_at_an_accepted_cost_is_used():
    found = asked(ROW, USED, OPEN)
    assert found.answer == "use it"
    assert found.evidence == (USED,)
    assert "1 harmful, size open; 1 inconclusive; 1 supported, at least the margin" in found.because


def test_what_never_helped_is_not_used():
    found = asked(ROW, replace(ROW, arm="other", verdict="equivalent (provisional)"))
    assert found.answer == "do not"
    assert "1 equivalent; 1 harmful, size open" in found.because


def test_what_is_open_is_unknown_and_a_costly_gain_optional():
    assert asked(ROW, OPEN).answer == "unknown"
    assert asked(ROW, replace(USED, decision="optional")).answer == "optional"
    assert asked(ROW, replace(USED, decision="collect more")).answer == "unknown"


def test_each_protocol_has_an_answer_of_its_own():
    found = advice([ROW, replace(USED, protocol="depth 12")], task="moons", network="mlp", width=16, epochs=100)
    assert [(one.protocol, one.answer) for one in found] == [("depth 2", "do not"), ("depth 12", "use it")]


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"width": 17}, "width 16 for 17"),
        ({"epochs": 101}, "epochs 100 for 101"),
        ({"network": "cnn"}, "network mlp for cnn"),
    ],
)
def test_where_there_is_no_evidence_the_nearest_is_told_and_in_what_it_differs(other, differs):
    found = asked(USED, **other)
    assert (found.answer, found.evidence) == ("unknown", ())
    ((said, near),) = found.nearest
    assert (said, near.answer, near.evidence) == (differs, "use it", (USED,))


def test_the_nearest_on_each_side_is_told_and_what_lies_beyond_is_not():
    rows = [replace(OPEN, width=8), replace(USED, width=16), replace(ROW, width=64), replace(ROW, width=512)]
    found = asked(*rows, width=32)
    assert [(said, near.answer) for said, near in found.nearest] == [
        ("width 16 for 32", "use it"),
        ("width 64 for 32", "do not"),
    ]


def test_another_task_of_the_kind_is_told_as_another():
    ((said, near),) = asked(USED, task="moons(noise_std=0.3)").nearest
    assert (said, near.answer) == ("task moons for moons(noise_std=0.3)", "use it")


def test_an_unknown_task_gets_the_nearest_name():
    found = asked(USED, task="mons")
    assert (found.answer, found.evidence) == ("unknown", ())
    assert "did you mean 'moons'?" in found.because
    assert "studied were moons" in asked(USED, task="imagenet").because


def test_evidence_survives_its_file(tmp_path):
    evidence.write([ROW, USED, OPEN], tmp_path / "evidence.csv")
    assert list(evidence.read(tmp_path / "evidence.csv")) == [ROW, USED, OPEN]


def test_the_command_prints_an_answer_and_its_evidence(capsys):
    assert main(["advise", "--task", "moons", "--width", "16", "--epochs", "100"]) == 0
    printed = capsys.readouterr().out
    answer, _, rest = printed.partition(" (depth 2")
    assert answer in ANSWERS
    assert "over none" in rest
    assert "width 16, 100 epochs" in rest
