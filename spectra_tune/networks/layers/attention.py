"""A transformer encoder: attention and a perceptron in turn, each added to what goes in.

Axes: N sample, T position, F number of an input, D width, S head.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

WIDENING = 4
"""Of the perceptron between its two layers."""

SMALL = 0.02
"""Standard deviation of what positions start as."""


class Transformer(nn.Module):
    """Of tokens (N, T) or vectors (N, T, F); outputs (N, outputs) of the mean position, or (N, T, outputs) of each."""

    def __init__(
        self,
        *,
        positions: int,
        vocabulary: int | None,
        features: int,
        outputs: int,
        width: int,
        heads: int,
        depth: int,
        norm: str | None,
        causal: bool,
        each_position: bool,
    ):
        super().__init__()
        self.each_position = each_position
        self.embedding = nn.Linear(features, width) if vocabulary is None else nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.empty(positions, width).normal_(0.0, SMALL))
        self.block = nn.Sequential(
            OrderedDict((f"{number}", Block(width, heads, norm, causal)) for number in range(1, depth + 1))
        )
        self.norm = nn.LayerNorm(width) if norm == "pre" else nn.Identity()
        self.last = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.norm(self.block(self.embedding(x) + self.positions))
        return self.last(hidden if self.each_position else hidden.mean(dim=1))


class Block(nn.Module):
    """norm "pre" normalises what goes into attention and perceptron, "post" their sum with what goes in."""

    def __init__(self, width: int, heads: int, norm: str | None, causal: bool):
        super().__init__()
        self.attention = Attention(width, heads, causal)
        self.perceptron = nn.Sequential(
            OrderedDict(up=nn.Linear(width, WIDENING * width), relu=nn.ReLU(), down=nn.Linear(WIDENING * width, width))
        )
        self.pre = norm == "pre"
        self.norm_1, self.norm_2 = (nn.Identity() if norm is None else nn.LayerNorm(width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        if self.pre:
            x = x + self.attention(self.norm_1(x))
            return x + self.perceptron(self.norm_2(x))
        x = self.norm_1(x + self.attention(x))
        return self.norm_2(x + self.perceptron(x))


class Attention(nn.Module):
    """Scaled dot products of queries and keys weight the values; causal: a position sees none behind it."""

    def __init__(self, width: int, heads: int, causal: bool):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.heads, self.causal = heads, causal

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        mixed = scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def attention_weights(self, x: Tensor) -> Tensor:
        """What each position takes of each other one: (N, S, T, T), rows that sum to 1."""
        query, key = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key))
        scores = query @ key.mT / query.shape[-1] ** 0.5
        if self.causal:
            ahead = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(ahead, -torch.inf)
        return scores.softmax(dim=-1)
