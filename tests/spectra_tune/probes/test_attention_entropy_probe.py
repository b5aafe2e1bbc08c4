"""The attention-entropy probe: even looks, looks at one position, and every way to have attention."""

from math import lgamma, log

import pytest
import torch
from torch import nn

from spectra_tune.networks.layers.attention import Attention
from spectra_tune.probes import attention_entropy
from tests.tools.probed import drawn, measured, one, with_parameters

T, WIDTH, HEADS = 6, 4, 2


class Looks(nn.Module):
    """One layer of attention over six positions, causal or not, of the package or of torch."""

    def __init__(self, kind="ours", *, causal=False):
        super().__init__()
        self.kind, self.causal = kind, causal
        if kind == "ours":
            self.attention = Attention(WIDTH, HEADS, causal)
        elif kind == "torch":
            self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        else:
            self.attention = nn.TransformerEncoderLayer(WIDTH, HEADS, 8, dropout=0.0, batch_first=True)
        self.outer = nn.Linear(WIDTH, 1)

    def forward(self, x):
        mask = torch.ones(T, T, dtype=torch.bool).triu(1) if self.causal else None
        if self.kind == "ours":
            hidden = self.attention(x)
        elif self.kind == "torch":
            hidden = self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]
        else:
            hidden = self.attention(x, src_mask=mask)
        return self.outer(hidden.mean(dim=1))


LAYERS = {"ours": "attention", "torch": "attention", "encoder": "attention.self_attn"}
EVERY = pytest.mark.parametrize("kind", LAYERS)


def looking(kind, scale, *, causal=False, **given):
    """A member of which every query and key is scaled; 0 looks evenly."""
    probed = drawn(lambda: Looks(kind, causal=causal), members=1, features=(T, WIDTH), moved=0.0, **given)
    names = [name for name in probed.states[0] if any(part in name for part in ("query", "key", "in_proj"))]
    scaled = {name.replace(".", "__"): scale * probed.states[0][name][None] for name in names}
    return with_parameters(probed, **scaled)


@EVERY
def test_even_looks_have_the_logarithm_of_the_positions_that_are_seen(kind):
    found = measured("attention_entropy", looking(kind, 0.0, points=7))
    layer = LAYERS[kind]
    assert list(found) == [
        "attention_entropy",
        *(f"attention_entropy_{part}" for part in (layer, f"share_{layer}", f"{layer}.1", f"{layer}.2")),
    ]
    assert one(found.pop(f"attention_entropy_share_{layer}")) == pytest.approx(1.0)
    assert [one(reading) for reading in found.values()] == pytest.approx([log(T)] * 4)
    causal = measured("attention_entropy", looking(kind, 0.0, causal=True, points=7))
    assert one(causal[f"attention_entropy_share_{layer}"]) == pytest.approx(1.0)
    assert one(causal["attention_entropy"]) == pytest.approx(lgamma(T + 1) / T)  # the mean of log t


@EVERY
def test_looks_at_one_position_have_none(kind):
    found = measured("attention_entropy", looking(kind, 1e4, points=7))
    assert all(abs(one(reading)) < 1e-3 for reading in found.values())


@pytest.mark.parametrize("causal", [False, True])
def test_entropies_are_those_of_the_weights_in_any_parts(causal, monkeypatch):
    probed = looking("ours", 3.0, causal=causal, points=11)
    found = measured("attention_entropy", probed)
    weights_NSTU = probed.member(0).attention.attention_weights(probed.points)
    entropy_NST = torch.distributions.Categorical(probs=weights_NSTU).entropy()
    for head in (0, 1):
        expected = float(entropy_NST[:, head].mean())
        assert one(found[f"attention_entropy_attention.{head + 1}"]) == pytest.approx(expected, rel=1e-6)
    assert one(found["attention_entropy"]) == pytest.approx(float(entropy_NST.mean()), rel=1e-6)
    even = lgamma(T + 1) / T if causal else log(T)
    assert one(found["attention_entropy_share_attention"]) == pytest.approx(float(entropy_NST.mean()) / even, rel=1e-6)
    monkeypatch.setattr(attention_entropy, "MOST_CELLS", 3 * HEADS * T * T)
    parts = measured("attention_entropy", probed)
    assert [one(reading) for reading in parts.values()] == pytest.approx([one(reading) for reading in found.values()])


def test_the_mean_is_over_layers_and_outputs_stay_what_they_are():
    def build():
        return nn.Sequential(Attention(WIDTH, 1, False), Attention(WIDTH, 2, True), nn.Flatten(), nn.Linear(24, 1))

    probed = drawn(build, members=2, features=(T, WIDTH), points=5)
    before = probed.member(1)(probed.points)
    found = measured("attention_entropy", probed)
    assert list(found)[1:] == [
        *(f"attention_entropy_{part}" for part in ("0", "share_0", "0.1", "1", "share_1", "1.1", "1.2")),
    ]
    mean = (found["attention_entropy_0"].values + found["attention_entropy_1"].values) / 2
    assert found["attention_entropy"].values == pytest.approx(mean)
    assert torch.equal(probed.member(1)(probed.points), before)


def test_what_may_look_at_one_position_only_has_no_share():
    probed = drawn(
        lambda: nn.Sequential(Attention(WIDTH, 1, False), nn.Flatten(), nn.Linear(4, 1)), features=(1, WIDTH)
    )
    found = measured("attention_entropy", probed)
    assert (found["attention_entropy"].values == 0).all()
    assert found["attention_entropy_share_0"].reasons == (attention_entropy.ONE_POSITION,) * 3
