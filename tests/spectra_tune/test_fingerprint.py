"""Everything that determines a run's bits is in the fingerprint of the code."""

import ast
import shutil
from pathlib import Path

import pytest

from spectra_tune import fingerprint
from spectra_tune.fingerprint import DATA, DETERMINING, NOT_DETERMINING, PACKAGE

ROOT = PACKAGE.parent


def reached(start: Path) -> set[Path]:
    """Files of the package that a file imports, from file to file; of those found by name, every one in the folder."""
    found, waiting = set(), [start]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Name) and node.id == "import_module":
                waiting += file.parent.glob("*.py")
                continue
            else:
                continue
            for name in names:
                path = ROOT / name.replace(".", "/")
                of_parents = [one / "__init__.py" for one in path.parents if one.is_relative_to(PACKAGE)]
                here = (path.with_suffix(".py"), path / "__init__.py", *of_parents)
                waiting += [one for one in here if one.is_file()]
    return {file for file in found if file.is_relative_to(PACKAGE)}


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0]


def test_all_that_training_imports_is_hashed_or_said_not_to_determine():
    files = reached(PACKAGE / "engine/training.py")
    assert {"objectives", "penalties", "schedules", "operators"} <= {room(file) for file in files}
    assert PACKAGE / "penalties/frobenius.py" in files
    hashed = set(fingerprint.determining())
    missing = {file.relative_to(PACKAGE).as_posix() for file in files - hashed if room(file) not in NOT_DETERMINING}
    assert not missing


def test_every_room_is_said_to_determine_bits_or_not():
    rooms = {room(file) for file in PACKAGE.rglob("*.py")}
    assert rooms == {*DETERMINING, *NOT_DETERMINING}
    assert all(NOT_DETERMINING.values())


def test_data_count_like_code():
    kept = {file.suffix for file in PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert kept - {".md", ".typed"} == set(DATA)


@pytest.mark.parametrize("changed", ["design/condition.py", "objectives/regression.py", "tasks/data/baarle.geojson"])
def test_the_digest_is_that_of_contents_wherever_they_lie(tmp_path, monkeypatch, changed):
    known = fingerprint.code_digest.__wrapped__()
    copy = shutil.copytree(PACKAGE, tmp_path / "elsewhere")
    monkeypatch.setattr(fingerprint, "PACKAGE", copy)
    assert fingerprint.code_digest.__wrapped__() == known
    with (copy / changed).open("a") as file:
        file.write("\n")
    assert fingerprint.code_digest.__wrapped__() != known
