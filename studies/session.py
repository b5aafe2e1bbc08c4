"""One execution of a study, from its plan to its verdicts: where blocks, tracking and analysis meet."""

import os
import shutil
import signal
import threading
from pathlib import Path

import pandas
from rich.console import Console
from rich.table import Table

from analysis import report as reporting
from analysis.contrasts import Judged, arm_summaries, judge_study
from spectra_tune import tracking
from spectra_tune.design import Block, InvalidStudy, condition_signature
from spectra_tune.progress import Display
from spectra_tune.results import Tables
from studies import catalogue, plan
from studies.largest import Largest

UI_BASE = "http://127.0.0.1:5000"
INTERRUPTED = 130


def run(
    name: str,
    *,
    smoke: bool,
    resume: bool,
    quiet: bool,
    address: str | None,
    storage: str | None,
    tracking_uri: str | None,
) -> int:
    """Trains a study (or continues it, or shows its verdicts if it is done); returns the exit code."""
    console, talk = Console(), Console(quiet=quiet)
    named = catalogue.load(name, smoke=smoke)
    uri = _store(tracking_uri)
    place = _storage(storage)
    recorded = tracking.find_execution(named.name, uri)
    if recorded is not None and not resume:
        raise InvalidStudy(f"study {named.name!r} exists in {uri}: add --resume to continue it or to see its verdicts")
    if recorded is not None and recorded.study_signature != named.study.signature():
        raise InvalidStudy(
            f"study {named.name!r} has changed since it was recorded in {uri}: what it tests is fixed before its first "
            "run; undo the change, or give the new question a name of its own"
        )
    if recorded is not None and recorded.finished:
        runs = tracking.read_tables(named.name, uri).runs
        _conclude(console, named, judge_study(named.study, runs), uri)
        return 0
    from spectra_tune import launching  # loads ray and torch: not needed to refuse or to show a finished study

    if recorded is None and launching.can_resume(named.name, place):
        raise InvalidStudy(
            f"{place}/{named.name} holds checkpoints of a study of this name that {uri} does not know: "
            "remove that folder or use another --storage"
        )
    # MLflow takes seconds to load, in which Ray's processes start.
    threading.Thread(target=tracking.load, daemon=True).start()
    launching.connect(address)
    launching.warm_up(len(named.study.conditions))
    talk.print(plan.text(named.name, named.study), highlight=False, markup=False, soft_wrap=True)
    talk.print()
    return _train(console, talk, named, uri, place, begun=recorded is not None)


def _train(console: Console, talk: Console, named: catalogue.Named, uri: str, place: str, *, begun: bool) -> int:
    """Trains what is not yet trained, judges it and records it; `talk` shows how far it is."""
    from spectra_tune import launching

    study = named.study
    labels = study.labels()
    blocks = block_names(study.blocks())
    tracker = tracking.Tracker.begin(
        named.name,
        study,
        uri,
        labels=labels,
        description=f"**{study.question}**\n\n```\n{plan.text(named.name, study)}\n```",
        parameters=plan.parameters(study),
        tags={"storage": place, "study": _as_typed(named)},
    )
    # A preempted machine's SIGTERM ends a study as Ctrl-C does: Tune stops, saves, and the study can be resumed.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        runs_by_block = {name: len(block.arms) * len(block.seeds) for name, block in blocks.items()}
        largest = Largest(study)
        with Display(talk, runs_by_block) as display:

            def on_progress(progress: launching.Progress) -> None:
                if not progress.curves.empty:
                    tracker.log_curves(progress.curves)
                if progress.runs is not None:
                    largest.add(progress.runs)
                    display.note(largest.text)
                display.update(
                    progress.block, progress.epoch, progress.epochs, finished=progress.finished, error=progress.error
                )

            trained = launching.run_blocks(
                named.name,
                blocks,
                storage=place,
                resume=begun,
                on_progress=on_progress,
                by_value=[named.module] if named.of_user else [],
            )
    except KeyboardInterrupt:
        trained = None
    if trained is None or not trained.complete:
        tracker.stop("KILLED")
        again = f"spectra-tune run {_as_typed(named)} --resume"
        console.print(f"\ninterrupted; continue with: {again}", highlight=False, soft_wrap=True)
        return INTERRUPTED
    if trained.failures:
        tracker.stop("FAILED")
        for block, reason in trained.failures.items():
            console.print(f"failed: {block}: {reason}", highlight=False, markup=False)
        console.print(
            f"no verdicts: {len(trained.failures)} of {len(blocks)} blocks failed; mend the cause, remove "
            f"{place}/{named.name} and start again with: spectra-tune run {_as_typed(named)} --resume",
            highlight=False,
            soft_wrap=True,
        )
        return 1
    loose = int((~trained.tables.runs["equal_bits"]).sum())
    if loose:
        console.print(
            f"WARNING: on this processor the bits of {loose} runs depend on what trained beside them; their verdicts "
            "stand, but another composition of the blocks would not repeat them to the bit",
            highlight=False,
            soft_wrap=True,
        )
    found = reporting.findings(named.name, study, trained.tables, links=tracker.run_links(_base_url(uri)))
    judged = found.judged
    summaries, tags = _for_children(judged, trained.tables.runs)
    tracker.finish(
        trained.tables,
        outcome=study.outcome.metric,
        summaries=summaries,
        tags=tags,
        parent_metrics=_counts(judged),
        description=reporting.overview(found),
        artifacts=reporting.files(found),
    )
    _conclude(console, named, judged, uri)
    return 0


