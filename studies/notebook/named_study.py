"""NamedStudy: a study with the name of its records, and what a command would do with it."""

import logging
import os
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from spectra_tune.design import InvalidStudy, Study, checked_study_name
from studies.command import catalogue

if TYPE_CHECKING:
    from studies.notebook.result import Result
    from studies.notebook.shown import Plan


class StudyStopped(RuntimeError):
    """A study did not come to its end: what stopped it is said above, and what continues it here."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: one line."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True, slots=True)
class NamedStudy:
    """A study under the name that its records carry, and where these lie (as the command line's options of that name
    say it)."""

    named: catalogue.Named
    storage: str | None
    tracking_uri: str | None
    address: str | None

    def plan(self) -> "Plan":
        """What the study will do, what it could show and how long that takes here, before it does it; seconds."""
        from studies.notebook.shown import Plan

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="IProgress not found")  # of widgets that nothing here uses
            from studies.command import duration, plan  # load numpy, scipy and torch
            from studies.command.rehearsal import rehearse_own

            rehearse_own(self.named.study)
            text = plan.text(self.named.name, self.named.study)
            return Plan(text=f"{text}\ntime        {duration.in_words(self.named.study)}")

    def smoke(self) -> "NamedStudy":
        """Its small sibling NAME-smoke: seconds, no real answer."""
        if self.named.smoke:
            raise InvalidStudy(f"{self.named.name!r} is a small sibling already: it has none of its own")
        name, study = f"{self.named.name}-smoke", self.named.study.smoke()
        return replace(self, named=replace(self.named, name=name, study=study, smoke=True))

    def run(self, *, resume: bool = False, quiet: bool = False, accept_changes: bool = False) -> "Result":
        """Trains the study, judges its contrasts, records all in MLflow; gives what came out.

        resume: continue it if it has begun; what came out if it is done. quiet: no plan and no progress.
        accept_changes: continue although packages or code are others than at its start. Raises InvalidStudy where it
        is refused, StudyStopped where it came to no end, KeyboardInterrupt where it was interrupted.
        """
        # Before Ray and MLflow are loaded: the first asks for widgets that nothing here uses.
        logging.getLogger("ray.widgets.util").setLevel(logging.ERROR)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from spectra_tune import tracking
        from studies.command import places
        from studies.command.console import READABLE, to_reader
        from studies.command.interrupts import INTERRUPTED, process_goes_on
        from studies.command.run import carry_out
        from studies.command.running_study import RunningStudy
        from studies.notebook.bar import bar_here

        uri, place = places.store(self.tracking_uri), places.storage(self.storage)
        here = RunningStudy(
            console=to_reader(width=READABLE),
            verdicts=to_reader(quiet=True),
            talk=to_reader(quiet=quiet, width=READABLE),
            bar=bar_here,
            named=self.named,
            uri=uri,
            place=place,
            address=self.address,
            recorded=tracking.find_execution(self.named.name, uri),
        )
        with process_goes_on():
            code = carry_out(here, resume=resume, accept_changes=accept_changes)
        if code == INTERRUPTED:
            raise KeyboardInterrupt(f"continue with {here.again}")
        recorded = tracking.find_execution(self.named.name, uri)
        if recorded is None or not recorded.finished:
            raise StudyStopped(f"study {self.named.name!r} came to no end, why is said above: {here.again}")
        return self.result()

    def result(self) -> "Result":
        """What came out of a study that has run, from its MLflow record."""
        from studies.command import places, report
        from studies.notebook.result import result_of

        uri = places.store(self.tracking_uri)
        return result_of(self.named, report.recorded_tables(self.named, uri), uri)


def named(
    name: str,
    study: Study,
    *,
    storage: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    address: str | None = None,
) -> NamedStudy:
    """A study that is declared here, under a name of its own.

    storage: folder or URI of Ray's checkpoints (default: ./ray_results). tracking_uri: MLflow's store (default:
    MLFLOW_TRACKING_URI, else ./mlflow.db). address: a running Ray cluster (default: RAY_ADDRESS, else a local Ray).
    """
    checked_study_name(name)
    if not isinstance(study, Study):
        raise InvalidStudy(f"what is run must be a Study, got {study!r}")
    one = catalogue.Named(name=name, study=study, module=None, of_user=True, smoke=False)
    return _placed(one, storage, tracking_uri, address)


def load(
    name: str | os.PathLike[str],
    *,
    storage: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    address: str | None = None,
) -> NamedStudy:
    """A study of this package by its name, or of your own file by its path; where it lies as in `named`."""
    return _placed(catalogue.load(_text(name, "a study's name or file")), storage, tracking_uri, address)


def _placed(one: catalogue.Named, storage: Any, tracking_uri: Any, address: Any) -> NamedStudy:
    """Where its records and checkpoints lie, each a text or not given."""
    places = {"storage": storage, "tracking_uri": tracking_uri, "address": address}
    return NamedStudy(one, **{name: given if given is None else _text(given, name) for name, given in places.items()})


def _text(given: Any, what: str) -> str:
    if not isinstance(given, str | os.PathLike):
        raise InvalidStudy(f"{what} must be a text or a path, got {given!r}")
    return os.fspath(given)
