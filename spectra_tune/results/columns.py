"""The columns of the run table: what kind each is, its unit, and whether two equal runs may differ in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from spectra_tune.design.treatment import KNOTS
from spectra_tune.objectives import SPLIT_METRICS


class Kind(StrEnum):
    """What a column is to a comparison."""

    KEY = "key"  # which run it is
    TREATMENT = "treatment"  # what arms differ in by design
    PROTOCOL = "protocol"  # what they must share unless a contrast declares it
    DRAW = "draw"  # what matched runs were given alike
    METRIC = "metric"  # what is compared
    PROBE = "probe"  # what else was measured on a trained network or its task
    COST = "cost"  # what it took


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column by its name; `measured` says that two equal runs may differ in it."""

    name: str
    kind: Kind
    unit: str = ""
    measured: bool = False


def _columns(kind: Kind, names: Iterable[str], unit: str = "", measured: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name=name, kind=kind, unit=unit, measured=measured) for name in names)


IDENTITY = ("arm", "seed", "stage", "status", "signature", "condition_signature", "environment")
"""status is "ok", "diverged", "failed" or (of a search's scheduler) "stopped".
environment: software stack and kind of device, part of every match."""

SEARCH = ("side", "configuration")
"""Of a study that searches: "treatment" or "baseline", and the number of the configuration, counted from 0 on each side
of each stratum, repeats included; a confirmation's rows have those of the candidates, and the arm of the same
configuration without its Treatment has those of the treatment side's."""

TREATMENT = (
    *("penalty", "strength", "schedule", "sigma_start", "sigma_end", "beta", "depth_exponent", "one_sided"),
    *("regularized", "power", "target_scale", *KNOTS),
)

"""`knot_1` … only where an arm's schedule has knots."""

CONDITION = (
    "task",
    "kind",
    "width",
    "depth",
    "activation",
    "init",
    "init_gain",
    "optimizer",
    "learning_rate",
    "learning_rate_schedule",
    "weight_decay",
    "epochs",
    "batch_size",
    "precision",
    "clip",
    "adversarial",
    "stream",
)
"""The run's own protocol, an arm's changes carried out; the block's Condition is condition_signature. A full batch
has batch_size 0, an unclipped gradient clip NaN. A network's further hyperparameters are columns `network_<name>`."""

NETWORK = "network_"
"""Before the name of a hyperparameter that not every network has: no such name is taken for another column."""

DRAWS = ("data_digest", "init_digest", "one_split")
"""sha256 (16 hex digits) of the data and of the initial weights; one_split: all seeds share one data set."""

DIAGNOSTICS = ("parameters", "capacity_ratio", "diverged_at", "sigma_fallbacks", "equal_bits")
"""parameters: trainable numbers; capacity_ratio: over those at the task's reference width. diverged_at: epoch of the
first report that found non-finite parameters, else NaN. sigma_fallbacks: how often the penalty's spectral norms needed
an exact decomposition (weights wider than 128). equal_bits: whether a rehearsal on the same processor gave the same
bits alone and in company."""

METRICS = tuple(SPLIT_METRICS)
"""Scores on each split, see spectra_tune.objectives: those of a run's own objective are in its table. NaN where a run
diverged, and test metrics in stage "search", where evaluations are made on validation data. `<metric>_of_constant` is
the score of the best constant predictor of the same samples: what a diverged run counts as (see scored.py)."""

COMPLEXITY = tuple(f"complexity_{measure}" for measure in ("dimension", "length", "neighbour_error", "reference_error"))
"""Of studies that ask for it: how hard the task's own boundary is, independent of any network (see
geometry/complexity.py); NaN where a measure is not defined for the task."""

PROBE, PROBE_REASONS = "probe_", "probe_reasons"
"""Before the name of a probe's quantity, and the column of studies with probes that says "quantity: reason; …" for
every quantity that could not be measured of a run. At earlier epochs quantities are metrics of the curve table."""

SIGMA, SIGMA_TARGET = "sigma_", "sigma_target_"
"""Before the name of a regularized weight: its spectral norm, and in the curve table its target. What is called layer_l
goes by its number l."""

COST_REPEATS = tuple(f"seconds_per_epoch_{repeat}" for repeat in range(1, 6))

COST = ("seconds_per_epoch", *COST_REPEATS)
"""Seconds per epoch of one run of this arm, timed alone (see engine/timing.py): the median of the repeats, and each.
Repeats of equal number were timed in a row, so arms are compared repeat by repeat. NaN where Tune did not train."""

RUN_KEY = ("condition_signature", "arm", "seed", "stage")
"""What identifies a row, in a search with its configuration, and its order in a table."""

COLUMNS = {
    column.name: column
    for column in (
        *_columns(Kind.KEY, (*IDENTITY, *SEARCH)),
        *_columns(Kind.TREATMENT, TREATMENT),
        *_columns(Kind.PROTOCOL, CONDITION),
        *_columns(Kind.DRAW, DRAWS),
        *_columns(Kind.PROBE, (*DIAGNOSTICS, *COMPLEXITY, PROBE_REASONS)),
        *(
            Column(name=name, kind=Kind.METRIC, unit=one.metric.unit)
            for column, one in SPLIT_METRICS.items()
            for name in (column, one.of_constant)
        ),
        *_columns(Kind.COST, ("seconds", *COST), unit="s", measured=True),
        *_columns(Kind.COST, ("device", "interruptions"), measured=True),
    )
}
"""Every column with a fixed name. seconds: wall time of the block over its runs, whatever the arm. interruptions: how
the block's training was broken off and where it went on, in words; empty where it was not."""


def column(name: str) -> Column | None:
    """The declared column of this name, or of the family that it belongs to; None for one that nobody declared."""
    if name in COLUMNS:
        return COLUMNS[name]
    if name.startswith(NETWORK):
        return Column(name=name, kind=Kind.PROTOCOL)
    if name.startswith(PROBE) or is_sigma(name):
        return Column(name=name, kind=Kind.PROBE)
    return None


def of_kind(names: Iterable[str], kind: Kind) -> list[str]:
    """Those of the names that are declared to be of a kind, in their order."""
    return [name for name in names if (found := column(name)) is not None and found.kind == kind]


def protocol_columns(names: Iterable[str]) -> list[str]:
    """Columns that hold a run's protocol."""
    return of_kind(names, Kind.PROTOCOL)


def field_of(name: str) -> str:
    """The field of a Condition or a network that a protocol column holds."""
    return name.removeprefix(NETWORK)


def column_of(field: str) -> str:
    """The protocol column that holds a field of a Condition or a network."""
    return field if field in CONDITION else f"{NETWORK}{field}"


def is_sigma(name: str) -> bool:
    """Whether a column or a metric of the curve table is the spectral norm of a regularized weight."""
    return name.startswith(SIGMA) and name not in COLUMNS and not name.startswith(SIGMA_TARGET)


def sigma_columns(names: Iterable[str]) -> list[str]:
    """Those of the names that are the spectral norm of a regularized weight, in their order: from the input on."""
    return [name for name in names if is_sigma(name)]


def probe_columns(names: Iterable[str]) -> list[str]:
    """Columns of what probes measured; NaN where they could not."""
    return [name for name in names if name.startswith(PROBE) and name != PROBE_REASONS]
