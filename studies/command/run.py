"""One execution of a study: refused where it cannot be, shown where it is done, else trained."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.loading import without_collections
from studies.command import catalogue, places
from studies.command.console import to_reader
from studies.command.interrupts import sigterm_interrupts
from studies.command.pasted import option
from studies.command.progress import bar_in_terminal
from studies.command.rehearsal import rehearse_own
from studies.command.running_study import RunningStudy
from studies.command.unchanged import check_same_software, check_unchanged


def run(
    name: str,
    *,
    smoke: bool,
    resume: bool,
    quiet: bool,
    accept_changes: bool,
    address: str | None,
    storage: str | None,
    tracking_uri: str | None,
) -> int:
    """Trains a study (or continues it, or shows its verdicts if it is done); returns the exit code."""
    named = catalogue.load(name, smoke=smoke)
    uri, place = places.store(tracking_uri), places.storage(storage)
    here = RunningStudy(
        console=to_reader(),
        verdicts=to_reader(),
        talk=to_reader(quiet=quiet),
        bar=bar_in_terminal,
        named=named,
        uri=uri,
        place=place,
        address=address,
        recorded=tracking.find_execution(named.name, uri),
    )
    return carry_out(here, resume=resume, accept_changes=accept_changes)


def carry_out(here: RunningStudy, *, resume: bool, accept_changes: bool) -> int:
    """The same with a study that is loaded."""
    named, uri, place, recorded = here.named, here.uri, here.place, here.recorded
    if recorded is not None and not resume:
        if not recorded.finished:
            from studies.command.locking import check_nobody_runs

            check_nobody_runs(named, recorded, uri, place)
        add = option(named, "--resume")
        raise InvalidStudy(
            f"study {named.name!r} exists in {uri}, add {add} to continue it or see its verdicts: {here.again}"
        )
    check_unchanged(named, recorded, uri)
    if recorded is not None and recorded.finished:
        from studies.command.report import show_verdicts

        show_verdicts(here.verdicts, named, uri, tracking.read_tables(named.name, uri))
        return 0
    if recorded is not None and not accept_changes:
        check_same_software(named, recorded)
    rehearse_own(named.study)
    with _connected(here.address):
        from studies.command.training import trained

        return trained(here, resume=resume)


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Joins or starts Ray; all else that training needs takes seconds to load, and is loaded meanwhile.

    While this lasts SIGTERM, as a preempted machine gets it, interrupts: Tune stops, saves, and the study can be
    resumed. What Ray does with it would end the process where it stands.
    """
    from spectra_tune import cluster

    def load() -> None:
        import_module("studies.command.training")
        tracking.load()

    loading = threading.Thread(target=load, daemon=True)
    with without_collections():
        loading.start()
        cluster.connect(address)
    with sigterm_interrupts():
        with without_collections():
            if address or os.environ.get("RAY_ADDRESS"):
                cluster.check_nodes()
            loading.join()
        yield
