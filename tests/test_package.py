"""What is installed from the wheel: little, whole, and of use in an empty folder."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
PACKAGES = ("analysis", "search_spaces", "spectra_tune", "studies")


def shipped():
    """Files beside the code that the wheel has."""
    for package, patterns in SETUPTOOLS["package-data"].items():
        for place in PACKAGES if package == "*" else [package.replace(".", "/")]:
            for pattern in patterns:
                found = list((ROOT / place).glob(pattern))
                assert found, f"{place} has no {pattern}"
                yield from found


def test_the_wheel_is_small_and_has_the_data_that_tasks_read():
    files = set(shipped())
    data = {one for one in (ROOT / "spectra_tune" / "tasks" / "data").iterdir() if one.suffix != ".md"}
    assert data <= files
    assert ROOT / "studies" / "results" / "evidence.csv" in files
    code = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    assert sum(file.stat().st_size for file in [*files, *code]) < 10e6


def test_every_package_says_that_it_has_types():
    assert all((ROOT / package / "py.typed").exists() for package in PACKAGES)


def test_what_developing_needs_has_an_exact_version():
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    needed = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    names = {one.partition(">")[0].partition("[")[0].lower() for one in needed}
    assert names <= pinned


def test_no_version_has_an_upper_bound():
    """But Python's, of which nothing newer was tried."""
    assert not [one for one in PROJECT["project"]["dependencies"] if "<" in one or "==" in one]


@pytest.mark.slow
def test_a_wheel_is_of_use_in_an_empty_folder(tmp_path):
    source, site, empty = tmp_path / "source", tmp_path / "site", tmp_path / "empty"
    copytree(ROOT, source, ignore=ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "docs", "tests"))
    empty.mkdir()

    def python(*arguments, folder=source, **given):
        outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment = outside | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | given
        return subprocess.run(
            [sys.executable, "-P", "-m", *arguments],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    python("build", "--wheel", "--no-isolation", "--skip-dependency-check")
    (wheel,) = (source / "dist").glob("*.whl")
    assert wheel.stat().st_size < 10e6
    python("twine", "check", "--strict", str(wheel))
    python("check_wheel_contents", str(wheel))
    python("pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    where = {"folder": empty, "PYTHONPATH": str(site)}
    assert "capacity" in python("studies", "list", **where)
    asked = "advise --task moons --network mlp --width 16 --epochs 100"
    assert "unknown" in python("studies", *asked.split(), **where)
    kept = ROOT / "studies" / "results" / "founding_lesson.parquet"
    assert "report written" in python(
        "studies", "report", "founding_lesson", "--from", str(kept), "--output", "r", **where
    )
    rows = [
        f"{arm},{seed},{0.8 + seed / 100 + gain}" for seed in range(8) for arm, gain in (("a", 0), ("b", seed / 500))
    ]
    (empty / "runs.csv").write_text("\n".join(["arm,seed,score", *rows]))
    asked = "judge runs.csv --arm arm --seed seed --metric score --baseline a --fraction --margin 1"
    assert "b − a" in python("studies", *asked.split(), **where)
