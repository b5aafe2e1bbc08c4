"""The sections of the report, one file each: `section(found)` gives it, or None where there is nothing to say."""

from collections.abc import Mapping
from importlib import import_module

from analysis.report.elements.findings import Findings
from analysis.report.elements.needs import Need, lacks
from analysis.report.elements.section import Picture, Section

SECTIONS: Mapping[str, tuple[Need, ...]] = {
    "in_short": (),
    "verdicts": (),
    "how_to_read": (),
    "design": (),
    "declared": (),
    "search": (Need.PROTOCOL,),
    "size": (Need.PROTOCOL,),
    "sensitivity": (Need.PROTOCOL,),
    "claim": (Need.PROTOCOL,),
    "error_rates": (Need.PROTOCOL,),
    "numbers": (),
    "sweeps": (Need.PROTOCOL,),
    "tasks": (Need.PROTOCOL,),
    "capacity": (Need.PROTOCOL,),
    "factors": (Need.PROTOCOL,),
    "complexity": (Need.PROTOCOL,),
    "prediction": (Need.PROTOCOL,),
    "convergence": (Need.CURVES, Need.PROTOCOL),
    "curves": (Need.CURVES, Need.PROTOCOL),
    "sigmas": (Need.CURVES, Need.PROTOCOL),
    "boundaries": (Need.FIGURES, Need.PROTOCOL),
    "cost": (Need.TIMES, Need.PROTOCOL),
    "robustness": (Need.PROTOCOL,),
    "descriptive": (Need.PROTOCOL,),
    "spread": (),
    "gradient_flow": (Need.CURVES, Need.PROTOCOL),
    "probes": (Need.PROTOCOL,),
    "limits": (),
}
"""Names of the files beside this one, in the report's order, each with what it needs beside verdicts: what lacks it is
left out, and the first that is lacking is said."""


def sections_of(found: Findings) -> list[Section]:
    """Every section that has something to say about a study, and at the end why others cannot say anything."""
    lacking = {need for need in Need if lacks(found, need)}
    told = [
        import_module(f"{__name__}.{name}").section(found)
        for name, needs in SECTIONS.items()
        if lacking.isdisjoint(needs)
    ]
    return [section for section in (*told, _left_out(lacking)) if section is not None]


def _left_out(lacking: set[Need]) -> Section | None:
    """A line for everything that is lacking; nothing where all is there."""
    without: dict[Need, list[str]] = {}
    for name, needs in SECTIONS.items():
        for need in [need for need in needs if need in lacking][:1]:
            without.setdefault(need, []).append(name.replace("_", " "))
    if not without:
        return None
    lines = [f"- Left out, since {need}: {', '.join(names)}." for need, names in without.items()]
    return Section(lines=["## Left out", "", *lines, ""])


def pictures_of(found: Findings) -> dict[str, Picture]:
    """Every picture by its file's name without an ending; none is drawn yet."""
    return {name: picture for section in sections_of(found) for name, picture in section.pictures.items()}
