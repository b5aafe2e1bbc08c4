"""Which code determines a run's bits."""

import hashlib
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

DETERMINING = (
    *("blocks", "networks", "probes", "tasks"),
    *("boxes.py", "feedback.py", "products.py", "randomness.py", "ritz.py", "schedules.py", "spectrum.py"),
)
"""Files and folders beside this one that train, draw, evaluate or probe."""


@cache
def code_digest() -> str:
    """8 hex digits of sha256 over the sources that determine a run's bits: part of its environment."""
    seen = hashlib.sha256()
    for name in DETERMINING:
        place = HERE / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            seen.update(file.relative_to(HERE).as_posix().encode())
            seen.update(file.read_bytes())
    return seen.hexdigest()[:8]
