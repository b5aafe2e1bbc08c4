"""Verdicts on results that somebody already has: a file's, or an MLflow experiment's."""

from pathlib import Path

from analysis import report as reporting
from analysis.judging.declared import Declaration, declared, read_file
from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from studies.command import places
from studies.command.console import say, to_reader
from studies.command.report import write
from studies.command.terminal import say_verdicts


def judge(
    declaration: Declaration,
    *,
    file: Path | None,
    experiment: str | None,
    output: Path | None,
    tracking_uri: str | None,
) -> int:
    """Shows the verdicts and what they were taken on trust for; with output also writes the report there."""
    if (file is None) == (experiment is None):
        came = "both" if file is not None else "neither"
        raise InvalidStudy(f"results come from FILE or from --from-mlflow NAME, got {came}: give one")
    if file is not None:
        if tracking_uri is not None:
            raise InvalidStudy("FILE and --tracking-uri are two places, got both: leave one away")
        table, place, name = read_file(file), file.name, file.stem
    else:
        assert experiment is not None
        table = tracking.read_experiment(experiment, places.store(tracking_uri))
        place, name = f"the MLflow experiment {experiment}", experiment
    found = reporting.findings_of_declared(name, declared(table, declaration, place))
    console = to_reader()
    say_verdicts(console, name, found.question, found.judged)
    say(console)
    for line in reporting.in_brief(found):
        say(console, line)
    if output is not None:
        write(output, reporting.files(found), found.tables)
        console.print(f"report written to {output}", soft_wrap=True)
    return 0
