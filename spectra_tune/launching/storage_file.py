"""A small text in a study's folder of the storage: its lock, and where it was begun."""

import os
from contextlib import suppress
from pathlib import Path

import pyarrow.fs

from spectra_tune.design import InvalidStudy
from spectra_tune.launching.block_store import filesystem_of, within

LOCK, BEGAN = "lock.json", "began.json"


class StorageFile:
    """One of these. A folder of a disk, a shared one too, has an exclusive create, a bucket has none: Arrow's file
    systems put an object whatever is there.
    """

    def __init__(self, folder: str, name: str):
        self._files, self._path = filesystem_of(within(folder, name))
        self.exclusive = isinstance(self._files, pyarrow.fs.LocalFileSystem)
        self._made: list[Path] = []

    def read(self) -> str | None:
        try:
            with self._files.open_input_stream(self._path) as file:
                return file.read().decode()
        except FileNotFoundError:
            return None

    def create(self, text: str) -> bool:
        """Whether it could be created; folders above it are made."""
        try:
            if not self.exclusive:
                if self.read() is not None:
                    return False
                self.write(text)
                return True
            self._made = [parent for parent in Path(self._path).parents if not parent.exists()]
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "x") as file:
                file.write(text)
        except FileExistsError:
            return False
        except OSError as error:
            reason = " ".join(str(error).split())
            raise InvalidStudy(f"--storage must take files, {self._path} cannot be written: {reason}") from None
        return True

    def write(self, text: str) -> None:
        if self.exclusive:
            part = Path(f"{self._path}.{os.getpid()}.part")
            part.write_text(text)
            part.replace(self._path)
            return
        with self._files.open_output_stream(self._path) as file:
            file.write(text.encode())

    def remove(self) -> None:
        """Removes it, and folders that were made for it and hold nothing else."""
        self._files.delete_file(self._path)
        with suppress(OSError):
            for folder in self._made:
                folder.rmdir()
