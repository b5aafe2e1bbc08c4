"""How a block was broken off is told in words, from what each worker noted as it began."""

import pytest

from spectra_tune.launching.attempts import Attempt, _end_of, attempts, forget_attempts, interruptions
from spectra_tune.launching.storage_file import StorageFile

FIRST = Attempt(node="a", address="10.0.0.7", epoch=0, after="")


@pytest.mark.parametrize(
    ("starts", "told"),
    [
        ([], ""),
        ([FIRST], ""),
        ([FIRST, Attempt("b", "10.0.0.8", 0, "")], "begun again"),
        (
            [FIRST, Attempt("b", "10.0.0.8", 500, "the node 10.0.0.7 was lost"), Attempt("c", "10.0.0.9", 900, "")],
            "resumed at epoch 500 after the node 10.0.0.7 was lost; resumed at epoch 900",
        ),
    ],
    ids=["unknown", "undisturbed", "worker", "node"],
)
def test_only_what_came_after_the_first_start_is_told(starts, told):
    assert interruptions(starts) == told


@pytest.mark.parametrize(
    ("nodes", "end"),
    [
        ({"a": {"Alive": True}}, ""),
        ({"a": {"Alive": False}}, "the node 10.0.0.7 was lost"),
        ({"b": {"Alive": True}}, "its cluster ended"),
    ],
    ids=["alive", "dead", "another cluster"],
)
def test_what_ended_an_attempt_is_what_ray_says_of_its_node(nodes, end):
    assert _end_of(FIRST, nodes) == end


def test_what_an_earlier_study_of_the_name_left_is_forgotten(tmp_path):
    folder = str(tmp_path)
    forget_attempts(folder)  # there are none
    for block in ("one", "two"):
        file = StorageFile(folder, f"attempts/{block}.json")
        assert file.create("")
        assert attempts(folder, block) == [], "of a kill as it began"
        file.write('[["a", "10.0.0.7", 0, ""]]')
        assert attempts(folder, block) == [FIRST]
    forget_attempts(folder, "one")
    assert (attempts(folder, "one"), attempts(folder, "two")) == ([], [FIRST])
    forget_attempts(folder)
    assert attempts(folder, "two") == []
