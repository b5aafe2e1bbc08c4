"""A block's name says its study and what tells its Condition apart, and no other block has it."""

from dataclasses import replace
from types import ModuleType

from spectra_tune.design import Seeds, Study, grid
from spectra_tune.design.signature import digest
from spectra_tune.networks import mlp
from spectra_tune.tasks import circles, moons
from studies.command.block_names import block_names
from studies.command.catalogue import Named
from tests.conftest import ARMS

STUDY = Study(
    question="What is it called?",
    conditions=[
        *grid(task=[moons(noise_std=0.3)], network=[mlp(width=8)], epochs=[1]),
        *grid(task=[circles()], network=[mlp(width=64)], epochs=[1]),
    ],
    arms=ARMS,
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(4)),
)


def names(study=STUDY, name="mine"):
    named = Named(name=name, study=study, module=ModuleType("mine"), of_user=True, smoke=False)
    return list(block_names(named, study.blocks()))


def test_a_block_is_called_by_its_study_and_what_differs_among_the_blocks():
    first, second = names()
    assert first.startswith("mine-moons_noise_std_0.3_-width_8-")
    assert second.startswith("mine-circles-width_64-")


def test_a_block_is_found_by_the_name_that_earlier_versions_gave_it():
    """`--resume` and `sync` go by it: one that changed would have all that is kept trained again."""
    assert [name.rpartition("-")[2] for name in names()] == ["6200ffb6", "a29a7f61"]
    first, *_ = STUDY.blocks()
    assert digest(first) == digest(replace(first, pictured=False))


def test_no_two_blocks_of_other_seeds_arms_or_studies_are_called_alike():
    fewer_arms = {name: arm for name, arm in ARMS.items() if name != "linear"}
    others = [replace(STUDY, seeds=Seeds(confirm=range(5))), replace(STUDY, arms=fewer_arms)]
    found = [*names(), *names(name="other"), *(name for study in others for name in names(study))]
    assert len({*found}) == len(found) == 8


def test_a_block_of_any_study_is_a_folder():
    long = names(name="s<1 线 " + "x" * 200)
    assert all("/" not in name and len(name.encode()) < 250 and "线" in name for name in long)
