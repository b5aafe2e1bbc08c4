"""Names that people give: which are allowed, and names in fewer letters."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

from spectra_tune.errors import InvalidStudy

HASH_LETTERS = 6
"""Of a name's sha256, where fewer letters of the name itself do not tell it from others."""


LONGEST_STUDY_NAME = 200
"""Bytes: a folder's name has at most 255, and a smoke study's or a search's ends in words of its own."""


def checked_name(name: Any, what: str) -> str:
    """A name that stands in tables, pictures and records, refused unless it is one line of text without blanks around
    it: any script and any sign is allowed."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidStudy(f"{what} must be text that is not blank, got {name!r}")
    if name != name.strip():
        raise InvalidStudy(f"{what} must have no blanks around it, got {name!r}: write {name.strip()!r}")
    hidden = sorted({letter for letter in name if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")})
    if hidden:
        raise InvalidStudy(f"{what} must be one line of letters and signs, got {name!r}: take {hidden[0]!r} out of it")
    return name


def checked_study_name(name: Any, what: str = "a study's name") -> str:
    """A name that a study's folder in the storage has as well."""
    checked_name(name, what)
    if name in (".", "..") or "/" in name or "\\" in name or len(name.encode()) > LONGEST_STUDY_NAME:
        raise InvalidStudy(
            f"{what} must be that of a folder: no / and no \\, not . nor .., at most {LONGEST_STUDY_NAME} bytes; "
            f"got {name!r}"
        )
    return name


def distinct_names(names: Iterable[str], *, lost: str, fill: str, longest: int) -> dict[str, str]:
    """Each name without the characters that the pattern `lost` matches, `fill` in the place of each run of them.

    Some of its sha256 stands behind it where a letter or digit was lost, where it was cut, and where two names would be
    one, on a disk that ignores case as well: different names stay different.
    """
    found: dict[str, str] = {}
    unlike: set[str] = set()
    for name in names:
        text = re.sub(f"(?:{lost})+", fill, name).strip(f"{fill} ")
        found[name] = text[:longest].rstrip(f"{fill} ")
        if not text or len(text) > longest or any(map(str.isalnum, "".join(re.findall(lost, name)))):
            unlike.add(name)
    same = Counter(_without_case(text) for text in found.values())

    def hashed(name: str) -> str:
        end = hashlib.sha256(name.encode()).hexdigest()[:HASH_LETTERS]
        return f"{found[name]}-{end}" if found[name] else end

    return {
        name: hashed(name) if name in unlike or same[_without_case(text)] > 1 else text for name, text in found.items()
    }


def _without_case(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
