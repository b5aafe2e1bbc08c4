"""Whether this machine has compiled the kernel already: known without loading the compiler."""

import hashlib
import os
import platform
from functools import cache
from pathlib import Path

from spectra_tune.engine.fused.choice import compiler

HERE = Path(__file__).parent

SHARED = (HERE.parent / "members/optimizer_defaults.py", HERE.parents[1] / "operators/dense.py")
"""What the kernel takes from outside of this folder: read here, not imported, since it loads torch."""


@cache
def digest() -> str:
    """sha256 (hex) of the sources that the kernel is compiled from."""
    seen = hashlib.sha256()
    for file in (*sorted(HERE.glob("*.py")), *SHARED):
        seen.update(file.read_bytes())
    return seen.hexdigest()


def kernel_is_to_be_compiled() -> bool:
    """Whether the first to train here waits for the compiler."""
    return not any(place.exists() for place in _places())


def mark_compiled() -> None:
    """Notes that it is in numba's cache."""
    for place in _places():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        except OSError:  # where the package lies nobody may write: in the user's own cache then, as numba does
            continue
        return


def _places() -> tuple[Path, Path]:
    """Where the note may lie: beside the code, or in the user's cache."""
    known = f"{digest()} {compiler()} {platform.node()} {platform.machine()}"
    name = f"kernel-{hashlib.sha256(known.encode()).hexdigest()[:16]}"
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return HERE / "__pycache__" / name, users / "spectra-tune" / name
