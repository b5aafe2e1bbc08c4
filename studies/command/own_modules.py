"""The modules beside a user's study file: importable while it loads, and only then.

Afterwards they are in no table of Python's, so that those of two studies never meet, and what they define travels to
workers by value, as the study file's does.
"""

import contextlib
import importlib
import inspect
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from spectra_tune.design import InvalidStudy
from spectra_tune.design.sources import source_digest, with_imports
from spectra_tune.own_code import INSTALLED, OURS, is_installed, is_ours


class _Beside:
    """Finds modules and packages in one folder, but none of a name that Python, an installed package or we have.

    folders: only folders without an __init__.py, which give way to whatever else has their name.
    """

    def __init__(self, folder: Path, *, folders: bool):
        self._folder, self._folders = folder, folders
        self.served: set[str] = set()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """As importlib asks it."""
        spec = _spec(name, self._folder) if path is None else None
        if spec is None or _is_file(spec) == self._folders or _has_another(name):
            return None
        self.served.add(name)
        return spec


def _spec(name: str, folder: Path) -> ModuleSpec | None:
    return PathFinder.find_spec(name, [str(folder)])


def _is_file(spec: ModuleSpec | None) -> bool:
    """Whether it is found, and as a file: a folder without an __init__.py has no place of its own."""
    return spec is not None and spec.has_location


def _has_another(name: str) -> bool:
    """Whether Python, an installed package or this project has a module of that name."""
    if name in sys.stdlib_module_names or name in OURS:
        return True
    return _is_file(PathFinder.find_spec(name, [str(place) for place in INSTALLED]))


@contextlib.contextmanager
def importable_beside(study: ModuleType, file: Path) -> Iterator[None]:
    """Within, a study's file may import the modules beside it; afterwards Python's tables are as they were.

    Refuses a file that imports a module which is beside it and installed too: one of them would silently be the other.
    """
    folder = file.parent
    _check_names(file, folder)
    importlib.invalidate_caches()
    first, last = _Beside(folder, folders=False), _Beside(folder, folders=True)
    loaded = {name.partition(".")[0] for name in sys.modules}
    aside = _taken_out({name for name in loaded if _is_file(_spec(name, folder)) and not _has_another(name)})
    sys.meta_path.insert(0, first)
    sys.meta_path.append(last)
    try:
        yield
        served = first.served | last.served
        _keep_digests([study, *(one for name, one in sys.modules.items() if name.partition(".")[0] in served)])
    finally:
        sys.meta_path.remove(first)
        sys.meta_path.remove(last)
        _taken_out(first.served | last.served)
        sys.modules.update(aside)


def _taken_out(tops: set[str]) -> dict[str, ModuleType]:
    """Takes modules of these names, with all within them, out of Python's table."""
    names = [name for name in sys.modules if name.partition(".")[0] in tops]
    return {name: sys.modules.pop(name) for name in names}


def _check_names(file: Path, folder: Path) -> None:
    try:
        files = with_imports(file, folder)
    except SyntaxError:  # whatever loads it says where
        return
    for one in files:
        name = one.relative_to(folder).parts[0].removesuffix(".py")
        if one != file and _has_another(name):
            raise InvalidStudy(
                f"a module must have a name of its own, {one} has that of Python's or an installed one: rename it"
            )


def loaded_own() -> list[ModuleType]:
    """Modules that this process has loaded from files of its user's own, but for the one it was started with."""
    named = [(name, getattr(one, "__file__", None)) for name, one in sys.modules.items() if name != "__main__"]
    own = [name for name, file in named if file and not (is_installed(at := Path(file).resolve()) or is_ours(at))]
    return [sys.modules[name] for name in own]


def _keep_digests(modules: list[ModuleType]) -> None:
    """Reads the sources of what these modules define while Python knows where they lie."""
    for module in modules:
        for one in vars(module).values():
            if (inspect.isclass(one) or inspect.isfunction(one)) and one.__module__ == module.__name__:
                with contextlib.suppress(InvalidStudy):  # of what is generated there is none: said if it is needed
                    source_digest(one)
