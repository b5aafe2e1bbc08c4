"""What a member trains and is evaluated on: splits by stage, batches by its Condition."""

from spectra_tune.design import Condition, Member
from spectra_tune.errors import InvalidStudy

SPLITS = {"search": ("train", "validation"), "confirm": ("train", "validation", "test")}
"""By stage: what selects sees no test data at all."""


TILE = 1024
"""Samples of a split that are evaluated at a time."""


def splits_of(member: Member) -> tuple[str, ...]:
    """Splits that a member is evaluated on."""
    return SPLITS[member.stage]


def judged_on(member: Member) -> str:
    """The split that what is made of the trained network is made on: the last that it may see."""
    return splits_of(member)[-1]


def batch_of(condition: Condition, count: int) -> int:
    """Samples of a batch, of so many training samples."""
    size = condition.batch_size or count
    if size > count:
        raise InvalidStudy(
            f"a batch cannot be larger than the data: batch_size {size}, samples {count}; None is the full batch"
        )
    return size
