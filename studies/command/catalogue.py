"""Find and load studies: those beside this file by name, a user's own by the path of its file."""

import ast
import importlib.util
import re
import shlex
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from spectra_tune.design import InvalidStudy, Study, checked_study_name, nearest
from spectra_tune.own_code import place_of_error, said
from studies.command.hints import hint
from studies.command.own_modules import importable_beside, loaded_own

HERE = Path(__file__).parent.parent

SMOKE = "--smoke"
"""The option that names a study's small sibling."""

IN_NOTEBOOK = "notebook:"
"""Before the name of a study that is in no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A study under the name that its records carry."""

    name: str
    study: Study
    module: ModuleType | None  # None where a notebook declares it
    of_user: bool  # no study of this package: workers may lack what defines it
    smoke: bool  # the small sibling of what was declared

    @property
    def typed(self) -> str:
        """What names it on a command line, from any folder; `load_typed` takes it back. Of a notebook's it says so."""
        if self.module is None:
            return IN_NOTEBOOK + self.name
        file = Path(str(self.module.__file__))
        return shlex.join([str(file) if self.of_user else file.stem, *([SMOKE] if self.smoke else [])])

    @property
    def by_value(self) -> list[ModuleType]:
        """Modules whose definitions travel to workers by value, as a notebook's own do anyway."""
        if self.module is None:
            return loaded_own()
        return [self.module] if self.of_user else []


def listed() -> dict[str, str]:
    """Name and question of every study of this package, read from the source: nothing is imported."""
    questions = {}
    for file in sorted(HERE.glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "STUDY" for target in node.targets):
                given = {word.arg: word.value for word in getattr(node.value, "keywords", [])}
                question = given.get("question")
                questions[file.stem] = str(question.value) if isinstance(question, ast.Constant) else ""
    return questions


def load(name: str, *, smoke: bool = False) -> Named:
    """The study of this name or in this file; with smoke its small sibling NAME-smoke."""
    is_path = name.endswith(".py") or "/" in name
    if is_path:
        file = Path(name)
        if not file.is_file():
            raise InvalidStudy(f"a study file must exist, got {name!r}")
    else:
        known = listed()
        if name not in known:
            raise InvalidStudy(f"no study is called {name!r}; {nearest(name, known)}")
        file = HERE / f"{name}.py"
    checked_study_name(file.stem, "a study file's name")
    module = _executed(file, of_user=is_path)
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise InvalidStudy(
            f"a study file must define STUDY = Study(…), {file} has {'none' if study is None else study!r}"
        )
    return Named(
        name=f"{file.stem}-smoke" if smoke else file.stem,
        study=study.smoke() if smoke else study,
        module=module,
        of_user=is_path,
        smoke=smoke,
    )


def load_typed(typed: str) -> Named:
    """The study that `Named.typed` names; one that a notebook declared is refused: no command can load it."""
    if typed.startswith(IN_NOTEBOOK):
        name = typed.removeprefix(IN_NOTEBOOK)
        raise InvalidStudy(f"a command needs a study in a file, {name!r} was declared in a notebook: give it one")
    name, *options = shlex.split(typed)
    return load(name, smoke=SMOKE in options)


def _executed(file: Path, *, of_user: bool) -> ModuleType:
    """The module in a file; whatever it raises becomes one line that says where."""
    module_name = "study_file_" + re.sub(r"\W", "_", file.stem) if of_user else f"studies.{file.stem}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        with importable_beside(module, file.resolve()) if of_user else nullcontext():
            spec.loader.exec_module(module)
    except InvalidStudy as error:
        raise type(error)(f"{_place(error, file)}: {error}") from None
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise InvalidStudy(f"{_place(error, file)}: {said(error)}{hint(error, module)}") from None
    return module


def _place(error: BaseException, file: Path) -> str:
    """Where in a user's code it was raised; her file as she has typed it."""
    found, _, line = place_of_error(error).rpartition(", line ")
    return f"{file if Path(found).resolve() == file.resolve() else found}, line {line}" if found else str(file)
