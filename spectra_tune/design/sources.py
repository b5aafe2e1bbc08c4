"""Which of a user's own source determines what she defines: her file, the modules beside it that it imports, bases."""

import ast
import hashlib
import inspect
import sys
import sysconfig
from pathlib import Path
from typing import Any

from spectra_tune.errors import InvalidStudy

INSTALLED = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib"))
"""Where Python's and packages' code lies, which counts by version and not by content."""

KEPT = "__source_digest__"
"""Attribute of a definition that keeps its digest: a worker, to which it travels by value, has no such file."""


def is_own(definition: Any) -> bool:
    """Whether a class or function is a user's: of this package and of installed ones the name says enough."""
    name = definition.__module__
    if (
        inspect.isbuiltin(definition)
        or name is None
        or name in sys.builtin_module_names
        or name.partition(".")[0] == "spectra_tune"
    ):
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or not _is_installed(Path(file).resolve())


def source_digest(definition: Any) -> str:
    """sha256 (hex) of the sources that a user's class or function comes from."""
    known = vars(definition).get(KEPT)
    if known is None:
        seen = hashlib.sha256()
        for text in _texts(definition):
            seen.update(hashlib.sha256(text).digest())
        known = seen.hexdigest()
        setattr(definition, KEPT, known)
    return known


def _texts(definition: Any) -> list[bytes]:
    """The definition's own file first, then those that it rests on, each once."""
    file = _file_of(definition)
    if file is None:
        return [_text_of(definition)]
    files = _with_imports(file)
    for base in getattr(definition, "__mro__", ())[1:]:
        of_base = _file_of(base) if is_own(base) else None
        if of_base is not None:
            files |= _with_imports(of_base)
    return [file.read_bytes(), *(other.read_bytes() for other in sorted(set(files) - {file}))]


def _file_of(definition: Any) -> Path | None:
    """Where a definition's source lies; None where it lies in no file."""
    try:
        file = Path(inspect.getsourcefile(definition) or "").resolve()
    except (OSError, TypeError):
        return None
    return file if file.is_file() else None


def _text_of(definition: Any) -> bytes:
    """The source of a definition that is in no file, such as one of a notebook."""
    try:
        return inspect.getsource(definition).encode()
    except (OSError, TypeError):
        raise InvalidStudy(
            f"the source of {definition.__qualname__} must be readable, since it determines the runs: define it in a "
            "file"
        ) from None


def _is_installed(file: Path) -> bool:
    return any(file.is_relative_to(place) for place in INSTALLED)


def _with_imports(file: Path) -> dict[Path, None]:
    """A file and, from module to module, those beside and below it that it imports."""
    found, waiting = {file: None}, [file]
    while waiting:
        for other in _imported(waiting.pop()):
            if other.is_relative_to(file.parent) and not _is_installed(other):
                if other not in found:
                    waiting.append(other)
                found[other] = None
    return found


def _imported(file: Path) -> list[Path]:
    """Python files of all that a file imports, loaded already or beside it, wherever in it."""
    files: list[Path] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names, place = [alias.name for alias in node.names], file.parent
        elif isinstance(node, ast.ImportFrom):
            above = [node.module] if node.module else []
            names = above + [".".join((*above, alias.name)) for alias in node.names]
            place = file.parents[max(node.level - 1, 0)]
        else:
            continue
        for name in names:
            path = place / name.replace(".", "/")
            files += [one for one in (path.with_name(f"{path.name}.py"), path / "__init__.py") if one.is_file()]
            loaded = Path(getattr(sys.modules.get(name), "__file__", None) or "").resolve()
            if loaded.suffix == ".py":
                files.append(loaded)
    return files
