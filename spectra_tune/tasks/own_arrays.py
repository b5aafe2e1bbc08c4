"""A user's own arrays as a task, and a graph of hers."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from spectra_tune.errors import InvalidStudy, one_of, whole
from spectra_tune.objectives import CLASSIFICATION, OBJECTIVES, REGRESSION, SPLITS

TRAINING_SHARE = 0.6
"""Of the rows, where a task does not say how many are for training."""


def arrays(
    x: Any,
    y: Any,
    *,
    objective: str = CLASSIFICATION,
    samples: int | None = None,
    vocabulary: int | None = None,
    edges: Any = None,
    name: str | None = None,
) -> "Arrays":
    """Rows of your own, which each seed splits: x (rows, …), y (rows,) labels 0, 1, … or what the objective learns.

    samples counts training rows, by default 60 %; validation and test share the rest. x is taken as it is: uint8 counts
    as fractions of 255, int64 are tokens 0 … vocabulary - 1 where that is given. With edges (edges, 2), pairs of row
    numbers, each once, rows are the nodes of a graph with features x. name is what reports call it.
    """
    import numpy

    x, y = (numpy.array(_numpy(one)) for one in (x, y))
    one_of(objective, "objective", OBJECTIVES)
    if x.ndim < 2 or x.dtype.kind not in "fiu" or y.shape[:1] != x.shape[:1]:
        raise InvalidStudy(f"arrays needs numbers x (rows, …), y (rows, …), got {x.shape} of {x.dtype} and {y.shape}")
    if not numpy.isfinite(x).all():
        raise InvalidStudy(
            f"x must be finite, row {int((~numpy.isfinite(x)).reshape(len(x), -1).any(1).argmax())} is not"
        )
    held = [x, y]
    if edges is not None:
        from spectra_tune.tasks.graphs import Graph

        held.append(numpy.array(_numpy(edges)))
        Graph(features=x, edges=held[-1])
    for one in held:
        one.setflags(write=False)
    return Arrays(
        content=_digest(held),
        objective=objective,
        samples=training_rows(samples, len(x)),
        classes=_classes(y) if objective == CLASSIFICATION else None,
        targets=(1 if y.ndim == 1 else y.shape[1]) if objective == REGRESSION else None,
        shape=x.shape[1:] if edges is None else (1,),
        vocabulary=vocabulary if edges is None else len(x),
        held=tuple(held),
        name=name,
    )


def training_rows(samples: int | None, count: int) -> int:
    """How many of so many rows are for training; two at least are left."""
    return _share_of(count) if samples is None else whole(samples, f"samples, of {count} rows,", 2, count - 2)


def trained_on(samples: int, count: int) -> tuple[str, ...]:
    """The words of a task's name for how many rows train, where that is not the share of them by default."""
    return () if samples == _share_of(count) else (f"samples={samples}",)


def _share_of(count: int) -> int:
    return round(TRAINING_SHARE * count)


def _numpy(one: Any) -> Any:
    """What numpy can make an array of: a tensor may be on a device and want a gradient."""
    return one.detach().cpu().numpy() if hasattr(one, "detach") else one


def _classes(y: Any) -> int:
    import numpy

    if y.ndim != 1 or y.dtype.kind not in "iub" or y.min() < 0:
        raise InvalidStudy(
            f"labels y must be whole numbers 0, 1, … (rows,), got {y.shape} of {y.dtype}: number the classes, or say "
            f"objective={REGRESSION!r}"
        )
    missing = sorted(set(range(int(y.max()) + 1)) - set(numpy.unique(y).tolist()))
    if missing:
        raise InvalidStudy(f"labels y must be 0, 1, … without a gap, none is {missing[0]}: number the classes anew")
    return int(y.max()) + 1


def _digest(arrays: Any) -> str:
    seen = hashlib.sha256()
    for one in arrays:
        seen.update(f"{one.shape}{one.dtype.str}".encode())
        seen.update(one.tobytes())
    return seen.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """See `arrays`. Equal to another one of the same content."""

    content: str  # sha256 (hex) of the arrays
    objective: str
    samples: int
    classes: int | None
    targets: int | None
    shape: tuple[int, ...]
    vocabulary: int | None
    held: tuple[Any, ...] = field(compare=False, repr=False, metadata={"beside_content": True})  # x, y, edges
    name: str | None = field(compare=False, metadata={"beside_content": True})

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """x (samples, …), of a graph (samples, 1) nodes' numbers, and y (samples, …)."""
        from spectra_tune.tasks.graphs import node_numbers
        from spectra_tune.tasks.splits import rows_of

        x, y = self.held[:2]
        rows = rows_of(one_of(split, "split", SPLITS), seed, len(y), self.samples)
        return (x[rows] if self.graph is None else node_numbers(rows)), y[rows]

    @property
    def graph(self) -> Any:
        """The Graph of the rows (see graphs.py), where edges were given."""
        if len(self.held) == 2:
            return None
        import numpy

        from spectra_tune.tasks.graphs import Graph

        return Graph(features=self.held[0].astype(numpy.float32), edges=self.held[2].astype(numpy.int64))

    def __str__(self) -> str:
        return f"{self.name or 'arrays'}({', '.join([self.content[:6], *trained_on(self.samples, len(self.held[0]))])})"
