"""The command line: one function for each verb, which imports what is heavy itself."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn, TextIO

from spectra_tune.design import InvalidStudy
from spectra_tune.loading import collect_seldom
from studies.command import catalogue
from studies.command.console import readable_output, say, to_reader
from studies.command.interrupts import ReaderGone

INTERRUPTED = 130

FORMATS = ("page", "latex")
"""Of a report's files."""

UNREAD = 141
"""As a shell counts a command that a closed pipe has ended."""


class _Parser(argparse.ArgumentParser):
    """argparse whose errors are one line, like every other error here."""

    def error(self, message: str) -> NoReturn:
        raise InvalidStudy(f"{message}; see {self.prog} --help")

    def _print_message(self, message: str, file: TextIO | None = None) -> None:
        """argparse's help, to a reader who may leave in the middle."""
        to_reader(stderr=file is sys.stderr).print(message, end="", soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    top = _Parser(prog="spectra-tune", description="Controlled studies of spectral regularization.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    verbs.add_parser("list", help="the studies and their questions")

    def named(verb: str, help: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(verb, help=help)
        one.add_argument("name", metavar="NAME", help="a study of `list`, or the path of your own study file")
        one.add_argument(
            catalogue.SMOKE, action="store_true", help="its small sibling NAME-smoke: seconds, no real answer"
        )
        return one

    named("show", "the plan, without running it")
    run = named("run", "train the study, judge its contrasts, record all in MLflow")
    run.add_argument(
        "--resume", action="store_true", help="continue it if it has begun; show its verdicts if it is done"
    )
    run.add_argument(
        "--accept-changes", action="store_true", help="continue although packages or code are others than at its start"
    )
    run.add_argument("--quiet", action="store_true", help="no plan and no progress, only what came out")
    run.add_argument("--address", help="a running Ray cluster (default: RAY_ADDRESS, else a local Ray)")
    run.add_argument("--storage", help="folder or URI of Ray's checkpoints (default: ./ray_results)")
    report = named("report", "the verdicts of a finished study")
    report.add_argument("--output", type=Path, help="also write the report, its tables and figures into this folder")
    report.add_argument(
        "--format", choices=FORMATS, default=FORMATS[0], help="of --output: a page, or LaTeX for a paper"
    )
    report.add_argument("--from", type=Path, dest="kept", metavar="FILE", help="of studies/results, not from MLflow")
    sync = named("sync", "judge and record a study that ended while its MLflow store was away")
    sync.add_argument("--storage", help="folder or URI of Ray's checkpoints (default: ./ray_results)")
    rerun = verbs.add_parser("rerun", help="train an arm's MLflow run again, and say whether the bits agree")
    rerun.add_argument("run_id", metavar="RUN_ID", help="of a child in MLflow: the end of its page's address")
    judge = verbs.add_parser(
        "judge", help="verdicts on results that you already have: a table, or an MLflow experiment"
    )
    judge.add_argument("file", metavar="FILE", nargs="?", type=Path, help="CSV or Parquet, a row per run")
    judge.add_argument("--from-mlflow", metavar="NAME", help="an experiment instead; params, tags, metrics are columns")
    judge.add_argument("--arm", metavar="COLUMN", required=True, help="what the comparison is between")
    judge.add_argument("--seed", metavar="COLUMN", required=True, help="what pairs the runs of two arms")
    judge.add_argument("--metric", metavar="COLUMN", required=True)
    _several(judge, "--condition", metavar="COLUMN", help="what else tells runs apart: pairs never cross it")
    judge.add_argument("--baseline", metavar="ARM", required=True)
    _several(judge, "--treatment", metavar="ARM", help="default: every other arm")
    judge.add_argument("--lower-is-better", action="store_true")
    unit = judge.add_mutually_exclusive_group()
    unit.add_argument("--percent", action="store_const", dest="given_in", const="percent", help="93.1 is 93.1 %%")
    unit.add_argument("--fraction", action="store_const", dest="given_in", const="fractions", help="0.931 is 93.1 %%")
    judge.add_argument(
        "--margin",
        metavar="M",
        type=float,
        required=True,
        help="the difference that would matter: percentage points with --percent or --fraction, else the metric's unit",
    )
    judge.add_argument("--alpha", metavar="A", type=float, default=0.01, help="over all comparisons (default: 0.01)")
    _several(judge, "--selected-on", metavar="SEED", help="seeds that chose an arm or a setting")
    judge.add_argument("--output", metavar="DIR", type=Path, help="also write the report, its tables and figures there")
    advise = verbs.add_parser("advise", help="use the penalty or not, from the evidence in studies/results")
    advise.add_argument("--task", required=True, help="as the run table writes it: moons, or moons(noise_std=0.3)")
    advise.add_argument("--network", default="mlp", help="its kind: mlp (default), cnn, transformer, rnn, gcn")
    advise.add_argument("--width", required=True, type=int, help="of the hidden layers; channels of a cnn")
    advise.add_argument("--epochs", required=True, type=int)
    for one in (run, report, sync, rerun, judge, verbs.add_parser("ui", help="open the MLflow UI on the store in use")):
        one.add_argument("--tracking-uri", help="MLflow store (default: MLFLOW_TRACKING_URI, else ./mlflow.db)")
    return top


def _several(verb: argparse.ArgumentParser, option: str, *, metavar: str, help: str) -> None:
    """An option of several values, which may also be given several times."""
    verb.add_argument(option, metavar=metavar, nargs="+", action="extend", default=[], help=help)


def main(arguments: list[str] | None = None) -> int:
    """Runs one verb; returns the exit code.

    0 done, 1 a block failed or bits differ, 2 refused, 130 interrupted, 141 nobody reads the output any more.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    collect_seldom()
    readable_output()
    try:
        return _carried_out(arguments)
    except ReaderGone:
        return UNREAD


def _carried_out(arguments: list[str] | None) -> int:
    """Runs one verb; an error is one line."""
    try:
        given = parser().parse_args(arguments)
        if given.verb == "list":
            return _list()
        if given.verb == "show":
            return _show(given)
        if given.verb == "advise":
            from studies.account.advise import advise

            return advise(task=given.task, network=given.network, width=given.width, epochs=given.epochs)
        if given.verb == "ui":
            from studies.command.ui import ui

            return ui(tracking_uri=given.tracking_uri)
        if given.verb == "rerun":
            from studies.command.rerun import rerun

            return rerun(given.run_id, tracking_uri=given.tracking_uri)
        if given.verb == "report":
            return _report(given)
        if given.verb == "judge":
            return _judge(given)
        if given.verb == "sync":
            from studies.command.sync import sync

            return sync(given.name, smoke=given.smoke, storage=given.storage, tracking_uri=given.tracking_uri)
        from studies.command.run import run

        return run(
            given.name,
            smoke=given.smoke,
            resume=given.resume,
            quiet=given.quiet,
            accept_changes=given.accept_changes,
            address=given.address,
            storage=given.storage,
            tracking_uri=given.tracking_uri,
        )
    except InvalidStudy as error:
        from spectra_tune.tracking import StoreLost

        then = "; mend that, and give the same command again" if isinstance(error, StoreLost) else ""
        say(to_reader(stderr=True), f"spectra-tune: {' '.join(str(error).split())}{then}")
        return 2
    except ReaderGone:
        raise
    except KeyboardInterrupt:
        say(to_reader(stderr=True), "spectra-tune: interrupted")
        return INTERRUPTED


def _list() -> int:
    console, studies = to_reader(), catalogue.listed()
    for name, question in studies.items():
        say(console, f"{name:<{max(map(len, studies))}}  {question}")
    return 0


def _report(given: argparse.Namespace) -> int:
    from studies.command import report

    latex = given.format == "latex"
    if latex and given.output is None:
        raise InvalidStudy("--format latex writes files: give the folder for them, --output DIR")
    if given.kept is not None:
        if given.tracking_uri is not None:
            raise InvalidStudy("--from and --tracking-uri are two places, got both: leave one away")
        return report.report_kept(given.name, given.kept, smoke=given.smoke, output=given.output, latex=latex)
    return report.report(
        given.name, smoke=given.smoke, output=given.output, latex=latex, tracking_uri=given.tracking_uri
    )


def _judge(given: argparse.Namespace) -> int:
    from analysis.judging.declared import Declaration
    from studies.command.judge import judge

    declaration = Declaration(
        arm=given.arm,
        seed=given.seed,
        metric=given.metric,
        conditions=tuple(given.condition),
        baseline=given.baseline,
        treatments=tuple(given.treatment),
        lower_is_better=given.lower_is_better,
        given_in=given.given_in,
        margin=given.margin,
        alpha=given.alpha,
        selected_on=tuple(given.selected_on),
    )
    return judge(
        declaration,
        file=given.file,
        experiment=given.from_mlflow,
        output=given.output,
        tracking_uri=given.tracking_uri,
    )


def _show(given: argparse.Namespace) -> int:
    from studies.command import duration, plan, rehearsal

    named = catalogue.load(given.name, smoke=given.smoke)
    rehearsal.rehearse_own(named.study)
    console = to_reader()
    say(console, plan.text(named.name, named.study))
    console.file.flush()  # timing takes seconds
    say(console, f"time        {duration.in_words(named.study)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
