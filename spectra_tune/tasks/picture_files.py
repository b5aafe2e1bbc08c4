"""Files of pictures, a folder for each class: looked into when a task is declared, read once where it is drawn."""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy
from numpy import ndarray
from PIL import Image, UnidentifiedImageError

from spectra_tune.errors import InvalidStudy
from spectra_tune.own_code import said
from spectra_tune.tasks.on_disk import IN_MEMORY_BYTES
from spectra_tune.tasks.source import Source

GREY, COLOURED = ("1", "L"), ("RGB",)
"""Pillow's modes that become one number for each pixel, and three, without a loss."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Files of each class, what all of them are brought to (height, width), and whether that is in colours."""

    files: tuple[tuple[Path, ...], ...]
    size: tuple[int, int]
    colours: bool


def look_into(folder: Path, size: tuple[int, int] | None) -> Found:
    """What is in a folder; refuses what is no picture, and pictures of several sizes where none is given."""
    files = files_in(folder)
    modes, sizes = set(), {}
    for file in (file for of_class in files for file in of_class):
        try:
            with Image.open(file) as picture:
                mode, (width, height) = picture.mode, picture.size
        except (UnidentifiedImageError, OSError):
            raise InvalidStudy(f"{file} must be a picture that Pillow can read: take it out of the folder") from None
        if mode not in (*GREY, *COLOURED):
            raise InvalidStudy(f"pictures must be grey or RGB, {file} is {mode}: convert it")
        modes.add(mode)
        sizes.setdefault((height, width), file)
    if size is None and len(sizes) > 1:
        (one, first), (other, second) = list(sizes.items())[:2]
        raise InvalidStudy(
            f"pictures must have one size, {first} is {one[0]} × {one[1]} and {second} {other[0]} × {other[1]}: give "
            "size=(height, width) to bring all to it"
        )
    return Found(files=files, size=size or next(iter(sizes)), colours=bool(modes - set(GREY)))


def files_in(folder: Path) -> tuple[tuple[Path, ...], ...]:
    """Files of each class, classes and files by name; hidden ones do not count."""
    if not folder.is_dir():
        raise InvalidStudy(f"{folder} must be a folder of folders, one for each class, it is a file")
    classes = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    if len(classes) < 2:
        raise InvalidStudy(f"{folder} must have a folder for each of two classes or more, it has {len(classes)}")
    found = tuple(tuple(sorted(one for one in of.iterdir() if not one.name.startswith("."))) for of in classes)
    for of_class, files in zip(classes, found, strict=True):
        if not files:
            raise InvalidStudy(f"every class must have pictures, {of_class} is empty: fill it or take it out")
    return found


@cache
def pictures(folder: Source, size: tuple[int, int], colours: bool) -> tuple[ndarray, ndarray]:
    """All pictures (files, …) uint8 and their classes (files,) int64, read once by a process.

    Those that need more than IN_MEMORY_BYTES lie in a file without a name, which goes with the process.
    """
    files = files_in(folder.place)
    flat = [file for of_class in files for file in of_class]
    folder.check(flat)
    shape = (len(flat), *((3, *size) if colours else size))
    held = _room(shape)
    for number, file in enumerate(flat):
        held[number] = _read(file, size, colours)
    return held, numpy.repeat(numpy.arange(len(files)), [len(of_class) for of_class in files])


def _room(shape: tuple[int, ...]) -> ndarray:
    if numpy.prod(shape, dtype=numpy.int64) <= IN_MEMORY_BYTES:
        return numpy.empty(shape, dtype=numpy.uint8)
    with tempfile.TemporaryFile() as file:
        return numpy.memmap(file, dtype=numpy.uint8, mode="w+", shape=shape)


def _read(file: Path, size: tuple[int, int], colours: bool) -> ndarray:
    """One picture, (height, width) or (3, height, width)."""
    try:
        with Image.open(file) as picture:
            of_mode = picture.convert("RGB" if colours else "L")
            if (of_mode.height, of_mode.width) != size:
                of_mode = of_mode.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            pixels = numpy.asarray(of_mode)
    except OSError as error:
        raise InvalidStudy(f"{file} must be a whole picture, reading it gave {said(error)}") from error
    return pixels.transpose(2, 0, 1) if colours else pixels
