"""The report of a study that has run, from its MLflow record or from tables that were kept."""

from pathlib import Path

from rich.console import Console

from analysis import report as reporting
from analysis.judging.contrasts import judge_study
from analysis.judging.question import question_of
from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.results import Tables
from studies.command import archive, catalogue, places
from studies.command.console import to_reader
from studies.command.pasted import verb_on
from studies.command.terminal import base_url, conclude, say_verdicts
from studies.command.unchanged import check_unchanged

RESULTS = Path(__file__).parent.parent / "results"
"""Where the kept studies are."""


def report(name: str, *, smoke: bool, output: Path | None, latex: bool, tracking_uri: str | None) -> int:
    """Shows a finished study's verdicts; with output also writes its report, tables and figures there.

    latex: for a paper.
    """
    console = to_reader()
    named = catalogue.load(name, smoke=smoke)
    uri = places.store(tracking_uri)
    tables = recorded_tables(named, uri)
    if output is None:
        show_verdicts(console, named, uri, tables)
        return 0
    pages = tracking.pages(named.name, uri, base_url(uri))
    found = reporting.findings(named.name, named.study, tables, links=pages.runs, compared=pages.compared)
    conclude(console, named, found.judged, uri)
    write(output, reporting.paper(found) if latex else reporting.files(found), tables)
    console.print(f"report written to {output}", soft_wrap=True)
    return 0


def show_verdicts(console: Console, named: catalogue.Named, uri: str, tables: Tables) -> None:
    """Verdicts of a study that is recorded, and where to look into it."""
    conclude(console, named, judge_study(named.study, tables.runs), uri)


def recorded_tables(named: catalogue.Named, uri: str) -> Tables:
    """The tables of a study that has run; one that has not, or was declared otherwise since, is refused."""
    recorded = tracking.find_execution(named.name, uri)
    if recorded is None:
        raise InvalidStudy(
            f"study {named.name!r} must have run, {uri} has no record of it: {verb_on(named, 'run', uri=uri)}"
        )
    if not recorded.finished:
        resume = verb_on(named, "run", "--resume", uri=uri)
        raise InvalidStudy(f"study {named.name!r} must be finished, its record in {uri} is not: {resume}")
    check_unchanged(named, recorded, uri)
    return tracking.read_tables(named.name, uri)


def report_kept(name: str, file: Path, *, smoke: bool, output: Path | None, latex: bool) -> int:
    """The same from a kept study's files: no store, no training."""
    console = to_reader()
    named = catalogue.load(name, smoke=smoke)
    tables = read_kept(named, file)
    if output is None:
        say_verdicts(console, named.name, question_of(named.study), judge_study(named.study, tables.runs))
        return 0
    found = reporting.findings(named.name, named.study, tables)
    say_verdicts(console, named.name, found.question, found.judged)
    write(output, reporting.paper(found) if latex else reporting.files(found), tables)
    console.print(f"report written to {output}", soft_wrap=True)
    return 0


def read_kept(named: catalogue.Named, file: Path) -> Tables:
    """A kept study's tables; those of another study, or of this one when it was declared otherwise, are refused."""
    name, signature, tables = archive.read(file)
    if name != named.name:
        raise InvalidStudy(f"--from must be the file of {named.name!r}, {file} holds {name!r}")
    if signature != named.study.signature():
        raise InvalidStudy(
            f"study {named.name!r} has changed since {file} was kept: what it tests is fixed before its first run; "
            "undo the change, or run the study again"
        )
    return tables


def write(output: Path, files: dict[str, bytes], tables: Tables) -> None:
    """The report's files and its tables that have rows."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (output / name).write_bytes(content)
        for name, table in [(name, table) for name, table in tables._asdict().items() if not table.empty]:
            table.to_parquet(output / f"{name}.parquet", index=False)
    except OSError as error:
        raise InvalidStudy(f"--output must be a folder that can be written, got {output}: {error.strerror}") from None
