"""A study's tables as small files that stay: NAME.parquet with the runs, NAME.curves.parquet and NAME.figures.parquet.

Runs and the accuracies of curves are exact; the curves' other values have three digits and what is drawn has three
decimals, a boundary's probabilities two. Both name a run by its row in the run table.
"""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pyarrow
from pyarrow import parquet

from spectra_tune.design import InvalidStudy
from spectra_tune.design.outcome import PP
from spectra_tune.objectives import SPLIT_METRICS
from spectra_tune.results import Tables

STUDY, SIGNATURE = b"spectra_tune.study", b"spectra_tune.study_signature"
"""Keys of the run file's metadata."""

DECIMALS, DECIMALS_OF_BOUNDARIES = 3, 2

EXACT = frozenset(column for column, one in SPLIT_METRICS.items() if one.metric.unit == PP)
"""Metrics of curves that are kept to the bit: accuracies."""

MANTISSA_BITS = 10
"""Kept of curves' values that are no accuracies: to a threshold of accuracy they would matter."""

LEVEL = 19
"""Of zstd: slow to write, small, quick to read."""


def write(folder: Path, name: str, study_signature: str, tables: Tables) -> None:
    """Keeps a study's tables in a folder, which is made; files of that name are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = tables.runs.reset_index(drop=True)
    row_of = pandas.Series(range(len(runs)), index=runs["signature"])
    row_of = row_of[~row_of.index.duplicated()]
    about = {STUDY: name.encode(), SIGNATURE: study_signature.encode()}
    _write(_beside(folder, name, "runs"), runs, about)
    for part, table in (("curves", _coarse(tables.curves)), ("figures", _rounded(tables.figures))):
        rows = row_of.loc[table["signature"]].to_numpy(dtype=numpy.int32)
        small = table.assign(run=rows).drop(columns="signature")
        if part == "curves":
            small = small.astype({"epoch": numpy.int32}).sort_values(["metric", "epoch", "run"], kind="stable")
        _write(_beside(folder, name, part), small, {})


def _rounded(figures: pandas.DataFrame) -> pandas.DataFrame:
    """What is drawn, in fewer digits."""
    coarse = figures["value"].round(DECIMALS_OF_BOUNDARIES).where(figures["figure"] == "boundary", figures["value"])
    return figures.assign(value=coarse).round(DECIMALS)


def _coarse(curves: pandas.DataFrame) -> pandas.DataFrame:
    """The curves with fewer bits in values that are no accuracies."""
    bits = curves["value"].to_numpy(dtype=numpy.float64, copy=True).view(numpy.uint64)
    cut = 52 - MANTISSA_BITS
    rounded = (bits + numpy.uint64(1 << (cut - 1))) & ~numpy.uint64((1 << cut) - 1)
    exact = curves["metric"].isin(EXACT).to_numpy() | curves["value"].isna().to_numpy()
    return curves.assign(value=numpy.where(exact, bits, rounded).view(numpy.float64))


def read(file: Path) -> tuple[str, str, Tables]:
    """Name, signature and tables of a kept study, by its run file; what is missing or damaged is refused."""
    name = file.name.removesuffix(".parquet")
    about = _read(file).schema.metadata or {}
    if SIGNATURE not in about:
        raise InvalidStudy(f"--from must be the file of a kept study's runs, {file} is none: studies/results has some")
    runs = _read(file).to_pandas()
    parts = []
    for part in ("curves", "figures"):
        table = _read(_beside(file.parent, name, part)).to_pandas()
        signatures = runs["signature"].to_numpy()[table.pop("run").to_numpy()]
        table.insert(0, "signature", signatures)
        parts.append(table)
    return about[STUDY].decode(), about[SIGNATURE].decode(), Tables(runs, *parts)


def _beside(folder: Path, name: str, part: str) -> Path:
    return folder / (f"{name}.parquet" if part == "runs" else f"{name}.{part}.parquet")


def _write(file: Path, table: pandas.DataFrame, about: dict[bytes, bytes]) -> None:
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata((arrow.schema.metadata or {}) | about)
    half = file.with_name(f"{file.name}.part")
    compressed: dict[str, Any] = {"compression": "zstd", "compression_level": LEVEL}
    if "epoch" in table:
        compressed |= {"use_byte_stream_split": ["value"], "use_dictionary": ["run", "epoch", "metric"]}
    parquet.write_table(arrow, half, **compressed)
    half.replace(file)


def _read(file: Path) -> pyarrow.Table:
    try:
        return parquet.read_table(file)
    except FileNotFoundError:
        raise InvalidStudy(f"a kept study has runs, curves and figures beside each other, {file} is absent") from None
    except (OSError, pyarrow.ArrowInvalid) as error:
        reason = " ".join(str(error).split())
        raise InvalidStudy(f"--from must be a Parquet file that spectra-tune kept, {file} is none: {reason}") from None
