"""Files of a user's that a task reads: they count by their content, wherever they lie."""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from spectra_tune.errors import InvalidStudy


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file or folder: equal to another one of the same content."""

    content: str  # sha256 (hex)
    place: Path = field(compare=False, metadata={"beside_content": True})

    def check(self, files: Sequence[Path]) -> None:
        """Refuses files that are not what they were when the task was declared."""
        for file in files:
            existing(file, "a task's file")
        if content_of(files, self.place) != self.content:
            raise InvalidStudy(f"{self.place} must stay what it was when its task was declared, it has changed since")

    def __str__(self) -> str:
        return self.place.name


def source(files: Sequence[Path], place: Path) -> Source:
    """Of these files, in or at a place."""
    return Source(content=content_of(files, place), place=place.resolve())


def content_of(files: Sequence[Path], place: Path) -> str:
    """sha256 (hex) of files' names below a place and of what they hold; a gzipped file counts as what it unpacks to."""
    seen = hashlib.sha256()
    for file in files:
        state = file.stat()
        name = file.relative_to(place).as_posix() if file != place else ""
        seen.update(f"{name.removesuffix('.gz')}\n{_digest(file, state.st_size, state.st_mtime_ns)}\n".encode())
    return seen.hexdigest()


@cache
def _digest(file: Path, *_seems: int) -> str:
    """sha256 (hex) of a file, which is read again only where its size or time says that it is another."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]: a GzipFile reads bytes


def existing(place: Path | str, what: str) -> Path:
    """The path, refused where nothing is there."""
    path = Path(place).expanduser()
    if not path.exists():
        raise InvalidStudy(f"{what} must be there, nothing is at {path}")
    return path
