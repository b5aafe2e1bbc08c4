"""Which source of a notebook determines what is defined in it: its own statement, and what of the notebook that uses.

A definition of a file counts with its whole file. Cells are run in any order, and most of them have nothing to do with
it, so that here its names are followed: from statement to statement, and to the values of what is no definition.
"""

import ast
import inspect
import linecache
import symtable
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from spectra_tune.errors import InvalidStudy
from spectra_tune.own_code import OURS

LONGEST_TEXT = 200
"""Characters of what is printed of a value of an unknown kind: a longer one may have been cut."""


@dataclass(slots=True)
class Reached:
    """All of a notebook that a definition uses: texts by the place of the statement or the name of the value."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    elsewhere: list[Any] = field(default_factory=list[Any])  # modules, classes and functions of files


def statement_of(definition: object) -> str | None:
    """The statement of a notebook's cell (or an interpreter's line) that defines it; None where it is in no cell."""
    found = _place_of(definition)
    return None if found is None else found[1]


def reached_from(definition: object) -> Reached:
    """What of a notebook a definition of one of its cells uses, itself first."""
    found, waiting = Reached(), [definition]
    while waiting:
        one = waiting.pop()
        place = _place_of(one)
        if place is None:
            found.elsewhere.append(one)
            continue
        key, text = place
        if key in found.texts:
            continue
        found.texts[key] = text
        names = vars(sys.modules[str(getattr(one, "__module__", "__main__"))])
        for name in sorted(used(text) & set(names)):
            found.texts[name] = "".join((f"{name} = ", *_of_name(name, names[name], waiting)))
    return found


def _place_of(definition: object) -> tuple[str, str] | None:
    """Cell and line of the statement that defines a class or function, and the statement; None where it is in no cell.

    Of a class its own methods say where it is: nothing else knows the cell.
    """
    for code in _codes(definition):
        text = _cell(code.co_filename)
        for first, last, statement in _statements(text) if text else ():
            if first <= code.co_firstlineno <= last and _defines(statement, definition):
                return f"{code.co_filename}:{first}", statement
    return None


def _codes(definition: object) -> Iterator[CodeType]:
    if isinstance(definition, FunctionType):
        yield definition.__code__
    elif isinstance(definition, type):
        for member in vars(definition).values():
            inner: Any = getattr(member, "fget", None) or getattr(member, "__func__", member)
            inner = inspect.unwrap(inner) if callable(inner) else inner
            if isinstance(inner, FunctionType) and inner.__qualname__.startswith(f"{definition.__qualname__}."):
                yield inner.__code__


def _cell(file: str) -> str:
    """The text of a cell, which is in no file but in Python's own memory of lines; empty of anything else."""
    return "" if Path(file).is_file() else "".join(linecache.getlines(file))


@lru_cache(maxsize=256)
def _statements(text: str) -> tuple[tuple[int, int, str], ...]:
    """First line, last line and text of each statement of a cell, decorators with it."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    module = cast("ast.Module", compile(text, "cell", "exec", flags=flags, dont_inherit=True))
    lines, found = text.splitlines(), list[tuple[int, int, str]]()
    for node in module.body:
        decorators = cast("list[ast.expr]", getattr(node, "decorator_list", []))
        first, last = min(one.lineno for one in (node, *decorators)), node.end_lineno or node.lineno
        found.append((first, last, "\n".join(lines[first - 1 : last])))
    return tuple(found)


def _defines(statement: str, definition: object) -> bool:
    """Whether the name stands in it: generated code has lines of its own."""
    return str(getattr(definition, "__name__", "")).strip("<>") in statement


@lru_cache(maxsize=256)
def used(text: str) -> frozenset[str]:
    """Names of its module that a statement uses, wherever in it."""
    names, waiting = set[str](), [symtable.symtable(text, "cell", "exec")]
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        at_top = scope.get_type() == "module"
        names |= {one.get_name() for one in scope.get_symbols() if (one.is_referenced() if at_top else one.is_global())}
    return frozenset(names)


def _of_name(name: str, value: Any, waiting: list[object]) -> Iterator[str]:
    """What stands under a name: of a definition or a module what it is called, and it is left in `waiting`."""
    value = inspect.unwrap(value) if callable(value) else value
    if inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, ModuleType):
        module = str(getattr(value, "__module__", ""))
        ours = module.partition(".")[0] in OURS
        yield f"{'' if ours else module} {getattr(value, '__qualname__', value.__name__)}"
        waiting.append(value)
        owner = getattr(value, "__self__", None)  # of a method, and of what C defines its module
        if owner is not None:
            yield from _of_name(name, owner, waiting)
    else:
        yield from _of_value(name, value, waiting)


def _of_value(name: str, value: Any, waiting: list[object]) -> Iterator[str]:
    """All that a value says, in pieces; classes that it is of are left in `waiting`."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{value!r};"
    elif isinstance(value, list | tuple):
        yield f"{type(cast('object', value)).__name__}("
        for item in cast("list[Any]", value):
            yield from _of_value(name, item, waiting)
        yield ")"
    elif isinstance(value, Set):
        yield f"set({sorted(''.join(_of_value(name, item, waiting)) for item in cast('Set[Any]', value))})"
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[Any, Any]", value).items():
            yield from _of_value(name, (key, item), waiting)
    elif is_dataclass(value):
        waiting.append(type(value))
        for item in fields(value):
            yield from _of_value(name, (item.name, getattr(value, item.name)), waiting)
    elif hasattr(value, "to_csv"):  # a table of pandas
        yield value.to_csv()
    elif hasattr(value, "detach") or hasattr(value, "tobytes"):  # a tensor, an array
        array = value.detach().cpu().numpy() if hasattr(value, "detach") else value
        yield f"{array.dtype}{array.shape}{array.tobytes().hex()}"
    elif len(repr(value)) <= LONGEST_TEXT and " at 0x" not in repr(value):
        yield f"{type(value).__name__} {value!r};"
    else:
        raise InvalidStudy(
            f"what determines the runs must be readable, {name} of this notebook, a {type(value).__name__}, is not: "
            "define what uses it in a file, or give it as a field"
        )
