"""Which code determines a run's bits."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent

DETERMINING = (
    *("design", "engine", "geometry", "networks", "objectives", "operators", "penalties", "probes", "schedules"),
    *("tasks", "randomness.py"),
)
"""Folders and files of the package that say what is trained, or train, draw, evaluate or probe."""

NOT_DETERMINING = {
    "__init__.py": "says what the package is",
    "called.py": "says what a thing is called",
    "credentials.py": "masks passwords where something is said",
    "errors.py": "refuses what is not trained then",
    "fingerprint.py": "says which code there is",
    "loading.py": "says how modules are loaded",
    "lock.py": "lets one process run a study at a time",
    "own_code.py": "says where a user's code failed",
    "cluster": "says which machines there are",
    "results": "holds tables of what was trained",
    "launching": "says where a block trains",
    "tracking": "records what was trained",
}
"""The rest of the package, and why it changes no bit."""

DATA = (".py", ".geojson", ".npz", ".gz")
"""Endings of files that count."""


@cache
def code_digest() -> str:
    """8 hex digits of sha256 over the sources that determine a run's bits: part of its environment."""
    seen = hashlib.sha256()
    for file in determining():
        seen.update(file.relative_to(PACKAGE).as_posix().encode())
        seen.update(file.read_bytes())
    return seen.hexdigest()[:8]


def determining() -> Iterator[Path]:
    """Every file that determines bits; its name within the package is what counts, wherever that is installed."""
    for name in DETERMINING:
        place = PACKAGE / name
        files = place.rglob("*") if place.is_dir() else [place]
        yield from sorted(file for file in files if file.suffix in DATA)
