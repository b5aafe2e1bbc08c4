"""Each how-to page shows one file, and that file works in a copy of the packages."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.tools import pages

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md"))
KINDS = "network objective penalty probe report-section sampler schedule search-space task"

TRY = """
import os, pathlib, runpy, traceback
for folder in sorted(pathlib.Path("tried").iterdir()):
    os.chdir(folder)
    try:
        runpy.run_path("try.py", run_name="tried")
        print("works:", folder.name)
    except Exception:
        traceback.print_exc()
    os.chdir("../..")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The packages with every page's file and lines."""
    root = tmp_path_factory.mktemp("copy")
    for package in ("analysis", "search_spaces", "spectra_tune", "studies"):
        copytree(ROOT / package, root / package, ignore=ignore_patterns("data", "results"))
    (root / "spectra_tune" / "tasks" / "data").symlink_to(ROOT / "spectra_tune" / "tasks" / "data")
    copytree(ROOT / "spectra_tune" / "results", root / "spectra_tune" / "results")
    (root / "studies" / "results").symlink_to(ROOT / "studies" / "results")
    for file in PAGES:
        pages.apply(pages.read(file), root)
    return root


def test_what_every_page_shows_works(copy):
    for file in PAGES:
        page, folder = pages.read(file), copy / "tried" / file.stem
        folder.mkdir(parents=True)
        (folder / "try.py").write_text(page.tried)
        for name, text in page.files.items():
            if "/" not in name:
                (folder / name).write_text(text)
    ran = subprocess.run(
        [sys.executable, "-c", TRY],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    works = [line.removeprefix("works: ") for line in ran.stdout.splitlines() if line.startswith("works: ")]
    assert works == [file.stem for file in PAGES], ran.stderr
    assert len(ran.stdout.splitlines()) > 2 * len(PAGES)  # each prints what came out


@pytest.mark.slow
def test_what_the_pages_add_passes_the_laws_of_its_kind(copy):
    """Those that a name alone brings it under."""
    if not (copy / "tests").exists():
        copytree(ROOT / "tests", copy / "tests", ignore=ignore_patterns("__pycache__"))
    laws = [f"tests/laws/test_{kind}.py" for kind in ("schedule", "probe", "report_section")]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "quadratic or small_weights or worst_seed", *laws],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_there_is_a_page_for_each_kind_of_thing_that_is_added():
    assert " ".join(file.stem for file in PAGES) == KINDS


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_a_page_adds_one_file(file):
    assert len(pages.read(file).files) == (0 if file.stem == "sampler" else 1)
    assert len(file.read_text().splitlines()) <= 90


def test_a_diff_of_what_is_not_there_is_refused(tmp_path):
    (tmp_path / "names.py").write_text("a\nb\n")
    pages.apply(pages.Page(files={}, edits=[("names.py", " a\n+between\n b\n")], tried=""), tmp_path)
    assert (tmp_path / "names.py").read_text() == "a\nbetween\nb\n"
    with pytest.raises(AssertionError, match="must have this once"):
        pages.apply(pages.Page(files={}, edits=[("names.py", " c\n+d\n")], tried=""), tmp_path)
