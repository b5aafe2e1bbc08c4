"""Breaks the analysis on purpose, one mutation at a time, and checks that the suite turns red: `make mutate`.

Each mutation is made in a copy of the repository. Prints one line for each and ends with 1 if any survived.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = (
    "analysis",
    "benchmarks",
    "spectra_tune",
    "studies",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
    "Makefile",
)


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A wrong edit, and the tests that must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        name="pairs are joined by row order, not by seed",
        file="analysis/judging/matching.py",
        old='both = both[both["_merge"] == "both"].sort_values(keys, kind="stable")',
        new='both = both[both["_merge"] == "both"].sort_values(keys, kind="stable")\n'
        '    for name in [name for name in both if name.endswith("_of_baseline")]:\n'
        "        both[name] = both[name].to_numpy()[::-1]",
        tests=("tests/analysis/judging/test_matching.py",),
    ),
    Mutation(
        name="epochs may differ unnoticed",
        file="analysis/judging/matching.py",
        old="    check_fields(both, [*protocol,",
        new='    check_fields(both, [*(name for name in protocol if name != "epochs"),',
        tests=("tests/analysis/judging/test_matching.py",),
    ),
    Mutation(
        name="diverged runs keep their raw value",
        file="analysis/judging/matching.py",
        old="    value, constant = values_of(once, measured)\n",
        new="    value, constant = values_of(once.assign(status='ok'), measured)\n"
        "    value = value.fillna(value.mean())\n",
        tests=("tests/analysis/judging/test_matching.py",),
    ),
    Mutation(
        name="diverged runs are dropped",
        file="analysis/judging/verdict.py",
        old="    everyone = family_statistics(family, rules.margin, rules.tests)\n",
        new="    family = [one.complete_cases() if one.failure is None else one for one in family]\n"
        "    everyone = family_statistics(family, rules.margin, rules.tests)\n",
        tests=("tests/analysis/judging/test_verdict.py", "tests/analysis/statistics/test_calibration.py"),
    ),
    Mutation(
        name="Holm's correction is skipped",
        file="analysis/statistics/significance.py",
        old="factors = len(values) - numpy.arange(len(values))",
        new="factors = numpy.ones(len(values))",
        tests=("tests/analysis/statistics/test_significance.py", "tests/analysis/statistics/test_calibration.py"),
    ),
    Mutation(
        name="max-T corrects for nothing",
        file="analysis/statistics/significance.py",
        old="largest_from_here = numpy.maximum.accumulate(flipped[:, ::-1], axis=1)[:, ::-1]",
        new="largest_from_here = flipped",
        tests=("tests/analysis/statistics/test_significance.py", "tests/analysis/statistics/test_calibration.py"),
    ),
    Mutation(
        name="failed contrasts do not count in m",
        file="analysis/statistics/significance.py",
        old="factors = len(values) - numpy.arange(len(values))",
        new="factors = numpy.sum(~numpy.isnan(values)) - numpy.arange(len(values))",
        tests=("tests/analysis/statistics/test_significance.py", "tests/analysis/judging/test_verdict.py"),
    ),
    Mutation(
        name="confirmation on search seeds is let through",
        file="analysis/judging/selection.py",
        old="    both = sorted(set(search_seeds) & set(confirmation_seeds))",
        new="    both = []",
        tests=("tests/analysis/judging/test_selection.py", "tests/analysis/judging/test_contrasts.py"),
    ),
    Mutation(
        name="search runs are judged",
        file="analysis/judging/contrasts.py",
        old='confirmed = runs[(runs["stage"] == "confirm") & runs["condition_signature"].isin(list(labels))]',
        new='confirmed = runs[runs["condition_signature"].isin(list(labels))]',
        tests=("tests/analysis/judging/test_contrasts.py",),
    ),
    Mutation(
        name="the sign-flip test is not asked",
        file="analysis/judging/family.py",
        old="both = [p for p in (p_t[index], p_flip[index]) if p is not None]",
        new="both = [p for p in (p_t[index],) if p is not None]",
        tests=("tests/analysis/judging/test_verdict.py",),
    ),
    Mutation(
        name="a margin of 1 pp is tested against 0",
        file="analysis/statistics/equivalence.py",
        old='return _above(d, margin, level, "superiority by a margin")',
        new='return _above(d, 0.0, level, "superiority by a margin")',
        tests=("tests/analysis/statistics/test_equivalence.py", "tests/analysis/statistics/test_calibration.py"),
    ),
    Mutation(
        name="negligible is told by one contrast's own interval",
        file="analysis/judging/verdict.py",
        old="    within = _shown(found.p_tost_adjusted, SECONDARY_ALPHA)",
        new="    within = -rules.margin < found.low90 and found.high90 < rules.margin",
        tests=("tests/analysis/judging/test_verdict.py", "tests/analysis/statistics/test_calibration.py"),
    ),
    Mutation(
        name="the interval is a normal one, not t",
        file="analysis/statistics/significance.py",
        old="half = float(special.stdtrit(n - 1, (1 + level) / 2)) * error",
        new="half = float(special.ndtri((1 + level) / 2)) * error",
        tests=("tests/analysis/statistics/test_significance.py", "tests/analysis/statistics/test_calibration.py"),
    ),
    Mutation(
        name="a training metric may carry a verdict",
        file="spectra_tune/design/outcome.py",
        old="        if self.metric not in known:",
        new="        if self.metric not in SPLIT_METRICS:",
        tests=("tests/spectra_tune/design/test_design.py",),
    ),
    Mutation(
        name="a contrast that spans epochs is judged",
        file="analysis/judging/verdict.py",
        old='    if "epochs" in one.spans:',
        new="    if False:",
        tests=("tests/analysis/judging/test_verdict.py",),
    ),
    Mutation(
        name="tasks are pooled seed by seed",
        file="analysis/statistics/pooling.py",
        old="    t = paired_t(means, level)",
        new="    t = paired_t(numpy.concatenate(list(samples.values())), level)",
        tests=("tests/analysis/statistics/test_pooling.py", "tests/analysis/statistics/test_calibration.py"),
    ),
)


def is_green(tests: tuple[str, ...], mutation: Mutation | None = None) -> bool | None:
    """Whether the tests pass in a copy with the mutation; None where it no longer applies."""
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder)
        if mutation is not None:
            file = Path(folder) / mutation.file
            text = file.read_text()
            if text.count(mutation.old) != 1:
                return None
            file.write_text(text.replace(mutation.old, mutation.new))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": folder}
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode not in (0, 1):
            raise RuntimeError(f"pytest could not run:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        return ended.returncode == 0


def main() -> int:
    everything = tuple(sorted({test for mutation in MUTATIONS for test in mutation.tests}))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        control = pool.submit(is_green, everything)
        outcomes = list(pool.map(lambda mutation: is_green(mutation.tests, mutation), MUTATIONS))
    words = {False: "seen", True: "SURVIVED", None: "NO LONGER APPLIES"}
    for mutation, outcome in zip(MUTATIONS, outcomes, strict=True):
        print(f"{words[outcome]:<18} {mutation.name}  ({mutation.file})")
    print(f"{'green' if control.result() else 'RED':<18} without any mutation")
    return int(not control.result() or any(outcome is not False for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
