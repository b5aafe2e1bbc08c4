"""What networks of sequences read of a task."""

from typing import Any, NamedTuple

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of
from spectra_tune.tasks import shape_of


class Sequence(NamedTuple):
    """A task's samples as sequences, of tokens or of vectors."""

    positions: int
    vocabulary: int | None  # None of vectors
    features: int  # of a vector
    outputs: int
    each_position: bool  # whether there are outputs for each


def sequence_of(task: Any, what: str) -> Sequence:
    """Of tokens (positions,) or of vectors (positions, numbers): an image is read row by row."""
    shape: tuple[int, ...] = shape_of(task) or ()
    vocabulary, objective = getattr(task, "vocabulary", None), objective_of(task)
    if getattr(task, "graph", None) is not None or len(shape) != (2 if vocabulary is None else 1):
        raise InvalidStudy(
            f"{what} needs sequences, a shape (positions, numbers) or (positions,) of tokens, {called(task)} has "
            f"{shape or 'none'}"
        )
    return Sequence(
        positions=next(iter(shape)),
        vocabulary=vocabulary,
        features=1 if vocabulary is not None else tuple(shape)[-1],
        outputs=objective.outputs(task),
        each_position=objective.by_position,
    )
