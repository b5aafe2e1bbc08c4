"""Arrows between rooms point down, no two folders and no files import each other, and each library has its owner."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from spectra_tune import engine
from studies.command import catalogue

ROOT = Path(__file__).parent.parent
PACKAGES = ("spectra_tune", "search_spaces", "analysis", "studies", "benchmarks")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

ROOMS = {
    "spectra_tune": (
        *(
            "errors",
            "called",
            "credentials",
            "loading",
            "lock",
            "own_code",
            "fingerprint",
            "randomness",
            "schedules",
            "operators",
            "objectives",
            "geometry",
            "penalties",
            "probes",
        ),
        *("tasks", "networks", "design", "results", "cluster", "engine", "launching", "tracking"),
    ),
    "analysis": ("statistics", "judging", "describing", "figures", "report"),
    "studies": ("command", "account", "notebook", "__main__"),
}
"""Of each package from the ground up: a room imports only those before it."""

OWNERS = {
    "torch": tuple(
        f"spectra_tune/{room}/"
        for room in ("objectives", "operators", "penalties", "probes", "tasks", "networks", "engine")
    ),
    "ctypes": ("spectra_tune/operators/batched_matmul.py",),
    "sklearn": ("spectra_tune/tasks/", "spectra_tune/geometry/complexity.py", "analysis/statistics/left_out.py"),
    "ray": ("spectra_tune/cluster/", "spectra_tune/launching/", "search_spaces/"),
    "optuna": ("spectra_tune/launching/", "analysis/describing/sensitivity.py"),
    "mlflow": ("spectra_tune/tracking/",),
    "rich": ("studies/command/", "studies/account/", "studies/notebook/"),
    "scipy": (
        "analysis/",
        "benchmarks/statistics.py",
        "spectra_tune/operators/",
        "spectra_tune/engine/evaluating.py",
        "spectra_tune/geometry/complexity.py",
    ),
    "statsmodels": ("analysis/statistics/",),
    "IPython": ("studies/notebook/",),
    "markdown_it": ("analysis/report/",),
    "matplotlib": ("analysis/figures/", "analysis/report/"),
}

LIGHT = (
    "design/",
    "errors.py",
    "own_code.py",
    "randomness.py",
    "__init__.py",
    "schedules/__init__.py",
    "schedules/by_time.py",
)
DECLARED = ("tasks", "networks", "probes", "penalties", "objectives")
STUDIES = tuple(f"studies/{name}.py" for name in catalogue.listed())


@cache
def imported(file: Path) -> frozenset[str]:
    """Dotted names of all modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the arrow"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def roots(file: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(file)}


def own_files(file: Path) -> set[Path]:
    """Files of ours that a file imports; of a package and a module in it, both."""
    found = set()
    for name in imported(file):
        path = ROOT / name.replace(".", "/")
        found |= {one for one in (path.with_suffix(".py"), path / "__init__.py") if one in FILE_SET}
    return found - {file}


FILE_SET = frozenset(FILES)


@pytest.mark.parametrize("file", FILES, ids=place)
def test_arrows_between_packages_point_down(file):
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
        allowed = ("spectra_tune.design", "spectra_tune.results", "spectra_tune.errors")
        assert all(name == "spectra_tune" or name.startswith(allowed) for name in ours), ours


@pytest.mark.parametrize("file", [file for file in FILES if place(file).partition("/")[0] in ROOMS], ids=place)
def test_arrows_between_rooms_point_down(file):
    package, *rest = place(file).removesuffix(".py").split("/")
    rooms = ROOMS[package]
    if rest[0] == "__init__":
        return
    here = rooms.index(rest[0]) if rest[0] in rooms else 0  # a study's file is on the ground
    assert rest[0] in rooms or place(file) in STUDIES, f"{place(file)} is in no room: give it one"
    for name in imported(file):
        there = name.split(".")
        if there[0] == package and len(there) > 1 and there[1] in rooms:
            assert rooms.index(there[1]) <= here, f"{place(file)} imports {name}, which lies above it"


