"""Blocks that have ended: what they gave, in the storage, a file each that is there whole or not at all.

A file is a zip archive of its tables, each as Parquet (runs.parquet, …), and of facts.json, what else is said of it.

Beside Ray's own state, which grows with every trial and is written again with every checkpoint: what is large is
written once, and survives a state that was cut off in the middle.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pandas
import pyarrow
import pyarrow.fs

ENDED = "ended"

FACTS = "facts.json"

READERS = 8
"""Files that are read at a time: a bucket answers slowly, and many at once."""


class Ended(NamedTuple):
    """What a block gave: its tables by name, and its facts, such as why it failed."""

    tables: dict[str, pandas.DataFrame]
    facts: dict[str, Any]


def within(storage: str, *names: str) -> str:
    """A place below a folder or a URI, whose query (?endpoint_override=…) stays at its end."""
    place, mark, query = storage.partition("?") if "://" in storage else (storage, "", "")
    return "/".join((place.rstrip("/"), *names)) + mark + query


def filesystem_of(place: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The file system of a folder or a URI, and the path in it; those that Arrow has not are fsspec's."""
    if "://" not in place:
        return pyarrow.fs.LocalFileSystem(), place
    try:
        return pyarrow.fs.FileSystem.from_uri(place)
    except pyarrow.ArrowInvalid:
        import fsspec

        scheme, _, path = place.partition("://")
        return pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(fsspec.filesystem(scheme))), path


def write_ended(folder: str, block: str, tables: Mapping[str, pandas.DataFrame], facts: Mapping[str, Any]) -> None:
    """Keeps what a block gave; facts are what JSON can hold. Written beside its name first, then moved."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:  # no compression: Parquet's own is enough
        for name, table in tables.items():
            archive.writestr(f"{name}.parquet", table.to_parquet(index=False))
        archive.writestr(FACTS, json.dumps(dict(facts)))
    files, path = filesystem_of(within(folder, ENDED))
    files.create_dir(path, recursive=True)
    part = f"{path}/{block}.{os.getpid()}.part"
    with files.open_output_stream(part) as file:
        file.write(content.getvalue())
    files.move(part, _file(path, block))


def read_ended(folder: str, block: str) -> Ended | None:
    """What a block gave, its tables equal to the bit; None where it has not ended."""
    files, path = filesystem_of(within(folder, ENDED))
    try:
        with files.open_input_stream(_file(path, block)) as file:
            content = io.BytesIO(file.read())
    except FileNotFoundError:
        return None
    with zipfile.ZipFile(content) as archive:
        tables = {
            name.removesuffix(".parquet"): pandas.read_parquet(io.BytesIO(archive.read(name)))
            for name in archive.namelist()
            if name != FACTS
        }
        return Ended(tables, json.loads(archive.read(FACTS)))


def ended_blocks(folder: str) -> set[str]:
    """Names of the blocks that have ended."""
    files, path = filesystem_of(within(folder, ENDED))
    found = files.get_file_info(pyarrow.fs.FileSelector(path, allow_not_found=True))
    return {one.base_name.removesuffix(".zip") for one in found if one.base_name.endswith(".zip")}


def read_all(folder: str, blocks: Iterable[str]) -> dict[str, Ended]:
    """What those of the blocks gave that have ended."""
    there = ended_blocks(folder)
    chosen = [block for block in blocks if block in there]
    with ThreadPoolExecutor(READERS) as readers:
        read = readers.map(lambda block: read_ended(folder, block), chosen)
        return {block: ended for block, ended in zip(chosen, read, strict=True) if ended is not None}


def forget(folder: str, blocks: Iterable[str]) -> None:
    """Removes what blocks gave that ended in an earlier study of the same name."""
    files, path = filesystem_of(within(folder, ENDED))
    for block in ended_blocks(folder).intersection(blocks):
        files.delete_file(_file(path, block))


def _file(path: str, block: str) -> str:
    return f"{path}/{block}.zip"
