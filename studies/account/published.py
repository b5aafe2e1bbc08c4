"""Claims of published work that a study here could check: what they say, how we asked, what came out."""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.judging.contrasts import Judged
from analysis.report import Findings
from analysis.report.elements.table import table
from studies.account.answers import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A claim, and the contrasts of a study that ask for it."""

    source: str
    said: str
    protocol: str  # ours
    study: str
    pairs: tuple[Pair, ...]


PUBLISHED = (
    Published(
        source="Lewandowski et al. 2025 (arXiv 2406.06811)",
        said="Holding each layer's largest singular value near 1 keeps plasticity, better than other regularizers.",
        protocol="digits, pixels and labels permuted anew in 60 phases of one pass; mlp 64-64-64, Adam, batches of 16",
        study="plasticity",
        pairs=(("static", "none"), ("spectrum", "none"), ("static", "to init"), ("static, layer norm", "layer norm")),
    ),
    Published(
        source="Kumar et al. 2023 (arXiv 2308.11958)",
        said="L2 towards the initial weights keeps plasticity, better than L2 towards 0.",
        protocol="the same",
        study="plasticity",
        pairs=(("to init", "none"), ("strong to init", "none"), ("frobenius", "none")),
    ),
    Published(
        source="Lewandowski et al. 2025; Dohare et al. 2024",
        said="The same of convolutional networks on pictures whose labels are permuted.",
        protocol="500 pictures of Fashion-MNIST, labels permuted in 12 phases of 4 passes; cnn(channels=4)",
        study="plasticity_images",
        pairs=(("static", "none"), ("to init", "none"), ("static", "to init")),
    ),
    Published(
        source="Yoshida & Miyato 2017 (arXiv 1705.10941)",
        said="Penalising spectral norms generalises better than weight decay, most of all with large batches.",
        protocol="4,000 pictures of Fashion-MNIST, batches of 32 and of 2,048 at 12 epochs each; cnn(channels=8)",
        study="batch_size",
        pairs=(("static", "none"), ("static", "weight decay")),
    ),
    Published(
        source="Vorontsov et al. 2017 (arXiv 1702.00071)",
        said="Recurrent matrices held near orthogonal learn long sequences; held too strictly they do not.",
        protocol="digits as 32 steps of 2 permuted pixels, tanh units of width 32",
        study="edge_of_chaos",
        pairs=(
            ("spectrum", "none"),
            ("static", "none"),
            ("spectrum", "orthogonal"),
            ("spectrum, orthogonal", "orthogonal"),
        ),
    ),
    Published(
        source="Saxe et al. 2014; Pennington et al. 2017 (arXiv 1711.04735)",
        said="Deep networks train where all singular values are near 1 (dynamical isometry).",
        protocol="digits, 20 and 40 layers of 32 tanh units, initial gains 1 and 2",
        study="deep",
        pairs=(("spectrum", "none"), ("static", "none"), ("spectrum", "orthogonal"), ("spectrum", "layer norm")),
    ),
    Published(
        source="Yang, Simon & Bernstein 2023 (arXiv 2310.17813)",
        said="A layer's spectral norm should scale with the root of outputs over inputs.",
        protocol="digits, widths 16, 64 and 256, four learning rates; the target by fan against one for all layers",
        study="targets_by_fan",
        pairs=(("by fan", "uniform"), ("by fan", "none")),
    ),
    Published(
        source="Yoshida & Miyato 2017; Cisse et al. 2017 (arXiv 1704.08847)",
        said="Small spectral norms make networks robust to adversarial perturbations.",
        protocol="digits, mlp(width=64), projected gradient descent of 10 steps in an l2 ball of 0.5 (pixels 0 … 1)",
        study="robustness",
        pairs=(("static", "none"), ("strong static", "none"), ("strong static", "strong frobenius")),
    ),
    Published(
        source="Yoshida & Miyato 2017 (arXiv 1705.10941)",
        said="Penalising spectral norms makes networks less sensitive, without restricting them as weight decay does.",
        protocol="as above; strength, target and learning rate tuned for accuracy under attack, as long on every side",
        study="robustness_tuned",
        pairs=(("static", "none"), ("static", "frobenius")),
    ),
    Published(
        source="Zhai et al. 2023 (arXiv 2303.06296)",
        said="Holding the spectra of attention down keeps encoders stable at high learning rates.",
        protocol="the next character, an encoder of two blocks, learning rates 0.003 and 0.02",
        study="attention",
        pairs=(("queries and keys", "none"), ("all", "none")),
    ),
)

INTRODUCTION = """\
# Published claims, asked here

Claims of published work about spectral control that could be checked in small: what they say, in our words, how we
asked, and our verdicts word for word. Ours are other sizes, data and strengths: a verdict here says nothing about
theirs. Where the protocol does not say that all sides were tuned, strengths were chosen once, in pilots on other seeds.
Written by `make findings`.
"""


def published_page(found: Mapping[str, Findings]) -> str:
    """The page as Markdown; found: of each study by its name."""
    lines = [INTRODUCTION]
    for one in PUBLISHED:
        judged = [of for of in found[one.study].judged if _pair(of) in one.pairs]
        missing = set(one.pairs) - {_pair(of) for of in judged}
        assert not missing, f"{one.study} has no contrasts {missing}"
        rows = [(of.condition, str(of.contrast), of.verdict.sentence) for of in judged]
        lines += [f"## {one.source}", "", f"> {one.said}", "", f"`{one.study}`: {one.protocol}.", ""]
        lines += table(("Condition", "contrast", "sentence"), rows)
    return "\n".join(lines).rstrip() + "\n"


def _pair(judged: Judged) -> Pair:
    return judged.contrast.treatment, judged.contrast.baseline
