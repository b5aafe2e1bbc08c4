"""A user's own pictures as a task: a folder for each class."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra_tune.errors import InvalidStudy, listed, one_of, whole
from spectra_tune.objectives import SPLITS
from spectra_tune.tasks.own_arrays import trained_on, training_rows
from spectra_tune.tasks.source import Source, existing, source


def images(folder: str | Path, *, size: tuple[int, int] | None = None, samples: int | None = None) -> "Images":
    """Pictures in a folder for each class, which each seed splits: x (samples, height, width) uint8 where all are grey,
    else (samples, 3, height, width).

    All must have one size, or they are brought to `size`, (height, width), bilinearly. Classes are the folders in the
    order of their names. samples counts training pictures, by default 60 %; validation and test share the rest.
    """
    from spectra_tune.tasks.picture_files import look_into

    path = existing(folder, "a folder of pictures")
    if size is not None:
        lengths = listed(size, "size")
        if len(lengths) != 2:
            raise InvalidStudy(f"size must be (height, width), got {size!r}")
        size = whole(lengths[0], "height", 1), whole(lengths[1], "width", 1)
    found = look_into(path, size)
    files = [file for of_class in found.files for file in of_class]
    return Images(
        folder=source(files, path),
        size=found.size,
        colours=found.colours,
        classes=len(found.files),
        samples=training_rows(samples, len(files)),
        files=len(files),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """See `images`. Equal to another one of the same content."""

    folder: Source
    size: tuple[int, int]  # height and width
    colours: bool
    classes: int
    samples: int
    files: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (3, *self.size) if self.colours else self.size

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """x (samples, *shape) uint8 and y (samples,) int64."""
        from spectra_tune.tasks.on_disk import taken
        from spectra_tune.tasks.picture_files import pictures
        from spectra_tune.tasks.splits import rows_of

        one_of(split, "split", SPLITS)
        x, y = pictures(self.folder, self.size, self.colours)
        rows = rows_of(split, seed, len(y), self.samples)
        return taken(x, rows), y[rows]

    def __str__(self) -> str:
        size = " × ".join(map(str, self.size))
        return f"{self.folder}({', '.join([size, *trained_on(self.samples, self.files)])})"
