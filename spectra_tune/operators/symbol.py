"""A kernel's Fourier transform: where in frequency its convolution stretches most.

Axes: G group, F frequency (those of a grid, its axes flattened), L alias, T place in the kernel, A feature channel, B
image channel, S seed. A convolution maps an image to features; a transposed one, its adjoint, the other way. With a
stride, waves of several frequencies, aliases of each other, come to one wave of features.
"""

from collections.abc import Sequence
from itertools import product
from math import pi, prod

import torch
from torch import Tensor

PER_PLACE = 4
"""Frequencies per place of the kernel on each axis: the transform is a polynomial of that degree, smooth between."""
POWER_STEPS = 2
SEEDED, NEAR = 12, 0.9
"""At most so many peaks are looked at, two directions each, and only those that come so near to the highest."""


class Symbol:
    """Where convolutions of one geometry may stretch most, seen from images (or from features) of one size.

    For a wave of frequency w, far from the margin, a convolution is the matrix sum_t W[t] exp(i w t): its top singular
    vector times the wave, fading towards the margin, is near a top singular vector of the whole map wherever the norm
    of the matrix has a peak. With a stride the matrices of a frequency's aliases stand side by side. On circular images
    there is no margin: where the stride divides their sides it is one.
    """

    def __init__(
        self,
        *,
        kernel: tuple[int, ...],
        size: tuple[int, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        groups: int,
        of_images: bool,
        circular: bool,
        like: Tensor,
    ):
        self._groups, self._of_images, self._circular = groups, of_images, circular
        axes = len(size)
        images = [length * (1 if of_images else step) for length, step in zip(size, stride, strict=True)]
        smooth = [PER_PLACE * (step * (places - 1) + 1) for step, places in zip(dilation, kernel[2:], strict=True)]
        divided = all(length % step == 0 for length, step in zip(images, stride, strict=True))
        counts = [min(one, 2 * length) for one, length in zip(smooth, images, strict=True)]
        counts = [count + -count % step for count, step in zip(counts, stride, strict=True)]
        counts = images if circular and divided else counts
        grids = [2 * pi * torch.arange(count, dtype=torch.float64) / count for count in counts]
        self._grid = tuple(counts)
        here = torch.arange(prod(counts)).view(counts)
        conjugate = here.flip(*range(axes)).roll((1,) * axes, tuple(range(axes)))
        self._alias_FL = _aliases(here, stride).to(like.device)
        # the first of what is one wave: aliases, and their conjugates
        self._twin_F = torch.minimum(here, conjugate).flatten().to(like.device)[self._alias_FL].amin(dim=1)
        self._first_F = self._twin_F == here.flatten().to(like.device)
        frequency_FD = torch.cartesian_prod(*grids).view(-1, axes)
        place_TD = torch.tensor(list(product(*(range(places) for places in kernel[2:]))), dtype=torch.float64)
        place_TD = place_TD * torch.tensor(dilation)
        phase_TF = place_TD @ frequency_FD.T
        self._wave_TF = torch.polar(torch.ones_like(phase_TF), phase_TF).to(like.device, _complex(like))
        generator = torch.Generator().manual_seed(0)
        start = torch.randn(groups, len(frequency_FD), kernel[1], 1, 2, generator=generator, dtype=torch.float64)
        self._start_GFB1 = torch.view_as_complex(start).to(like.device, _complex(like))
        steps = torch.ones(axes) if of_images else torch.tensor(stride)
        self._waves = []  # by axis: (frequencies, places) of the side that is seen, fading
        for axis, length in enumerate(size):
            phase = frequency_FD[:, axis : axis + 1] * steps[axis] * torch.arange(length)
            wave = torch.polar(torch.ones_like(phase), phase)
            if not circular:
                wave *= torch.sin(pi * torch.arange(1, length + 1, dtype=torch.float64) / (length + 1))
            self._waves.append(wave.to(like.device, _complex(like)))

    def seeds(self, kernel: Tensor) -> Tensor:
        """Directions (seeds, numbers of the side) near which the map stretches most, neither orthogonal nor unit."""
        symbol_GFAB = self._of(kernel)
        image_GFB1 = self._start_GFB1
        for _ in range(POWER_STEPS):
            image_GFB1 = symbol_GFAB.mH @ self._summed(symbol_GFAB @ image_GFB1)
            largest_GF = image_GFB1.abs().amax(dim=(2, 3))[:, self._alias_FL].amax(dim=2)
            image_GFB1 = image_GFB1 / largest_GF[:, :, None, None].clamp(min=1e-30)
        feature_GFA1 = self._summed(symbol_GFAB @ image_GFB1)
        of_image_GF = image_GFB1.abs().square().sum(dim=(2, 3))[:, self._alias_FL].sum(dim=2).sqrt()
        score_GF = torch.linalg.vector_norm(feature_GFA1, dim=(2, 3)) / of_image_GF.clamp(min=1e-30)
        score, chosen = self._peaks(score_GF).flatten().topk(min(SEEDED, score_GF.numel()))
        chosen = chosen[score >= NEAR * score[0]]
        return torch.cat(self._waving(image_GFB1, feature_GFA1, chosen))

    def exact(self, kernel: Tensor) -> Tensor:
        """A top singular vector (numbers of the side,) of a circular convolution whose stride divides an image's sides.

        It need not be unit. Source: Sedghi, Gupta and Long 2019; we take eigenvectors of Gram matrices, of images where
        there is no stride and they have fewer channels, else of features.
        """
        symbol_GFAB = self._of(kernel)
        of_images = self._alias_FL.shape[1] == 1 and symbol_GFAB.shape[3] <= symbol_GFAB.shape[2]
        gram = symbol_GFAB.mH @ symbol_GFAB if of_images else self._summed(symbol_GFAB @ symbol_GFAB.mH)
        value, vector = torch.linalg.eigh(gram.flatten(0, 1))
        best = value[:, -1].argmax().view(1)
        top_GFC1 = vector[:, :, -1:].unflatten(0, gram.shape[:2])
        if of_images:
            image_GFB1, feature_GFA1 = top_GFC1, symbol_GFAB @ top_GFC1
        else:  # aliases have one Gram matrix, and of its vectors that of the first of them is taken for all
            feature_GFA1 = top_GFC1[:, self._alias_FL[:, 0]]
            image_GFB1 = symbol_GFAB.mH @ feature_GFA1
        real, imaginary = self._waving(image_GFB1, feature_GFA1, best)
        return (real if real.norm() >= imaginary.norm() else imaginary)[0]

    def _summed(self, of_waves_GFAX: Tensor) -> Tensor:
        """The sum over a frequency's aliases, at each of them."""
        if self._alias_FL.shape[1] == 1:
            return of_waves_GFAX
        return of_waves_GFAX[:, self._alias_FL].sum(dim=2)

    def _waving(self, image_GFB1: Tensor, feature_GFA1: Tensor, chosen_S: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts (seeds, numbers of the side) of waves in channels of a group."""
        group_S, place_S = chosen_S // len(self._first_F), chosen_S % len(self._first_F)
        place_SL = self._alias_FL[place_S] if self._of_images else place_S[:, None]
        of_side = image_GFB1 if self._of_images else feature_GFA1
        waves = of_side[group_S[:, None], place_SL, :, 0]
        for wave in self._waves:
            waves = waves.unsqueeze(-1) * wave[place_SL].view(*place_SL.shape, *[1] * (waves.ndim - 2), -1)
        waves = waves.sum(dim=1)
        seeds = waves.new_zeros(len(chosen_S), self._groups, *waves.shape[1:])
        seeds[torch.arange(len(chosen_S), device=seeds.device), group_S] = waves
        return seeds.real.flatten(1), seeds.imag.flatten(1)

    def _of(self, kernel: Tensor) -> Tensor:
        """The matrices of all frequencies (groups, frequencies, features, images)."""
        features, images = kernel.shape[0] // self._groups, kernel.shape[1]
        by_place = kernel.reshape(self._groups * features * images, -1).to(self._wave_TF.dtype)
        return (by_place @ self._wave_TF).view(self._groups, features, images, -1).permute(0, 3, 1, 2).contiguous()

    def _peaks(self, score_GF: Tensor) -> Tensor:
        """The scores, made negative where a neighbour's is higher; circular images have these frequencies only.

        Conjugates have one score between them: rounded apart, neighbouring ones would both be lower than the other.
        """
        score_GF = score_GF[:, self._twin_F]
        score = score_GF.view(-1, *self._grid)
        peak = torch.ones_like(score, dtype=torch.bool)
        for axis in range(1, score.ndim):
            for shift in (1, -1):
                peak &= score >= score.roll(shift, axis)
        return torch.where(peak.flatten(1) & self._first_F, score_GF, score_GF - 1e6)


def _aliases(here: Tensor, stride: Sequence[int]) -> Tensor:
    """Of every place of a grid those whose waves a stride makes one (frequencies, aliases), in one order for all."""
    shifts = [[step * (count // of) for step in range(of)] for count, of in zip(here.shape, stride, strict=True)]
    axes = tuple(range(here.ndim))
    moved = torch.stack([here.roll([-one for one in shift], axes).flatten() for shift in product(*shifts)], dim=1)
    return moved.sort(dim=1).values


def _complex(like: Tensor) -> torch.dtype:
    return torch.complex128 if like.dtype == torch.float64 else torch.complex64
