"""The sections of the report, one file each: `section(found)` gives it, or None where there is nothing to say."""

from importlib import import_module

from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section

SECTIONS = (
    "in_short",
    "verdicts",
    "how_to_read",
    "design",
    "search",
    "size",
    "sensitivity",
    "claim",
    "error_rates",
    "numbers",
    "sweeps",
    "tasks",
    "capacity",
    "complexity",
    "prediction",
    "convergence",
    "curves",
    "sigmas",
    "boundaries",
    "cost",
    "descriptive",
    "spread",
    "probes",
    "limits",
)
"""Names of the files beside this one, in the report's order."""


def sections_of(found: Findings) -> list[Section]:
    """Every section that has something to say about a study."""
    told = (import_module(f"{__name__}.{name}").section(found) for name in SECTIONS)
    return [section for section in told if section is not None]


def pictures_of(found: Findings) -> dict[str, Picture]:
    """Every picture by its file's name without an ending; none is drawn yet."""
    return {name: picture for section in sections_of(found) for name, picture in section.pictures.items()}
