"""Which code is a user's own, and where in it an error comes from."""

import inspect
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

INSTALLED = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib"))
"""Where Python's and packages' code lies."""

OURS = ("spectra_tune", "search_spaces", "analysis", "studies")
"""This project's packages, wherever they lie."""

_OURS_AT = tuple(Path(__file__).resolve().parents[1] / name for name in OURS)


def is_installed(file: Path) -> bool:
    """Whether a resolved file is Python's or a package's."""
    return any(file.is_relative_to(place) for place in INSTALLED)


def is_ours(file: Path) -> bool:
    """Whether a resolved file is this project's."""
    return any(file.is_relative_to(place) for place in _OURS_AT)


def _is_own(file: str) -> bool:
    """Whether the code of this file, which a worker may lack, is neither; `<string>` is generated code."""
    path = Path(file).resolve()
    return not file.startswith("<") and not is_installed(path) and not is_ours(path)


def place_of_error(error: BaseException) -> str:
    """`FILE, line N` of a user's own code in which an error, or else what caused it, was raised; empty if in none."""
    causes: list[BaseException] = []
    now: BaseException | None = error
    while now is not None and now not in causes:
        causes.append(now)
        now = now.__cause__
    for one in causes:
        places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(one.__traceback__)]
        if isinstance(one, SyntaxError) and one.filename:
            places.append((one.filename, one.lineno or 0))
        own = [f"{file}, line {line}" for file, line in places if _is_own(file)]
        if own:
            return own[-1]
    return ""


def place_of(*functions: Callable[..., Any] | None) -> str:
    """`FILE, line N` of the first of these that a user has written; empty if none is."""
    for function in functions:
        code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
        if code is not None and _is_own(code.co_filename):
            return f"{code.co_filename}, line {code.co_firstlineno}"
    return ""


def said(error: BaseException) -> str:
    """An error's kind and message in one line."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return ": ".join(filter(None, (type(error).__name__, " ".join(message.split()))))
