"""The nearest known name, for what is misspelt in a study file."""

import builtins
import inspect
import re
import sys
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from spectra_tune import design, networks, tasks
from spectra_tune.design import nearest


def hint(error: BaseException, module: ModuleType) -> str:
    """The end of an error line for a misspelt name, attribute, import or keyword in a user's module; or nothing."""
    if isinstance(error, NameError) and error.name:
        return _of_name(error.name, module)
    if isinstance(error, AttributeError) and error.name:
        return _near(error.name, _public(error.obj))
    message = str(error)
    imported = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", message)
    if imported and imported[2] in sys.modules:
        return f"; {nearest(imported[1], _public(sys.modules[imported[2]]))}"
    keyword = re.search(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'", message)
    if keyword and "did you mean" not in message.lower():
        for place in [module, *_ours()]:
            definition = getattr(place, keyword[1], None)
            if callable(definition):
                return f"; {nearest(keyword[2], inspect.signature(definition).parameters)}"
    return ""


def _of_name(name: str, module: ModuleType) -> str:
    """What a name may have meant: one that the file has, or one of ours that it forgot to import."""
    words = {word: ours.__name__ for ours in (design, networks, tasks) for word in _public(ours)}
    if name in words:
        return f"; import it: from {words[name]} import {name}"
    return _near(name, [*_public(module), *_public(builtins), *words])


def _near(name: str, known: list[str]) -> str:
    match = get_close_matches(name, known, n=1)
    return f"; did you mean {match[0]!r}?" if match else ""


def _ours() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith("spectra_tune")]


def _public(thing: Any) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]
