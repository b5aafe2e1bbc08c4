"""What the kept studies say about treatments against no treatment, a row per contrast and Condition."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from analysis.judging.compared import Compared
from analysis.report import Findings
from analysis.report.elements.arms import confirmed, described
from spectra_tune.design import Condition, Study, Treatment, called, condition_signature
from spectra_tune.design.condition import hyperparameters
from spectra_tune.penalties import PENALTIES

FILE = Path(__file__).parent.parent / "results" / "evidence.csv"

PROTOCOL = ("depth", "optimizer", "learning_rate", "learning_rate_schedule", "weight_decay", "batch_size")
"""What a Condition also holds, beside the task, the network, the width and the epochs that advice is asked for."""

OF_NETWORKS = ("kernel", "norm", "dropout", "residual", "head", "heads", "cell")
"""What some networks also have: told where it is there."""

GAIN_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One registered contrast of an arm with a Treatment over `none`, in one Condition."""

    task: str
    network: str  # its kind
    width: int  # of a convolutional network the channels of its first stage
    epochs: int
    protocol: str  # the rest of the Condition, as text
    study: str
    arm: str
    treatment: str  # in words
    verdict: str  # with its suffixes
    gain: float  # in the outcome's unit, above 0 where it is better
    unit: str
    n: int
    decision: str  # analysis.describing.cost.worth_using
    reason: str
    sentence: str


def evidence_of(found: Findings) -> list[Evidence]:
    """A study's contrasts over the arm `none` that compare a spectral Treatment and nothing else.

    None of a study with factors: it looks at many conditions on few seeds, and what it finds another one confirms.
    """
    if found.study.factors:
        return []
    conditions = {condition_signature(condition): condition for condition in found.study.conditions}
    arms, rows = dict(found.study.arms), []
    for one in found.priced:
        judged, contrast = one.judged, one.judged.contrast
        arm = arms[contrast.treatment]
        spectral = arm.treatment != Treatment.none() and PENALTIES[arm.treatment.penalty].targets
        if contrast.baseline != "none" or contrast.differs or not spectral:
            continue
        numbers = judged.verdict.statistics
        if numbers.mean is None:
            continue
        condition, metric = conditions[judged.condition_signature], found.study.outcome.measured.metric
        rows.append(
            Evidence(
                task=called(condition.task),
                network=condition.network.kind,
                width=getattr(condition.network, "width", 0) or condition.network.channels,
                epochs=condition.epochs,
                protocol=_protocol(condition),
                study=found.name,
                arm=contrast.treatment,
                treatment=described(arm) if judged.compared is None else _tuned(found.study, judged.compared),
                verdict=" ".join((judged.verdict.name, *judged.verdict.suffixes)),
                gain=round(float(numbers.mean), GAIN_DIGITS),
                unit=metric.unit,
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
    shown |= {
        name: value for name, value in hyperparameters(condition.network).items() if name in OF_NETWORKS and value
    }
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items() if value is not None)


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
    return Evidence(**row | numbers | {"gain": float(row["gain"])})  # type: ignore[arg-type]
