"""CSV and Parquet files as tables whose index says where a row stands in its file."""

import csv
from pathlib import Path

import pandas

from spectra_tune.design import InvalidStudy

CSV, PARQUET = (".csv", ".tsv"), (".parquet", ".pq")

DELIMITERS = ",;\t"


def read_file(file: Path) -> pandas.DataFrame:
    """The file's table, of a CSV all cells as text: an arm called "None" or "1e-3" stays that."""
    kind = file.suffix.lower()
    if kind not in (*CSV, *PARQUET):
        raise InvalidStudy(f"FILE must be {', '.join((*CSV, *PARQUET))}, got {file}")
    if not file.is_file():
        raise InvalidStudy(f"FILE must exist, {file} {'is a folder' if file.is_dir() else 'does not'}")
    try:
        table = _csv(file) if kind in CSV else _parquet(file)
    except InvalidStudy:
        raise
    except (OSError, ValueError, csv.Error) as error:  # UnicodeDecodeError and pyarrow's are ValueErrors
        raise InvalidStudy(f"FILE must be a readable {kind} file, {file} is not: {error}") from None
    if table.empty:
        raise InvalidStudy(f"FILE must have rows, {file} has none")
    return table


def _csv(file: Path) -> pandas.DataFrame:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        lines.seek(0)
        reader = csv.reader(lines, delimiter=max(DELIMITERS, key=first.count), strict=True)
        heads: list[str] = next(reader, None) or []
        rows: list[list[str]] = []
        places: list[str] = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(heads):
                raise InvalidStudy(
                    f"each line of {file} must have the {len(heads)} cells of its first, line {reader.line_num} has "
                    f"{len(row)}"
                )
            rows.append(row)
            places.append(f"line {reader.line_num}")
    return pandas.DataFrame(rows, columns=heads, index=places, dtype=object)


def _parquet(file: Path) -> pandas.DataFrame:
    table = pandas.read_parquet(file)
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    return table.set_axis([f"row {number}" for number in range(1, len(table) + 1)])
