"""Which code determines a run's bits."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent

DETERMINING = ("engine", "geometry", "networks", "operators", "probes", "schedules", "tasks", "randomness.py")
"""Files and folders of the package that train, draw, evaluate or probe."""


@cache
def code_digest() -> str:
    """8 hex digits of sha256 over the sources that determine a run's bits: part of its environment."""
    seen = hashlib.sha256()
    for name in DETERMINING:
        place = PACKAGE / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            seen.update(file.relative_to(PACKAGE).as_posix().encode())
            seen.update(file.read_bytes())
    return seen.hexdigest()[:8]
