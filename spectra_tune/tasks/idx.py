"""Fashion-MNIST's own four files, in the format IDX: memory-mapped where they are not gzipped."""

import gzip
import math
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy
from numpy import ndarray

from spectra_tune.errors import InvalidStudy

NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}

PIXELS = (28, 28)

BELOW = Path("FashionMNIST", "raw")
"""Where torchvision puts them in the folder that it is given."""

UBYTE = 0x08
"""Code of an IDX file of bytes, the third of the file's."""


def files_in(folder: Path) -> dict[str, Path]:
    """The four files by their part, in a folder or as torchvision lays them below it."""
    for place in (folder, folder / BELOW):
        found = {part: _there(place / name) for part, name in NAMES.items()}
        if all(found.values()):
            return {part: file for part, file in found.items() if file}
    raise InvalidStudy(
        f"Fashion-MNIST must lie as {', '.join(NAMES.values())} (or .gz) in {folder} or {folder / BELOW}: "
        "torchvision.datasets.FashionMNIST(FOLDER, download=True) brings them, and Debian's package "
        "dataset-fashion-mnist to /usr/share/datasets/fashion-mnist"
    )


def _there(file: Path) -> Path | None:
    zipped = file.with_name(f"{file.name}.gz")
    return file if file.is_file() else zipped if zipped.is_file() else None


def shape_in(file: Path) -> tuple[int, ...]:
    """Of the array of bytes that an IDX file holds, by its header."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        start = opened.read(4)
        if len(start) < 4 or start[:3] != bytes((0, 0, UBYTE)):
            raise InvalidStudy(f"{file} must be an IDX file of bytes, it begins with {start.hex(' ')}")
        lengths = opened.read(4 * start[3])
    return struct.unpack(f">{start[3]}I", lengths) if len(lengths) == 4 * start[3] else ()


def training_images(files: Mapping[str, Path]) -> int:
    """How many training images there are; refuses files that do not hold what Fashion-MNIST has."""
    shapes = {part: shape_in(file) for part, file in files.items()}
    for part in ("train", "test"):
        images, labels = shapes[f"{part}_images"], shapes[f"{part}_labels"]
        if images[1:] != PIXELS or labels != images[:1]:
            raise InvalidStudy(
                f"{files[f'{part}_images']} must hold (images, 28, 28) and {files[f'{part}_labels'].name} as many "
                f"labels, got {images} and {labels}"
            )
    return shapes["train_images"][0]


@cache
def array_in(file: Path) -> ndarray:
    """What an IDX file of bytes holds, uint8; mapped, not read, where it is not gzipped."""
    shape = shape_in(file)
    start, size = 4 + 4 * len(shape), math.prod(shape)
    if file.suffix == ".gz":
        with gzip.open(file) as opened:
            data = numpy.frombuffer(opened.read(), dtype=numpy.uint8)[start:]
    else:
        data = numpy.memmap(file, dtype=numpy.uint8, mode="r")[start:]
    if not shape or len(data) != size:
        raise InvalidStudy(f"{file} must hold {size} bytes behind its header, it has {len(data)}: get it again")
    return data.reshape(shape)
