"""Which of a user's own source determines what she defines: her file, the modules beside it that it imports, bases.

Of what a notebook's cell defines see cells.py.
"""

import ast
import hashlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from spectra_tune.design.cells import reached_from, statement_of
from spectra_tune.errors import InvalidStudy
from spectra_tune.own_code import is_installed, is_ours

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
    if KEPT in getattr(definition, "__dict__", {}):  # on a worker, where its module may be another of that name
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or not is_installed(Path(file).resolve())


def source_digest(definition: object) -> str:
    """sha256 (hex) of the sources that a user's class or function comes from.

    Of a notebook's it is read each time: what it uses may be another since.
    """
    known = vars(definition).get(KEPT)
    if known is None or statement_of(definition) is not None:
        seen = hashlib.sha256()
        for text in _texts(definition):
            seen.update(hashlib.sha256(text).digest())
        known = seen.hexdigest()
        setattr(definition, KEPT, known)
    return known


def _texts(definition: Any) -> list[bytes]:
    """The definition's own file or statement first, then those that it rests on, each once."""
    if statement_of(definition) is not None:
        return _texts_of_notebook(definition)
    file = _file_of(definition)
    if file is None:
        raise InvalidStudy(
            f"the source of {definition.__qualname__} must be readable, since it determines the runs: define it in a "
            "file, or in a notebook's cell as a function or a class with a method of its own"
        )
    files = with_imports(file, _root_of(definition, file))
    for base in getattr(definition, "__mro__", ())[1:]:
        of_base = _file_of(base) if is_own(base) else None
        if of_base is not None:
            files |= with_imports(of_base, _root_of(base, of_base))
    return [file.read_bytes(), *(other.read_bytes() for other in sorted(set(files) - {file}))]


def _root_of(definition: Any, file: Path) -> Path:
    """The folder that the names of a definition's module begin in, a package's parent."""
    inside: int = definition.__module__.count(".") + (file.name == "__init__.py")
    return file.parents[min(inside, len(file.parents) - 1)]


def _file_of(definition: Any) -> Path | None:
    """Where a definition's source lies; None where it lies in no file."""
    try:
        file = Path(inspect.getsourcefile(definition) or "").resolve()
    except (OSError, TypeError):
        return None
    return file if file.is_file() else None


def _texts_of_notebook(definition: Any) -> list[bytes]:
    """The statements and values of a notebook that a definition uses, and the files of what it uses of modules."""
    reached = reached_from(definition)
    first, *others = reached.texts.values()
    files: dict[Path, None] = {}
    for one in reached.elsewhere:
        if isinstance(one, ModuleType):
            file = Path(getattr(one, "__file__", None) or "").resolve()
            if file.is_file() and not is_installed(file) and not is_ours(file):
                files |= with_imports(file, file.parents[one.__name__.count(".") + (file.name == "__init__.py")])
        elif (inspect.isclass(one) or inspect.isfunction(one)) and is_own(one):
            others.append(source_digest(one))
    return [first.encode(), *sorted(text.encode() for text in others), *(file.read_bytes() for file in sorted(files))]


def with_imports(file: Path, root: Path) -> dict[Path, None]:
    """A file and, from module to module, those that it imports of a user's own, in and below a folder."""
    found, waiting = {file: None}, [file]
    while waiting:
        for other in _imported(waiting.pop(), root):
            if other.is_relative_to(root) and not is_installed(other) and not is_ours(other):
                if other not in found:
                    waiting.append(other)
                found[other] = None
    return found


def _imported(file: Path, root: Path) -> list[Path]:
    """Python files of all that a file imports, loaded already, beside it or from the root, wherever in it."""
    files: list[Path] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names, places = [alias.name for alias in node.names], {file.parent, root}
        elif isinstance(node, ast.ImportFrom):
            above = [node.module] if node.module else []
            names = above + [".".join((*above, alias.name)) for alias in node.names]
            places = {file.parents[node.level - 1]} if node.level else {file.parent, root}
        else:
            continue
        for name in names:
            for place in places:
                path = place / name.replace(".", "/")
                files += [one for one in (path.with_name(f"{path.name}.py"), path / "__init__.py") if one.is_file()]
            loaded = Path(getattr(sys.modules.get(name), "__file__", None) or "").resolve()
            if loaded.suffix == ".py":
                files.append(loaded)
    return files
