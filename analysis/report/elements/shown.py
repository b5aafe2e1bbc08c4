"""What pictures show of a study that has more Conditions or arms than can be told apart."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.figures.grid import spread
from analysis.judging.question import Question
from spectra_tune.design import MOST_PICTURED, distinct_names
from spectra_tune.results import Tables

MOST_ARMS = 8
"""That a picture of single arms shows."""

LONGEST_FILE_NAME = 80
"""Characters of a name in a file's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The Conditions and arms that are drawn, and how that is said."""

    labels: dict[str, str]  # Conditions by signature
    arms: list[str]  # in pictures of single arms
    tables: Tables  # of these Conditions
    note: str  # behind what a picture shows; empty where all Conditions are drawn
    notes: tuple[str, ...]  # below pictures of single arms; empty where all arms are drawn


def shown(question: Question, tables: Tables) -> Shown:
    """Of many Conditions the first; of many arms none and some evenly apart."""
    labels, arms = dict(list(question.labels.items())[:MOST_PICTURED]), list(question.arms)
    runs, curves, shapes = tables
    runs = runs[runs["condition_signature"].isin(list(labels))]
    signatures = set(runs["signature"])
    note, notes = "", ()
    if len(labels) < len(question.labels):
        note = f" (the first {len(labels)} of {len(question.labels)} Conditions; contrasts.csv has all)"
    if len(arms) > MOST_ARMS:
        notes = (f"Pictures of single arms show {MOST_ARMS} of the {len(arms)} arms, evenly chosen.",)
        arms = [*(["none"] if "none" in arms else []), *spread([arm for arm in arms if arm != "none"], MOST_ARMS - 1)]
    return Shown(
        labels=labels,
        arms=arms,
        tables=Tables(runs, curves[curves["signature"].isin(signatures)], shapes[shapes["signature"].isin(signatures)]),
        note=note,
        notes=notes,
    )


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Each name as part of a file's: ASCII letters and digits, on any disk another one for another name."""
    return distinct_names(names, lost=r"[^A-Za-z0-9]", fill="-", longest=LONGEST_FILE_NAME)
