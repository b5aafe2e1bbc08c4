"""Blocks that have ended: what they gave, in the storage, a file each that is there whole or not at all.

A file is a zip archive of its tables, each as Parquet (runs.parquet, …), and of facts.json, what else is said of it.

Ray's own state of a study, pickles that whoever writes there could put code into, is never read.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import Any, NamedTuple

import pandas
import pyarrow
import pyarrow.fs
from pyarrow.parquet import ParquetFile

ENDED = "ended"

FACTS, ZIP = "facts.json", ".zip"

READERS = 8
"""Files that are read at a time: a bucket answers slowly, and many at once."""


class Ended(NamedTuple):
    """What a block gave: its tables by name, each as Parquet, and its facts, such as why it failed."""

    parquet: dict[str, bytes]
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
    """Keeps what a block gave; facts are what JSON can hold."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:  # no compression: Parquet's own is enough
        for name, table in tables.items():
            archive.writestr(f"{name}.parquet", table.to_parquet(index=False))
        archive.writestr(FACTS, json.dumps(dict(facts)))
    write_whole(within(folder, ENDED), f"{block}{ZIP}", content.getvalue())


def read_ended(folder: str, block: str) -> Ended | None:
    """What a block gave; None where it has not ended."""
    content = read_whole(within(folder, ENDED), f"{block}{ZIP}")
    if content is None:
        return None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name != FACTS]
        parquet = {name.removesuffix(".parquet"): archive.read(name) for name in names}
        return Ended(parquet, json.loads(archive.read(FACTS)))


def table_of(blocks: Iterable[Ended], name: str) -> pandas.DataFrame:
    """A table of these blocks, equal to the bit, one below the other; at least one block.

    Those in a row whose columns and types are the same become pandas' together: a tenth of the time.
    """
    tables = [ParquetFile(pyarrow.BufferReader(one.parquet[name])).read(use_threads=False) for one in blocks]
    filled = [table for table in tables if len(table)] or tables[:1]  # an empty one has other types
    alike = groupby(filled, key=lambda table: table.schema)
    frames = [pyarrow.concat_tables(same).to_pandas() for _, same in alike]
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)


def ended_blocks(folder: str) -> set[str]:
    """Names of the blocks that have ended."""
    return {name.removesuffix(ZIP) for name in names_in(within(folder, ENDED)) if name.endswith(ZIP)}


def read_all(folder: str, blocks: Iterable[str]) -> dict[str, Ended]:
    """What those of the blocks gave that have ended."""
    there = ended_blocks(folder)
    chosen = [block for block in blocks if block in there]
    with ThreadPoolExecutor(READERS) as readers:
        read = readers.map(lambda block: read_ended(folder, block), chosen)
        return {block: ended for block, ended in zip(chosen, read, strict=True) if ended is not None}


def forget(folder: str, blocks: Iterable[str]) -> None:
    """Removes what blocks gave that ended in an earlier study of the same name."""
    for block in ended_blocks(folder).intersection(blocks):
        remove(within(folder, ENDED), f"{block}{ZIP}")


def write_whole(folder: str, name: str, content: bytes) -> None:
    """Puts a file into a folder, which is made if need be: written beside its name first, then moved."""
    files, path = filesystem_of(folder)
    files.create_dir(path, recursive=True)
    part = f"{path}/{name}.{os.getpid()}.part"
    with files.open_output_stream(part) as file:
        file.write(content)
    files.move(part, f"{path}/{name}")


def read_whole(folder: str, name: str) -> bytes | None:
    """What is in a file; None where there is none."""
    files, path = filesystem_of(folder)
    try:
        with files.open_input_stream(f"{path}/{name}") as file:
            return file.read()
    except FileNotFoundError:
        return None


def names_in(folder: str) -> list[str]:
    """What a folder holds; nothing where there is none."""
    files, path = filesystem_of(folder)
    return [one.base_name for one in files.get_file_info(pyarrow.fs.FileSelector(path, allow_not_found=True))]


def remove(folder: str, name: str) -> None:
    """Removes a file, if it is there."""
    files, path = filesystem_of(folder)
    with suppress(FileNotFoundError):
        files.delete_file(f"{path}/{name}")
