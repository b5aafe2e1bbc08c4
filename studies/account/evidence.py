"""What the kept studies say about treatments against no treatment, a row per contrast and Condition."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from analysis.judging.compared import Compared
from analysis.report import Findings
from analysis.report.elements.arms import confirmed, described
from spectra_tune.design import Condition, Study, Treatment, called, condition_signature

FILE = Path(__file__).parent.parent / "results" / "evidence.csv"

PROTOCOL = ("depth", "optimizer", "learning_rate", "learning_rate_schedule", "weight_decay", "batch_size")
"""What a Condition also holds, beside the task, the width and the epochs that advice is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One registered contrast of an arm with a Treatment over `none`, in one Condition."""

    task: str
    width: int
    epochs: int
    protocol: str  # the rest of the Condition, as text
    study: str
    arm: str
    treatment: str  # in words
    verdict: str  # with its suffixes
    gain_pp: float
    n: int
    decision: str  # analysis.describing.cost.worth_using
    reason: str
    sentence: str


def evidence_of(found: Findings) -> list[Evidence]:
    """A study's contrasts over the arm `none` that compare a Treatment and nothing else."""
    conditions = {condition_signature(condition): condition for condition in found.study.conditions}
    arms, rows = dict(found.study.arms), []
    for one in found.priced:
        judged, contrast = one.judged, one.judged.contrast
        arm = arms[contrast.treatment]
        if contrast.baseline != "none" or contrast.differs or arm.treatment == Treatment.none():
            continue
        numbers = judged.verdict.statistics
        if numbers.mean is None:
            continue
        condition = conditions[judged.condition_signature]
        rows.append(
            Evidence(
                task=called(condition.task),
                width=condition.network.width,
                epochs=condition.epochs,
                protocol=_protocol(condition),
                study=found.name,
                arm=contrast.treatment,
                treatment=described(arm) if judged.compared is None else _tuned(found.study, judged.compared),
                verdict=" ".join((judged.verdict.name, *judged.verdict.suffixes)),
                gain_pp=round(float(numbers.mean), 2),
                n=numbers.n,
                decision=one.decision.name,
                reason=one.decision.reason,
                sentence=judged.verdict.sentence,
            )
        )
    return rows


def _tuned(study: Study, sides: Compared) -> str:
    both = " on both sides" if study.search is not None and study.search.nuisance_space else ""
    return f"tuned{both} to {confirmed(sides.treatment)}"


def _protocol(condition: Condition) -> str:
    shown = {name: getattr(condition, name, getattr(condition.network, name, None)) for name in PROTOCOL}
    shown["batch_size"] = shown["batch_size"] or "full"
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())


def write(rows: Iterable[Evidence], file: Path = FILE) -> None:
    """All evidence as CSV."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, [item.name for item in fields(Evidence)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read(file: Path = FILE) -> Sequence[Evidence]:
    """All evidence that was collected."""
    with file.open(newline="", encoding="utf-8") as opened:
        return [_parsed(row) for row in csv.DictReader(opened)]


def _parsed(row: dict[str, str]) -> Evidence:
    numbers = {name: int(row[name]) for name in ("width", "epochs", "n")}
    return Evidence(**row | numbers | {"gain_pp": float(row["gain_pp"])})  # type: ignore[arg-type]
