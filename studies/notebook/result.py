"""Result: what came out of a study, as tables, figures and a report that show themselves."""

from dataclasses import dataclass
from functools import cached_property

import pandas

from analysis import report as reporting
from analysis.judging.contrasts import contrast_table
from analysis.report.sections import pictures_of
from spectra_tune import tracking
from spectra_tune.results import Tables
from studies.command.catalogue import Named
from studies.command.terminal import base_url
from studies.notebook.shown import Report, Shown


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished study. As the value of a cell it shows its question, verdicts and forest plot."""

    found: reporting.Findings
    tables: Tables  # runs, curves and figures, the search's runs among them
    links: list[tuple[str, str]]  # what MLflow has of it, and where

    @cached_property
    def verdicts(self) -> pandas.DataFrame:
        """A row per contrast and Condition: the verdict, its sentence and every number that it rests on."""
        return contrast_table(self.found.judged)

    @cached_property
    def figures(self) -> dict[str, Shown]:
        """The report's pictures by name; each shows itself, and is drawn only then."""
        names = self.found.names
        return {name: Shown(picture=one, names=names) for name, one in pictures_of(self.found).items()}

    def report(self) -> Report:
        """The whole report, drawn anew; seconds."""
        files = reporting.files(self.found)
        return Report(name=self.found.name, files=files, tables=self.tables)

    def paper(self) -> Report:
        """The same for a paper: LaTeX tables, PDF figures, a methods paragraph."""
        return Report(name=self.found.name, files=reporting.paper(self.found), tables=self.tables)

    def __repr__(self) -> str:
        said = [f"{one.condition}, {one.contrast}: {one.verdict.sentence}" for one in self.found.judged]
        return "\n".join([f"{self.found.name}: {self.found.question.text}", *said])

    def _repr_html_(self) -> str:
        return reporting.summary(self.found)


def result_of(named: Named, tables: Tables, uri: str) -> Result:
    """A study's tables, judged."""
    base = base_url(uri)
    pages = tracking.pages(named.name, uri, base)
    found = reporting.findings(named.name, named.study, tables, links=pages.runs, compared=pages.compared)
    return Result(found=found, tables=tables, links=tracking.links(named.name, uri, base))
