"""A study that is run, and whom it tells."""

from dataclasses import dataclass

from rich.console import Console

from spectra_tune import tracking
from studies.command import catalogue
from studies.command.pasted import verb_on
from studies.command.progress import BarOf


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStudy:
    """A study that is run: where its records and checkpoints lie, and who is told of it."""

    console: Console  # of failures and warnings
    verdicts: Console  # of what came out; silent in a notebook, whose result shows itself
    talk: Console  # of what is said on the way; silent with --quiet
    bar: BarOf  # of the blocks that are done
    named: catalogue.Named
    uri: str
    place: str
    address: str | None
    recorded: tracking.Execution | None

    @property
    def begun(self) -> bool:
        return self.recorded is not None

    @property
    def again(self) -> str:
        """What continues it."""
        return verb_on(self.named, "run", "--resume", uri=self.uri, place=self.place, address=self.address)