def test_no_two_folders_import_each_other():
    arrows = {(one.parent, other.parent) for one in FILES for other in own_files(one) if other.name != "__init__.py"}
    both = {(place(a), place(b)) for a, b in arrows if a != b and (b, a) in arrows}
    assert not both


def test_no_files_import_each_other_in_a_circle():
    """A package stands for its __init__, which may import its own files; what they import from it would be a circle."""
    graph = {file: own_files(file) - set(_own_inits(file)) for file in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(place(file) for file in error.args[1]))


def _own_inits(file: Path):
    """The __init__ of every package that a file lies in: part of a submodule's full name, no import of its own."""
    return [parent / "__init__.py" for parent in file.parents]


def test_the_root_of_studies_has_only_questions():
    there = {file.name for file in (ROOT / "studies").glob("*.py")}
    assert there == {"__init__.py", "__main__.py", *(f"{name}.py" for name in catalogue.listed())}


@pytest.mark.parametrize("file", [file for file in FILES if not place(file).startswith("benchmarks/")], ids=place)
def test_each_library_has_its_owner(file):
    for library, owners in OWNERS.items():
        if library in roots(file):
            assert place(file).startswith(owners), f"{place(file)} imports {library}, which {owners} own"


def _is_declaration(file: Path) -> bool:
    package, _, rest = place(file).partition("/")
    light = package == "spectra_tune" and rest.startswith(LIGHT)
    return light or place(file) in STUDIES or rest in {f"{room}/__init__.py" for room in DECLARED}


@pytest.mark.parametrize("file", [file for file in FILES if _is_declaration(file)], ids=place)
def test_declarations_use_the_standard_library_only(file):
    spaces = {"search_spaces", "studies"} if place(file) in STUDIES else set()
    assert roots(file) <= set(sys.stdlib_module_names) | {"spectra_tune"} | spaces


def test_importing_and_listing_load_nothing_heavy():
    code = (
        "import sys, spectra_tune, spectra_tune.design, spectra_tune.tasks, spectra_tune.networks\n"
        "heavy = {'numpy', 'pandas', 'torch', 'ray', 'mlflow', 'sklearn', 'scipy', 'matplotlib'}\n"
        "assert not (heavy | {'rich'}) & set(sys.modules), (heavy | {'rich'}) & set(sys.modules)\n"
        "from studies.__main__ import main\n"
        "assert main(['list']) == 0\n"  # shown by rich, which is light
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_analysis_loads_neither_torch_nor_ray():
    code = "import sys, analysis.report\nassert not {'torch', 'ray', 'mlflow'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_that_is_refused_has_loaded_nothing_heavy():
    code = (
        "import sys, studies.command.run\n"
        "assert not {'torch', 'ray', 'mlflow', 'scipy', 'matplotlib', 'numba'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_hands_perceptrons_out_has_loaded_neither_torch_nor_what_draws():
    code = (
        "import sys, studies.command.training\n"
        "from spectra_tune.engine import bytes_on_gpu, kernel_is_to_be_compiled, needs_kernel\n"
        "from spectra_tune.launching.parts import handed_out\n"
        "from studies import capacity\n"
        "blocks = {str(at): block for at, block in enumerate(capacity.STUDY.blocks())}\n"
        "assert handed_out(blocks, {name: [block.seeds] for name, block in blocks.items()}, 2, gpus=False)\n"
        "assert needs_kernel(capacity.STUDY)\n"
        "kernel_is_to_be_compiled()\n"
        "assert bytes_on_gpu(next(iter(blocks.values()))) > 0\n"
        "heavy = {'torch', 'numba', 'matplotlib', 'statsmodels'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_of_the_engine_is_one_of_its_files():
    assert all(getattr(engine, name) for name in engine.__all__)
    assert set(engine.__all__) == set(engine._FILE_OF)
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        engine.trian  # noqa: B018


@pytest.mark.parametrize("name", catalogue.listed())
def test_every_study_can_be_loaded_and_shrunk(name):
    assert catalogue.load(name).study.question == catalogue.listed()[name]
    assert catalogue.load(name, smoke=True).name == f"{name}-smoke"