def report(name: str, *, smoke: bool, output: Path | None, tracking_uri: str | None) -> int:
    """Shows a finished study's verdicts; with output also writes its report, tables and figures there."""
    console = Console()
    named = catalogue.load(name, smoke=smoke)
    uri = _store(tracking_uri)
    recorded = tracking.find_execution(named.name, uri)
    if recorded is None:
        raise InvalidStudy(f"study {named.name!r} must have run, {uri} has no record of it: spectra-tune run {name}")
    if recorded.study_signature != named.study.signature():
        raise InvalidStudy(
            f"study {named.name!r} has changed since it was recorded in {uri}: undo the change to report it"
        )
    tables = tracking.read_tables(named.name, uri)
    if output is None:
        _conclude(console, named, judge_study(named.study, tables.runs), uri)
        return 0
    links = tracking.run_links(named.name, uri, _base_url(uri))
    found = reporting.findings(named.name, named.study, tables, links=links)
    _conclude(console, named, found.judged, uri)
    _write(output, reporting.files(found), tables)
    console.print(f"report written to {output}", highlight=False)
    return 0


def _write(output: Path, files: dict[str, bytes], tables: Tables) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (output / name).write_bytes(content)
        for name, table in tables._asdict().items():
            table.to_parquet(output / f"{name}.parquet", index=False)
    except OSError as error:
        raise InvalidStudy(f"--output must be a folder that can be written, got {output}: {error.strerror}") from None


def _conclude(console: Console, named: catalogue.Named, judged: list[Judged], uri: str) -> None:
    """Prints the verdicts and where to look further."""
    for one in judged:
        console.print(f"{one.condition}, {one.contrast}: {one.verdict.sentence}", highlight=False, markup=False)
    console.print()
    console.print(_verdict_table(named, judged))
    links = tracking.links(named.name, uri, _base_url(uri))
    if not uri.startswith("http"):
        console.print("\nLook into it: spectra-tune ui, then", highlight=False)
    for label, link in links:
        console.print(f"  {label}: {link}", highlight=False, soft_wrap=True, markup=False)


def _verdict_table(named: catalogue.Named, judged: list[Judged]) -> Table:
    """The verdicts, a row per contrast and Condition."""
    outcome = named.study.outcome
    table = Table(
        title=f"{named.name}: {outcome.metric}, margin ±{outcome.margin_pp:g} pp, alpha {outcome.alpha:g} "
        f"over m = {named.study.tests} tests",
        title_justify="left",
    )
    for heading in ("Condition", "contrast", "difference, pp [95 %]", "verdict"):
        table.add_column(heading)
    before = None
    for one in judged:
        if before is not None and one.condition != before:
            table.add_section()
        found = one.verdict.statistics
        difference = "" if found.low is None else f"{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
        verdict = " ".join((one.verdict.name, *one.verdict.suffixes))
        table.add_row(one.condition if one.condition != before else "", str(one.contrast), difference, verdict)
        before = one.condition
    return table


def _for_children(judged: list[Judged], runs: pandas.DataFrame):
    """What a child of the tracker shows: its arm's means, its gain over each baseline, the verdicts."""
    summaries = arm_summaries(runs)
    tags: dict[tuple[str, str], dict[str, str]] = {key: {} for key in summaries}
    for one in judged:
        key = (one.condition_signature, one.contrast.treatment)
        over = one.contrast.baseline
        tags[key][f"verdict over {over}"] = one.verdict.name
        tags[key][f"sentence over {over}"] = one.verdict.sentence
        note = f"- over **{over}**: {one.verdict.name}. {one.verdict.sentence}\n"
        tags[key]["mlflow.note.content"] = tags[key].get("mlflow.note.content", "") + note
        numbers = one.verdict.statistics
        if numbers is not None:
            shown = {"": numbers.mean, "_low": numbers.low, "_high": numbers.high, "_p_adjusted": numbers.p_adjusted}
            summaries[key] |= {f"gain_over_{over}{end}": value for end, value in shown.items() if value is not None}
    return summaries, tags


def _counts(judged: list[Judged]) -> dict[str, float]:
    """How many contrasts got each verdict."""
    names = [one.verdict.name for one in judged]
    return {f"verdicts/{name.replace(',', '')}": float(names.count(name)) for name in sorted(set(names))}


def block_names(blocks: tuple[Block, ...]) -> dict[str, Block]:
    """Each block under the name that Ray and the display show: its task, width and the start of its signature.

    A block that needs too much memory comes in parts, each named after its first seed.
    """
    from spectra_tune.blocks import parts  # loads torch

    named = {}
    for block in blocks:
        width = getattr(block.condition.network, "width", None)
        words = [str(block.condition.task), f"width{width}" if width else "", condition_signature(block.condition)[:8]]
        split = parts(block)
        for part in split:
            from_seed = f"seed{part.seeds[0]}" if len(split) > 1 else ""
            name = "-".join(word for word in (*words, from_seed) if word)
            named["".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)] = part
    return named


def _base_url(uri: str) -> str:
    """Where MLflow's pages are: at the server, or where `spectra-tune ui` opens a store."""
    return uri if uri.startswith("http") else UI_BASE


def _as_typed(named: catalogue.Named) -> str:
    name = named.name.removesuffix("-smoke")
    shown = str(named.module.__file__) if named.of_user else name
    return shown + (" --smoke" if named.name.endswith("-smoke") else "")


def _store(given: str | None) -> str:
    uri = tracking.absolute_tracking_uri(given or tracking.default_tracking_uri())
    tracking.check_reachable(uri)
    return uri


def _storage(given: str | None) -> str:
    """Ray's storage: a URI as it is, a folder as an absolute path that can be written; nothing is made yet."""
    place = given or "ray_results"
    if "://" in place:
        return place
    folder = Path(place).absolute()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise InvalidStudy(f"--storage must be a folder that can be written, got {folder}")
    if shutil.disk_usage(nearest).free == 0:
        raise InvalidStudy(f"--storage must have space left, {folder} is full")
    return str(folder)
