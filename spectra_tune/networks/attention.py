"""Transformer encoders for sequences, declared."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra_tune.errors import InvalidStudy, at_least_one, one_of, true_or_false
from spectra_tune.networks.sequence import sequence_of

if TYPE_CHECKING:
    from torch.nn import Module

    from spectra_tune.operators import Operator


NORMS = ("pre", "post")


def transformer(
    *, width: int, heads: int = 2, depth: int = 2, norm: str | None = "pre", causal: bool | None = None
) -> "Encoder":
    """An encoder of `depth` blocks of attention and a perceptron four times as wide, each added to what goes in.

    norm "pre" is a LayerNorm of what goes into each (and one before the last layer), "post" of each sum. Tokens are
    embedded, vectors mapped; positions are learnt. causal: no position sees those behind it; by default where there is
    an output for each position. Otherwise outputs are of the mean position.
    Regularized: of each block every head's W_q W_k^T and W_o W_v, and both layers of the perceptron.
    """
    return Encoder(width=width, heads=heads, depth=depth, norm=norm, causal=causal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """See `transformer`; positions, inputs and outputs are the task's."""

    width: int
    heads: int
    depth: int  # blocks
    norm: str | None
    causal: bool | None  # None: where there is an output for each position

    def __post_init__(self):
        for name in ("width", "heads", "depth"):
            object.__setattr__(self, name, at_least_one(getattr(self, name), name))
        if self.width % self.heads:
            raise InvalidStudy(f"width must be a multiple of heads, got {self.width} and {self.heads}")
        if self.norm is not None:
            object.__setattr__(self, "norm", one_of(self.norm, "norm", NORMS))
        if self.causal is not None:
            object.__setattr__(self, "causal", true_or_false(self.causal, "causal"))

    def build(self, task: Any) -> "Module":
        from spectra_tune.networks.layers.attention import Transformer

        sequence = sequence_of(task, "a transformer")
        causal = sequence.each_position if self.causal is None else self.causal
        if sequence.each_position and not causal:
            raise InvalidStudy("a transformer that learns the next token must be causal, got causal=False")
        return Transformer(
            **sequence._asdict(),
            width=self.width,
            heads=self.heads,
            depth=self.depth,
            norm=self.norm,
            causal=causal,
        )

    def regularized(self, module: "Any") -> "dict[str, Operator]":
        """Of each block `attention.qk.<head>`, `attention.ov.<head>`, `perceptron.up` and `perceptron.down`."""
        from spectra_tune.operators.dense import Matrix
        from spectra_tune.operators.part import Part
        from spectra_tune.operators.product import heads

        found: dict[str, Operator] = {}
        for number, block in module.block.named_children():
            attention, perceptron = block.attention, block.perceptron
            query, key, value, out = (
                Part(layer.weight) for layer in (attention.query, attention.key, attention.value, attention.out)
            )
            of_heads = heads(query, key, value, out, self.heads)
            found |= {f"block.{number}.attention.{name}": product for name, product in of_heads.items()}
            found |= {
                f"block.{number}.perceptron.{name}": Matrix(getattr(perceptron, name).weight) for name in ("up", "down")
            }
        return found

    @property
    def kind(self) -> str:
        """The constructor's name."""
        return transformer.__name__

    def __str__(self) -> str:
        return self.kind
