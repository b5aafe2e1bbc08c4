"""Blocks that have ended: what they gave, in the storage, a file each that is there whole or not at all.

Beside Ray's own state, which grows with every trial and is written again with every checkpoint: what is large is
written once, and survives a state that was cut off in the middle.
"""

import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow
import pyarrow.fs

from spectra_tune.results import Tables, unpacked

ENDED = "ended"

READERS = 8
"""Files that are read at a time: a bucket answers slowly, and many at once."""


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


def write_ended(folder: str, block: str, content: Mapping[str, Any]) -> None:
    """Keeps what a block gave: JSON, its tables as `packed` made them. Written beside its name first, then moved."""
    files, path = filesystem_of(within(folder, ENDED))
    files.create_dir(path, recursive=True)
    part = f"{path}/{block}.{os.getpid()}.part"
    with files.open_output_stream(part) as file:
        file.write(json.dumps(dict(content)).encode())
    files.move(part, _file(path, block))


def read_ended(folder: str, block: str) -> dict[str, Any] | None:
    """What a block gave; None where it has not ended."""
    files, path = filesystem_of(within(folder, ENDED))
    try:
        with files.open_input_stream(_file(path, block)) as file:
            return json.loads(file.read())
    except FileNotFoundError:
        return None


def ended_blocks(folder: str) -> set[str]:
    """Names of the blocks that have ended."""
    files, path = filesystem_of(within(folder, ENDED))
    found = files.get_file_info(pyarrow.fs.FileSelector(path, allow_not_found=True))
    return {one.base_name.removesuffix(".json") for one in found if one.base_name.endswith(".json")}


def read_tables(folder: str, blocks: Iterable[str]) -> dict[str, tuple[Tables, str | None]]:
    """Tables and error of those of the blocks that have ended."""
    there = ended_blocks(folder)
    chosen = [block for block in blocks if block in there]

    def read(block: str) -> tuple[Tables, str | None]:
        content = read_ended(folder, block)
        assert content is not None
        return Tables(*(unpacked(content[table]) for table in Tables._fields)), content.get("error")

    with ThreadPoolExecutor(READERS) as readers:
        return dict(zip(chosen, readers.map(read, chosen), strict=True))


def forget(folder: str, blocks: Iterable[str]) -> None:
    """Removes what blocks gave that ended in an earlier study of the same name."""
    files, path = filesystem_of(within(folder, ENDED))
    for block in ended_blocks(folder).intersection(blocks):
        files.delete_file(_file(path, block))


def _file(path: str, block: str) -> str:
    return f"{path}/{block}.json"
