"""What the trials of a search have left in its folder, found again by configuration and seed."""

from dataclasses import replace

import pandas

from spectra_tune.design import Study, condition_signature
from spectra_tune.launching.block_store import ended_blocks, read_all, table_of
from spectra_tune.launching.configuration_batch import ConfigurationBatch


class KeptRows:
    """Rows of a search, whatever trials they came from: on another cluster these have more configurations, or fewer."""

    def __init__(self, study: Study, folder: str):
        self._signatures = [condition_signature(condition) for condition in study.conditions]
        kept = read_all(folder, sorted(ended_blocks(folder)))
        self._tables = [table for ended in kept.values() if len(table := table_of([ended], "runs"))]
        self.reasons = [ended.facts["reason"] for ended in kept.values() if "reason" in ended.facts]
        self._places: dict[tuple[str, str, int, int], tuple[int, int]] = {}
        for number, table in enumerate(self._tables):
            keys = zip(table["condition_signature"], table["arm"], table["configuration"], table["seed"], strict=True)
            self._places |= {key: (number, row) for row, key in enumerate(keys)}

    def of(self, batch: ConfigurationBatch) -> pandas.DataFrame:
        """The rows of those configurations of a batch that are kept with all its seeds."""
        rows: dict[int, list[int]] = {}
        for number in batch.values:
            places = [self._places.get(key) for key in self._keys(batch, number)]
            for place in places if None not in places else ():
                assert place is not None
                rows.setdefault(place[0], []).append(place[1])
        parts = [self._tables[table].iloc[of_table] for table, of_table in rows.items()]
        return pandas.concat(parts, ignore_index=True) if parts else pandas.DataFrame()

    def left(self, batch: ConfigurationBatch) -> ConfigurationBatch | None:
        """The batch without those; None where all are kept, or all repeat others."""
        values = {
            number: values
            for number, values in batch.values.items()
            if not all(key in self._places for key in self._keys(batch, number))
        }
        return replace(batch, values=values) if values else None

    def _keys(self, batch: ConfigurationBatch, number: int) -> list[tuple[str, str, int, int]]:
        return [(self._signatures[batch.stratum], batch.arm, number, seed) for seed in batch.seeds]
