"""Part: rows or columns of a parameter in which several maps lie: gates of a recurrent layer, heads of attention."""

from typing import NamedTuple

from torch import Tensor

ALL = slice(None)


class Part(NamedTuple):
    """A matrix within a weight (out, in): some of its rows and columns, turned or not. Of other weights: all of it."""

    weight: Tensor
    rows: slice = ALL
    columns: slice = ALL
    turned: bool = False

    def of(self, weight_MOI: Tensor) -> Tensor:
        """The part of stacked weights, or of their gradients: a view."""
        part = weight_MOI[:, self.rows, self.columns]
        return part.mT if self.turned else part

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the part of a matrix."""
        _, rows, columns = self.of(self.weight.detach().unsqueeze(0)).shape
        return rows, columns

    def overlaps(self, other: "Part") -> bool:
        """Whether both have a number in common."""
        return self.weight is other.weight and all(
            max(mine.start, theirs.start) < min(mine.stop, theirs.stop)
            for mine, theirs in zip(self._ranges(), other._ranges(), strict=True)
        )

    def _ranges(self) -> list[range]:
        sizes = (*self.weight.shape, 1, 1)[:2]
        return [range(*part.indices(size)) for part, size in zip((self.rows, self.columns), sizes, strict=True)]
