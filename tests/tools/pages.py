"""What a how-to page shows: the file that it adds, the lines that it changes, and what is tried then."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Page:
    """files and edits by the path that a block's first line names; tried: a block without one."""

    files: dict[str, str]
    edits: list[tuple[str, str]]
    tried: str


def read(file: Path) -> Page:
    blocks = re.findall(r"^```(python|diff)\n(.*?)^```", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    files, edits, tried = {}, [], []
    for kind, text in blocks:
        named = re.match(r"# ([\w/]+\.py)\n", text)
        if kind == "diff":
            assert named, f"a diff in {file.name} must begin with the file that it changes"
            edits.append((named[1], text[named.end() :]))
        elif named:
            files[named[1]] = text
        else:
            tried.append(text)
    assert len(tried) == 1, f"{file.name} must show one block that tries what it adds, got {len(tried)}"
    return Page(files=files, edits=edits, tried=tried[0])


def apply(page: Page, root: Path) -> None:
    """Writes what has a folder into a copy of the packages, which must have what a diff says that they have."""
    for name, text in page.files.items():
        if "/" in name:
            assert not (root / name).exists(), f"{name} is there already"
            (root / name).write_text(text)
    for name, diff in page.edits:
        lines = diff.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = (root / name).read_text()
        assert text.count(before) == 1, f"{name} must have this once:\n{before}"
        (root / name).write_text(text.replace(before, after))
