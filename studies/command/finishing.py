"""The end of a study: judged, written into MLflow and printed. What loads with it is not needed before."""

from collections.abc import Sequence

from rich.console import Console

from analysis import report as reporting
from analysis.judging.contrasts import judge_study
from analysis.judging.question import question_of
from spectra_tune import tracking
from spectra_tune.results import Tables
from studies.command import models, terminal
from studies.command.catalogue import Named
from studies.command.complexities import with_complexities
from studies.command.console import say
from studies.command.mlflow_records import counts, for_children
from studies.command.pasted import verb_on


def finish(
    console: Console,
    verdicts: Console,
    named: Named,
    tracker: tracking.Tracker,
    tables: Tables,
    uri: str,
    place: str,
    lost: Sequence[str] = (),
) -> int:
    """Judges a study's tables, writes all into MLflow and prints what came out on `verdicts`; returns the exit code.

    lost: blocks that may come out otherwise at another try: the record is then not a finished one.
    """
    study = named.study
    tables = with_complexities(study, tables)
    loose = int((~tables.runs["equal_bits"]).sum())
    if loose:
        say(
            console,
            f"WARNING: on this processor the bits of {loose} runs depend on what trained beside them; their verdicts "
            "stand, but another composition of the blocks would not repeat them to the bit",
        )
    try:
        models.log(console, named, tracker, tables.runs, place)
        pages = tracker.pages(terminal.base_url(uri))
        found = reporting.findings(named.name, study, tables, links=pages.runs, compared=pages.compared)
        judged = found.judged
        summaries, tags = for_children(found)
        tracker.finish(
            tables,
            outcome=study.outcome.metric,
            summaries=summaries,
            tags=tags,
            parent_metrics=counts(judged),
            description=reporting.overview(found),
            artifacts=reporting.files(found),
            status="FAILED" if lost else "FINISHED",
        )
    except tracking.StoreLost as error:
        terminal.say_verdicts(verdicts, named.name, question_of(study), judge_study(study, tables.runs))
        say(
            console,
            f"NOT RECORDED: {error}. All results are kept in {place}/{named.name}; once the store answers: "
            f"{verb_on(named, 'sync', uri=uri, place=place)}",
        )
        return 1
    terminal.conclude(verdicts, named, judged, uri)
    return 0
