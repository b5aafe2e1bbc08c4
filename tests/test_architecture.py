"""Arrows between packages point down, and each library has its owner."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from studies import catalogue

ROOT = Path(__file__).parent.parent
PACKAGES = ("spectra_tune", "search_spaces", "analysis", "studies", "benchmarks")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

OWNERS = {
    "torch": (
        *(
            "spectra_tune/products.py",
            "spectra_tune/ritz.py",
            "spectra_tune/spectrum.py",
            "spectra_tune/blocks/",
            "spectra_tune/timing.py",
        ),
        *("spectra_tune/networks/", "spectra_tune/tasks/", "spectra_tune/probes/"),
    ),
    "ctypes": ("spectra_tune/products.py",),
    "sklearn": ("spectra_tune/tasks/", "spectra_tune/complexity.py"),
    "ray": ("spectra_tune/trainable.py", "spectra_tune/launching/", "search_spaces/"),
    "optuna": ("spectra_tune/launching/", "analysis/sensitivity.py"),
    "mlflow": ("spectra_tune/tracking/",),
    "rich": ("spectra_tune/progress.py", "studies/"),
    "scipy": (
        *("analysis/", "benchmarks/statistics.py"),
        *("spectra_tune/spectrum.py", "spectra_tune/ritz.py", "spectra_tune/complexity.py"),
    ),
    "statsmodels": ("analysis/",),
    "markdown_it": ("analysis/report/",),
    "matplotlib": ("analysis/",),
}

LIGHT = ("spectra_tune/design/", "spectra_tune/schedules.py", "spectra_tune/randomness.py", "spectra_tune/__init__.py")
STUDIES = tuple(f"studies/{name}.py" for name in catalogue.listed())
LIGHT_INITS = (
    *(f"spectra_tune/{package}/__init__.py" for package in ("tasks", "networks", "probes")),
    "spectra_tune/tasks/windows.py",
    *STUDIES,
)


def imported(file: Path) -> set[str]:
    """Dotted names of all modules that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the arrow"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def roots(file: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(file)}


@pytest.mark.parametrize("file", FILES, ids=place)
def test_arrows_point_down(file):
    package = place(file).partition("/")[0]
    if package != "benchmarks":
        assert "benchmarks" not in roots(file)
    if package == "spectra_tune":
        assert not roots(file) & {"analysis", "studies", "search_spaces"}
    if package == "search_spaces":
        assert roots(file) <= set(sys.stdlib_module_names) | {"ray", "search_spaces"}
    if package == "analysis":
        assert not roots(file) & {"studies", "search_spaces"}
        ours = {name for name in imported(file) if name.startswith("spectra_tune")}
        allowed = ("spectra_tune.design", "spectra_tune.results")
        assert all(name == "spectra_tune" or name.startswith(allowed) for name in ours), ours


@pytest.mark.parametrize("file", [file for file in FILES if not place(file).startswith("benchmarks/")], ids=place)
def test_each_library_has_its_owner(file):
    for library, owners in OWNERS.items():
        if library in roots(file):
            assert place(file).startswith(owners), f"{place(file)} imports {library}, which {owners} own"


@pytest.mark.parametrize("file", [file for file in FILES if place(file).startswith(LIGHT + LIGHT_INITS)], ids=place)
def test_declarations_use_the_standard_library_only(file):
    spaces = {"search_spaces"} if place(file) in STUDIES else set()
    assert roots(file) <= set(sys.stdlib_module_names) | {"spectra_tune"} | spaces


def test_importing_and_listing_load_nothing_heavy():
    code = (
        "import sys, spectra_tune, spectra_tune.design, spectra_tune.tasks, spectra_tune.networks\n"
        "from studies.__main__ import main\n"
        "assert main(['list']) == 0\n"
        "heavy = {'numpy', 'pandas', 'torch', 'ray', 'mlflow', 'sklearn', 'scipy', 'matplotlib', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_analysis_loads_neither_torch_nor_ray():
    code = "import sys, analysis.report, analysis.contrasts\nassert not {'torch', 'ray', 'mlflow'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", catalogue.listed())
def test_every_study_can_be_loaded_and_shrunk(name):
    assert catalogue.load(name).study.question == catalogue.listed()[name]
    assert catalogue.load(name, smoke=True).name == f"{name}-smoke"
